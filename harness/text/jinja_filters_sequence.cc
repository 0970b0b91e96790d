// Filters of lists, mappings and other iterables.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "harness/text/jinja_filters.h"
#include "harness/text/jinja_interpreter.h"
#include "harness/text/python_text.h"

namespace samebits::jinja {
namespace {

Value flag_or(const Value* given, bool otherwise) { return given ? *given : Value::boolean(otherwise); }

int64_t whole_number(std::string_view digits) {
  int64_t n = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), n);
  return n;
}

// "a.b.0": a path of keys; an integer is a path of one.
Value follow(Runtime& rt, Value item, const Value& path, const Value* otherwise = nullptr) {
  std::vector<Value> parts;
  if (path.is(Kind::string)) {
    for (const std::string& part : py_split(path.text(), ".")) {
      const bool digits =
          !part.empty() && part.size() < 19 && part.find_first_not_of("0123456789") == std::string::npos;
      parts.push_back(digits ? Value::integer(whole_number(part)) : Value::string(part));
    }
  } else if (!path.is(Kind::none)) {
    parts.push_back(path);
  }
  for (const Value& part : parts) {
    item = get_item(rt, item, part);
    if (otherwise && !otherwise->is(Kind::none) && item.is(Kind::undefined)) item = *otherwise;
  }
  return item;
}

// Sorting and uniqueness ignore case unless asked otherwise.
Value folded(const Value& v, bool case_sensitive) {
  return !case_sensitive && v.is(Kind::string) ? Value::string(py_lower(v.text())) : v;
}

// sorted(items, key=…, reverse=…): stable, also in reverse.
Values sorted_by(Runtime& rt, const Values& items, const Values& keys, bool reverse) {
  std::vector<size_t> order(items.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (size_t i = 1; i < keys.size(); ++i) less(rt, keys[i - 1], keys[i]);  // fails before the sort, not inside it
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return reverse ? less(rt, keys[b], keys[a]) : less(rt, keys[a], keys[b]);
  });
  Values out;
  out.reserve(items.size());
  for (const size_t i : order) out.push_back(items[i]);
  return out;
}

// A generator has no length, as in Python.
Value length_of(Interpreter& i, const Value& v, const Args& args) {
  args.bind("length", {});
  if (v.is(Kind::string)) i.runtime().charge_bytes(v.text().size());
  const auto n = length(i.runtime(), v);
  if (!n) fail(fmt::format("object of type '{}' has no len()", type_name(v)));
  return Value::integer(*n);
}

Value to_list(Interpreter& i, const Value& v, const Args& args) {
  args.bind("list", {});
  return Value::list(iterate(i.runtime(), v));
}

Value first(Interpreter& i, const Value& v, const Args& args) {
  args.bind("first", {});
  if (v.is(Kind::generator) && !v.items().empty()) {  // takes one and leaves the rest
    const Value item = v.items().front();
    v.items().erase(v.items().begin());
    return item;
  }
  const Values items = iterate(i.runtime(), v);
  return items.empty() ? Value::undefined("No first item, sequence was empty.") : items.front();
}

Value last(Interpreter& i, const Value& v, const Args& args) {
  args.bind("last", {});
  if (v.is(Kind::generator)) fail("'generator' object is not reversible");
  const Values items = iterate(i.runtime(), v);
  return items.empty() ? Value::undefined("No last item, sequence was empty.") : items.back();
}

Value join(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("join", {"d", "attribute"});
  Runtime& rt = i.runtime();
  const std::string delimiter = bound[0] ? to_text(rt, *bound[0]) : "";
  std::string out;
  bool started = false;
  for (const Value& item : iterate(rt, v)) {
    if (std::exchange(started, true)) out += delimiter;
    out += to_text(rt, bound[1] && !bound[1]->is(Kind::none) ? follow(rt, item, *bound[1]) : item);
    rt.charge_bytes(delimiter.size());
  }
  return Value::string(std::move(out));
}

Value reverse(Interpreter& i, const Value& v, const Args& args) {
  args.bind("reverse", {});
  if (v.is(Kind::generator)) fail("argument must be iterable and reversible");
  Values items = iterate(i.runtime(), v);
  std::reverse(items.begin(), items.end());
  if (!v.is(Kind::string)) return Value::generator(std::move(items));
  std::string out;
  for (const Value& c : items) out += c.text();
  return Value::string(std::move(out), v.is_markup());
}

// map(attribute=…) or map("filter", arguments …). An undefined or empty input gives nothing.
Value map_items(Interpreter& i, const Value& v, const Args& args) {
  Runtime& rt = i.runtime();
  Values out;
  if (!truthy(rt, v)) return Value::generator({});
  if (args.positional.empty()) {
    const auto bound = args.bind("map", {"attribute", "default"}, 1);
    for (const Value& item : iterate(rt, v)) out.push_back(follow(rt, item, *bound[0], bound[1]));
    return Value::generator(std::move(out));
  }
  const Args rest{Values(args.positional.begin() + 1, args.positional.end()), args.named};
  const std::string& name = string_argument(args.positional[0], "filter");
  for (const Value& item : iterate(rt, v)) out.push_back(i.apply_filter(name, item, rest));
  return Value::generator(std::move(out));
}

