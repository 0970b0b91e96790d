// The methods of Python's list, tuple and dict that templates call, and the look-up of any method.
#include "harness/text/jinja_methods.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/text/jinja_interpreter.h"
#include "harness/text/jinja_ops.h"

namespace samebits::jinja {

int64_t integer_argument(const Value& v, std::string_view what) {
  if (v.is(Kind::undefined)) fail_undefined(v.text());
  if (!v.is_integral()) fail(fmt::format("{}: an integer is needed, not {}", what, type_name(v)));
  return v.as_integer();
}

const std::string& string_argument(const Value& v, std::string_view what) {
  if (v.is(Kind::undefined)) fail_undefined(v.text());
  if (!v.is(Kind::string)) fail(fmt::format("{}: a string is needed, not {}", what, type_name(v)));
  return v.text();
}

namespace {

// ---- list and tuple ----

Value index_of_item(Interpreter& i, const Value& list, const Args& args) {
  const Value& wanted = *args.bind("index", {"value"}, 1)[0];
  const Values items = iterate(i.runtime(), list);
  for (size_t n = 0; n < items.size(); ++n)
    if (equal(i.runtime(), items[n], wanted)) return Value::integer(static_cast<int64_t>(n));
  fail(fmt::format("{} is not in {}", repr(i.runtime(), wanted), type_name(list)));
}

Value count_item(Interpreter& i, const Value& list, const Args& args) {
  const Value& wanted = *args.bind("count", {"value"}, 1)[0];
  int64_t n = 0;
  for (const Value& item : iterate(i.runtime(), list)) n += equal(i.runtime(), item, wanted) ? 1 : 0;
  return Value::integer(n);
}

Value append(Interpreter& i, const Value& list, const Args& args) {
  const Value item = *args.bind("append", {"item"}, 1)[0];
  i.runtime().track(list);
  list.items().push_back(item);
  return Value();
}

Value extend(Interpreter& i, const Value& list, const Args& args) {
  Values more = iterate(i.runtime(), *args.bind("extend", {"iterable"}, 1)[0]);
  i.runtime().track(list);
  list.items().insert(list.items().end(), more.begin(), more.end());
  return Value();
}

Value insert(Interpreter& i, const Value& list, const Args& args) {
  const auto bound = args.bind("insert", {"index", "item"}, 2);
  const auto n = static_cast<int64_t>(list.items().size());
  int64_t at = integer_argument(*bound[0], "index");
  at = std::clamp<int64_t>(at < 0 ? at + n : at, 0, n);
  i.runtime().track(list);
  i.runtime().charge(static_cast<uint64_t>(n));
  list.items().insert(list.items().begin() + at, Value(*bound[1]));
  return Value();
}

Value pop_item(Interpreter& i, const Value& list, const Args& args) {
  const auto bound = args.bind("pop", {"index"});
  const auto n = static_cast<int64_t>(list.items().size());
  int64_t at = bound[0] ? integer_argument(*bound[0], "index") : -1;
  at += at < 0 ? n : 0;
  if (at < 0 || at >= n) fail("pop index out of range");
  i.runtime().charge(static_cast<uint64_t>(n - at));
  const Value item = list.items()[static_cast<size_t>(at)];
  list.items().erase(list.items().begin() + at);
  return item;
}

Value reverse(Interpreter& i, const Value& list, const Args& args) {
  args.bind("reverse", {});
  i.runtime().charge(list.items().size());
  std::reverse(list.items().begin(), list.items().end());
  return Value();
}

Value copy_list(Interpreter& i, const Value& list, const Args& args) {
  args.bind("copy", {});
  return Value::list(iterate(i.runtime(), list));
}

const Methods kTupleMethods{{"index", index_of_item}, {"count", count_item}};
const Methods kListMethods{
    {"index", index_of_item}, {"count", count_item}, {"copy", copy_list}, {"append", append},
    {"extend", extend},       {"insert", insert},    {"pop", pop_item},   {"reverse", reverse},
};

// ---- dict ----

Value dict_get(Interpreter&, const Value& dict, const Args& args) {
  const auto bound = args.bind("get", {"key", "default"}, 1);
  if (const Value* found = dict.get<Dict>().find(*bound[0])) return *found;
  return bound[1] ? *bound[1] : Value();
}

// keys(), values(), items(): snapshots that print as Python's views.
template <bool with_keys, bool with_values>
Value dict_view(Interpreter& i, const Value& dict, const Args& args) {
  args.bind("view", {});
  Values out;
  for (const auto& [key, value] : dict.get<Dict>().entries)
    out.push_back(with_keys && with_values ? Value::tuple({key, value}) : with_keys ? key : value);
  i.runtime().charge(out.size());
  return Value::view(with_keys && with_values ? "dict_items" : with_keys ? "dict_keys" : "dict_values", std::move(out));
}

Value copy_dict(Interpreter& i, const Value& dict, const Args& args) {
  args.bind("copy", {});
  auto copy = std::make_shared<Dict>();
  for (const auto& [key, value] : dict.get<Dict>().entries) copy->set(key, value);
  i.runtime().charge(copy->entries.size());
  return Value::object(Kind::dict, std::move(copy));
}

Value update(Interpreter& i, const Value& dict, const Args& args) {
  i.runtime().track(dict);
  const Args copy = args;
  if (copy.positional.size() > 1) fail("update expected at most 1 argument");
  if (!copy.positional.empty()) {
    if (!copy.positional[0].is(Kind::dict)) fail("update is supported for mappings only");
    const auto entries = copy.positional[0].get<Dict>().entries;
    i.runtime().charge(entries.size());
    for (const auto& [key, value] : entries) dict.get<Dict>().set(key, value);
  }
  for (const auto& [name, value] : copy.named) dict.get<Dict>().set(Value::string(name), value);
  return Value();
}

Value setdefault(Interpreter& i, const Value& dict, const Args& args) {
  const auto bound = args.bind("setdefault", {"key", "default"}, 1);
  if (const Value* found = dict.get<Dict>().find(*bound[0])) return *found;
  i.runtime().track(dict);
  const Value value = bound[1] ? *bound[1] : Value();
  dict.get<Dict>().set(*bound[0], value);
  return value;
}

// dict.pop: without a default a missing key is Python's KeyError.
Value pop_key(Interpreter& i, const Value& dict, const Args& args) {
  const auto bound = args.bind("pop", {"key", "default"}, 1);
  const Value* found = dict.get<Dict>().find(*bound[0]);
  if (!found && !bound[1]) fail(fmt::format("no key {} to pop", repr(i.runtime(), *bound[0])));
  if (!found) return *bound[1];
  const Value value = *found;
  i.runtime().charge(dict.get<Dict>().entries.size());
  dict.get<Dict>().erase(*bound[0]);
  return value;
}

const Methods kDictMethods{
    {"get", dict_get},
    {"items", dict_view<true, true>},
    {"keys", dict_view<true, false>},
    {"values", dict_view<false, true>},
    {"copy", copy_dict},
    {"update", update},
    {"setdefault", setdefault},
    {"pop", pop_key},
};

// What transformers' ImmutableSandboxedEnvironment refuses.
bool changes_in_place(const Value& object, std::string_view name) {
  if (object.is(Kind::list))
    return name == "append" || name == "extend" || name == "insert" || name == "pop" || name == "reverse";
  return object.is(Kind::dict) && (name == "update" || name == "setdefault" || name == "pop");
}

}  // namespace

std::optional<Value> method(Runtime& rt, const Value& object, std::string_view name) {
  const auto* methods = object.is(Kind::string)  ? &text_methods()
                        : object.is(Kind::list)  ? &kListMethods
                        : object.is(Kind::tuple) ? &kTupleMethods
                        : object.is(Kind::dict)  ? &kDictMethods
                                                 : nullptr;
  if (!methods) return std::nullopt;
  const auto found = methods->find(name);
  if (found == methods->end()) return std::nullopt;
  // As transformers: a chat template may not change what it was given.
  if (rt.dialect == Dialect::chat && changes_in_place(object, name))
    return Value::undefined(fmt::format("access to attribute '{}' of '{}' object is unsafe.", name, type_name(object)));
  return make_callable(std::string(name), [object, call = found->second](Interpreter& i, const Args& args) {
    if (object.is(Kind::string)) i.runtime().charge_bytes(object.text().size());
    return call(i, object, args);
  });
}

}  // namespace samebits::jinja