// select, reject and their attr forms: the items whose test is `wanted`.
Value choose(Interpreter& i, const Value& v, const Args& args, bool by_attribute, bool wanted) {
  Runtime& rt = i.runtime();
  if (!truthy(rt, v)) return Value::generator({});
  const size_t skip = by_attribute ? 1 : 0;
  if (args.positional.size() < skip) fail("missing parameter for attribute name");
  Args rest{{}, args.named};
  if (args.positional.size() > skip)
    rest.positional.assign(args.positional.begin() + static_cast<std::ptrdiff_t>(skip) + 1, args.positional.end());
  Values out;
  for (const Value& item : iterate(rt, v)) {
    const Value tested = by_attribute ? follow(rt, item, args.positional[0]) : item;
    const bool yes = args.positional.size() > skip
                         ? i.apply_test(string_argument(args.positional[skip], "test"), tested, rest)
                         : truthy(rt, tested);
    if (yes == wanted) out.push_back(item);
  }
  return Value::generator(std::move(out));
}
Value select(Interpreter& i, const Value& v, const Args& args) { return choose(i, v, args, false, true); }
Value reject(Interpreter& i, const Value& v, const Args& args) { return choose(i, v, args, false, false); }
Value selectattr(Interpreter& i, const Value& v, const Args& args) { return choose(i, v, args, true, true); }
Value rejectattr(Interpreter& i, const Value& v, const Args& args) { return choose(i, v, args, true, false); }

// `attribute` may name several, "a,b": compared in this order.
Value sort(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("sort", {"reverse", "case_sensitive", "attribute"});
  Runtime& rt = i.runtime();
  const bool case_sensitive = truthy(rt, flag_or(bound[1], false));
  const Values items = iterate(rt, v);
  Values paths{bound[2] ? *bound[2] : Value()}, keys;
  if (paths[0].is(Kind::string)) {
    Values several;
    for (const std::string& path : py_split(paths[0].text(), ",")) several.push_back(Value::string(path));
    paths = std::move(several);
  }
  for (const Value& item : items) {
    Values key;
    for (const Value& path : paths) key.push_back(folded(follow(rt, item, path), case_sensitive));
    keys.push_back(Value::list(std::move(key)));
  }
  return Value::list(sorted_by(rt, items, keys, truthy(rt, flag_or(bound[0], false))));
}

Value dictsort(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("dictsort", {"case_sensitive", "by", "reverse"});
  Runtime& rt = i.runtime();
  const std::string by = bound[1] ? string_argument(*bound[1], "by") : "key";
  if (by != "key" && by != "value") fail("dictsort: by must be \"key\" or \"value\"");
  if (v.is(Kind::undefined)) fail_undefined(v.text());
  if (!v.is(Kind::dict)) fail(fmt::format("dictsort needs a mapping, not {}", type_name(v)));
  const bool case_sensitive = truthy(rt, flag_or(bound[0], false));
  Values items, keys;
  for (const auto& [key, value] : v.get<Dict>().entries) {
    items.push_back(Value::tuple({key, value}));
    keys.push_back(folded(by == "key" ? key : value, case_sensitive));
  }
  return Value::list(sorted_by(rt, items, keys, truthy(rt, flag_or(bound[2], false))));
}

Value unique(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("unique", {"case_sensitive", "attribute"});
  Runtime& rt = i.runtime();
  const bool case_sensitive = truthy(rt, flag_or(bound[0], false));
  Dict seen;
  Values out;
  for (const Value& item : iterate(rt, v)) {
    const Value key = folded(bound[1] ? follow(rt, item, *bound[1]) : item, case_sensitive);
    if (seen.find(key)) continue;
    seen.set(key, Value());
    out.push_back(item);
  }
  return Value::generator(std::move(out));
}

// The first of equal extremes, as Python's min and max.
Value extreme(Interpreter& i, const Value& v, const Args& args, const char* name, bool largest) {
  const auto bound = args.bind(name, {"case_sensitive", "attribute"});
  Runtime& rt = i.runtime();
  const bool case_sensitive = truthy(rt, flag_or(bound[0], false));
  const auto key = [&](const Value& item) {
    return folded(bound[1] ? follow(rt, item, *bound[1]) : item, case_sensitive);
  };
  const Values items = iterate(rt, v);
  if (items.empty()) return Value::undefined("No aggregated item, sequence was empty.");
  Value best = items[0], best_key = key(best);
  for (size_t n = 1; n < items.size(); ++n) {
    const Value k = key(items[n]);
    if (!(largest ? less(rt, best_key, k) : less(rt, k, best_key))) continue;
    best = items[n];
    best_key = k;
  }
  return best;
}
Value minimum(Interpreter& i, const Value& v, const Args& args) { return extreme(i, v, args, "min", false); }
Value maximum(Interpreter& i, const Value& v, const Args& args) { return extreme(i, v, args, "max", true); }

Value sum(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("sum", {"attribute", "start"});
  Runtime& rt = i.runtime();
  Value total = bound[1] ? *bound[1] : Value::integer(0);
  if (total.is(Kind::string)) fail("sum() can't sum strings, use join");
  for (const Value& item : iterate(rt, v))
    total = arithmetic(rt, Op::add, total, bound[0] && !bound[0]->is(Kind::none) ? follow(rt, item, *bound[0]) : item);
  return total;
}

Value items(Interpreter& i, const Value& v, const Args& args) {
  args.bind("items", {});
  if (v.is(Kind::undefined)) return Value::generator({});
  if (!v.is(Kind::dict)) fail("can only get item pairs from a mapping");
  Values out;
  for (const auto& [key, value] : v.get<Dict>().entries) out.push_back(Value::tuple({key, value}));
  i.runtime().charge(out.size());
  return Value::generator(std::move(out));
}

// Rows of `linecount` items; the last one is filled up where a filler is given.
Value batch(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("batch", {"linecount", "fill_with"}, 1);
  const int64_t width = integer_argument(*bound[0], "linecount");
  if (width < 1) fail("batch needs a positive number of items");
  Values out, row;
  for (const Value& item : iterate(i.runtime(), v)) {
    if (static_cast<int64_t>(row.size()) == width) out.push_back(Value::list(std::exchange(row, {})));
    row.push_back(item);
  }
  if (!row.empty()) {
    if (bound[1] && !bound[1]->is(Kind::none)) {
      i.runtime().charge(static_cast<uint64_t>(width));
      row.resize(static_cast<size_t>(width), *bound[1]);
    }
    out.push_back(Value::list(std::move(row)));
  }
  return Value::generator(std::move(out));
}

// `slices` columns whose lengths differ by at most one, the longer ones first.
Value slices(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("slice", {"slices", "fill_with"}, 1);
  const int64_t n = integer_argument(*bound[0], "slices");
  if (n < 1) fail("slice needs a positive number of slices");
  i.runtime().charge(static_cast<uint64_t>(n));
  const Values all = iterate(i.runtime(), v);
  const auto count = static_cast<size_t>(n), size = all.size() / count, longer = all.size() % count;
  Values out;
  for (size_t s = 0, at = 0; s < count; ++s) {
    const size_t end = at + size + (s < longer ? 1 : 0);
    Values part(all.begin() + static_cast<std::ptrdiff_t>(at), all.begin() + static_cast<std::ptrdiff_t>(end));
    if (bound[1] && !bound[1]->is(Kind::none) && s >= longer) part.push_back(*bound[1]);
    out.push_back(Value::list(std::move(part)));
    at = end;
  }
  return Value::generator(std::move(out));
}

// Sorted by the attribute, then one (value, items) pair a run of equal ones, with the first item's spelling.
Value groupby(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("groupby", {"attribute", "default", "case_sensitive"}, 1);
  Runtime& rt = i.runtime();
  const bool case_sensitive = truthy(rt, flag_or(bound[2], false));
  const auto plain = [&](const Value& item) { return follow(rt, item, *bound[0], bound[1]); };
  const Values unsorted = iterate(rt, v);
  Values keys;
  for (const Value& item : unsorted) keys.push_back(folded(plain(item), case_sensitive));
  Values out, group;
  Value group_key;
  const auto flush = [&] {
    if (!group.empty()) out.push_back(Value::tuple({plain(group[0]), Value::list(group)}));
    group.clear();
  };
  for (const Value& item : sorted_by(rt, unsorted, keys, false)) {
    const Value key = folded(plain(item), case_sensitive);
    if (!group.empty() && !equal(rt, key, group_key)) flush();
    group_key = key;
    group.push_back(item);
  }
  flush();
  return Value::list(std::move(out));
}

}  // namespace

const std::vector<NamedFilter>& sequence_filters() {
  static const std::vector<NamedFilter> filters{
      {"length", length_of}, {"count", length_of},   {"list", to_list},          {"first", first},
      {"last", last},        {"join", join},         {"reverse", reverse},       {"map", map_items},
      {"select", select},    {"reject", reject},     {"selectattr", selectattr}, {"rejectattr", rejectattr},
      {"sort", sort},        {"dictsort", dictsort}, {"unique", unique},         {"min", minimum},
      {"max", maximum},      {"sum", sum},           {"items", items},           {"batch", batch},
      {"slice", slices},     {"groupby", groupby},
  };
  return filters;
}

}  // namespace samebits::jinja
