// Construction and release of values, dicts, call arguments, and what JSON becomes.
#include "harness/text/jinja_value.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/core/error.h"
#include "harness/core/utf8.h"
#include "harness/text/jinja_ops.h"

namespace samebits::jinja {
namespace {

constexpr size_t kIndexFrom = 16;  // entries; below it a linear search is faster

Value make(Kind kind, std::shared_ptr<Object> object) { return Value::object(kind, std::move(object)); }

// Rank of hashable kinds; keys of different rank are never equal.
int key_rank(const Value& key) {
  switch (key.kind()) {
    case Kind::none:
      return 0;
    // one key in Python: True == 1 == 1.0
    case Kind::boolean:
    case Kind::integer:
    case Kind::real:
      return 1;
    case Kind::string:
      return 2;
    case Kind::tuple:
      return 3;
    default:
      fail(fmt::format("unhashable type: '{}'", type_name(key)));
  }
}

// A total order of hashable values, so that a map can index them: None, numbers, strings, tuples.
int compare_keys(const Value& a, const Value& b, int depth = 0) {
  if (depth > kMaxValueDepth) fail_limit("a dict key is nested too deeply");
  const int rank = key_rank(a);
  if (rank != key_rank(b)) return rank < key_rank(b) ? -1 : 1;
  if (rank == 0) return 0;
  if (rank == 1) return compare_numbers(a, b);
  if (rank == 2) return a.text().compare(b.text());
  const Values &x = a.items(), &y = b.items();
  for (size_t i = 0; i < x.size() && i < y.size(); ++i)
    if (const int order = compare_keys(x[i], y[i], depth + 1); order != 0) return order;
  return x.size() == y.size() ? 0 : x.size() < y.size() ? -1 : 1;
}

}  // namespace

void fail(std::string what) { throw Failure{"E0316", std::move(what)}; }
void fail_undefined(std::string what) { throw Failure{"E0311", std::move(what)}; }
void fail_limit(std::string what) { throw Failure{"E0312", std::move(what)}; }

void Runtime::charge(uint64_t steps) {
  // Compared before it is subtracted: a huge charge must not wrap.
  if (steps > steps_left) fail_limit("the template needs more work than one prompt may cost");
  steps_left -= steps;
}

// Only a container that was changed in place can come to hold itself; the others are freed by counting alone.
void Runtime::track(const Value& container) {
  bool& tracked = container.is(Kind::list) ? container.get<Items>().tracked : container.get<Dict>().tracked;
  if (!std::exchange(tracked, true)) changed_.push_back(container.shared());
}

Runtime::~Runtime() {
  for (const auto& object : changed_) {
    if (auto* items = dynamic_cast<Items*>(object.get())) release(items->items);
    if (auto* dict = dynamic_cast<Dict*>(object.get())) dict->clear();
  }
}

// jinja2.StrictUndefined refuses to be printed, tested or iterated; a lenient value (its markup flag) and those of
// chat templates do not.
bool Runtime::refuses(const Value& v) const {
  return v.is(Kind::undefined) && dialect == Dialect::lm_eval && !v.get<Text>().markup;
}

Value Value::undefined(std::string message, bool lenient) {
  return make(Kind::undefined, std::make_shared<Text>(std::move(message), lenient));
}
Value Value::boolean(bool b) {
  Value v;
  v.kind_ = Kind::boolean;
  v.scalar_.integer = b ? 1 : 0;
  return v;
}
Value Value::integer(int64_t i) {
  Value v;
  v.kind_ = Kind::integer;
  v.scalar_.integer = i;
  return v;
}
Value Value::real(double d) {
  Value v;
  v.kind_ = Kind::real;
  v.scalar_.real = d;
  return v;
}
Value Value::string(std::string s, bool markup) {
  return make(Kind::string, std::make_shared<Text>(std::move(s), markup));
}
Value Value::list(Values items) { return make(Kind::list, std::make_shared<Items>(std::move(items))); }
Value Value::tuple(Values items) { return make(Kind::tuple, std::make_shared<Items>(std::move(items))); }
Value Value::generator(Values items) { return make(Kind::generator, std::make_shared<Items>(std::move(items))); }
Value Value::view(const char* name, Values items) {
  return make(Kind::view, std::make_shared<Items>(std::move(items), name));
}
Value Value::object(Kind kind, std::shared_ptr<Object> object) {
  Value v;
  v.kind_ = kind;
  v.object_ = std::move(object);
  return v;
}

const std::string& Value::text() const { return get<Text>().text; }
bool Value::is_markup() const { return kind_ == Kind::string && get<Text>().markup; }
Values& Value::items() const { return get<Items>().items; }

// A destructor that recursed would overflow the stack on [[[[…]]]] of a hundred thousand levels.
void release(Values& items) {
  Values pending = std::move(items);
  items.clear();
  while (!pending.empty()) {
    const Value last = std::move(pending.back());
    pending.pop_back();
    if (!last.shared() || last.shared().use_count() != 1) continue;
    if (last.is(Kind::list) || last.is(Kind::tuple) || last.is(Kind::view) || last.is(Kind::generator)) {
      for (Value& item : last.items()) pending.push_back(std::move(item));
      last.items().clear();
    } else if (last.is(Kind::dict) || last.is(Kind::name_space)) {
      for (auto& [key, value] : last.get<Dict>().entries) pending.push_back(std::move(value));
      last.get<Dict>().entries.clear();
    }
  }
}

// As CPython's range.__len__.
int64_t Range::size() const {
  if (step > 0) return start < stop ? (stop - start - 1) / step + 1 : 0;
  return start > stop ? (start - stop - 1) / -step + 1 : 0;
}

Dict::~Dict() { clear(); }

void Dict::clear() {
  Values values;
  for (auto& [key, value] : std::exchange(entries, {})) values.push_back(std::move(value));
  index_.reset();
  release(values);
}

bool Dict::KeyLess::operator()(const Value& a, const Value& b) const { return compare_keys(a, b) < 0; }

// Linear in small dicts. The index is built once a dict has grown, and dropped when an entry goes.
size_t Dict::position(const Value& key) const {
  key_rank(key);  // refuses unhashable keys of empty dicts too
  if (entries.size() < kIndexFrom) {
    size_t i = 0;
    while (i < entries.size() && compare_keys(entries[i].first, key) != 0) ++i;
    return i;
  }
  if (!index_) {
    index_ = std::make_unique<std::map<Value, size_t, KeyLess>>();
    for (size_t i = 0; i < entries.size(); ++i) index_->emplace(entries[i].first, i);
  }
  const auto found = index_->find(key);
  return found == index_->end() ? entries.size() : found->second;
}

const Value* Dict::find(const Value& key) const {
  const size_t i = position(key);
  return i < entries.size() ? &entries[i].second : nullptr;
}

// Without making a Value of the key: attributes of messages are looked up all the time.
const Value* Dict::find(std::string_view key) const {
  if (entries.size() >= kIndexFrom) return find(Value::string(std::string(key)));
  for (const auto& [k, value] : entries)
    if (k.is(Kind::string) && k.text() == key) return &value;
  return nullptr;
}

void Dict::set(const Value& key, Value value) {
  const size_t i = position(key);
  if (i < entries.size()) {
    entries[i].second = std::move(value);
    return;
  }
  if (index_) index_->emplace(key, entries.size());
  entries.emplace_back(key, std::move(value));
}

bool Dict::erase(const Value& key) {
  const size_t i = position(key);
  if (i == entries.size()) return false;
  entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(i));
  index_.reset();
  return true;
}

// Messages as CPython words them. nullptr: not given.
std::vector<const Value*> Args::bind(std::string_view function, std::initializer_list<std::string_view> names,
                                     size_t n_required) const {
  if (positional.size() > names.size())
    fail(fmt::format("{}() takes at most {} arguments, {} given", function, names.size(), positional.size()));
  std::vector<const Value*> bound(names.size(), nullptr);
  for (size_t i = 0; i < positional.size(); ++i) bound[i] = &positional[i];
  for (const auto& [name, value] : named) {
    size_t i = 0;
    while (i < names.size() && names.begin()[i] != name) ++i;
    if (i == names.size()) fail(fmt::format("{}() got an unexpected keyword argument '{}'", function, name));
    if (bound[i]) fail(fmt::format("{}() got multiple values for argument '{}'", function, name));
    bound[i] = &value;
  }
  for (size_t i = 0; i < n_required; ++i)
    if (!bound[i]) fail(fmt::format("{}() is missing its argument '{}'", function, names.begin()[i]));
  return bound;
}

Value from_json(Runtime& rt, const nlohmann::ordered_json& json, int depth) {
  if (depth > kMaxValueDepth) fail_limit("a variable is nested too deeply");
  rt.charge(1);
  switch (json.type()) {
    case nlohmann::json::value_t::boolean:
      return Value::boolean(json.get<bool>());
    case nlohmann::json::value_t::number_integer:
      return Value::integer(json.get<int64_t>());
    case nlohmann::json::value_t::number_unsigned: {
      const uint64_t u = json.get<uint64_t>();
      if (u > INT64_MAX) fail_limit("an integer variable is beyond 64 bits");
      return Value::integer(static_cast<int64_t>(u));
    }
    case nlohmann::json::value_t::number_float:
      return Value::real(json.get<double>());
    case nlohmann::json::value_t::string: {
      const auto& s = json.get_ref<const std::string&>();
      if (!is_valid_utf8(s)) fail("a variable holds text that is not UTF-8");
      rt.charge_bytes(s.size());
      return Value::string(s);
    }
    case nlohmann::json::value_t::array: {
      Values items;
      items.reserve(json.size());
      for (const auto& item : json) items.push_back(from_json(rt, item, depth + 1));
      return Value::list(std::move(items));
    }
    case nlohmann::json::value_t::object: {
      auto dict = std::make_shared<Dict>();
      for (const auto& [key, value] : json.items()) {
        if (!is_valid_utf8(key)) fail("a variable holds a key that is not UTF-8");
        dict->set(Value::string(key), from_json(rt, value, depth + 1));
      }
      return Value::object(Kind::dict, std::move(dict));
    }
    case nlohmann::json::value_t::null:
      return Value();
    default:
      // nlohmann's binary and discarded values: no JSON text makes them
      fail("a variable holds bytes that are not text");
  }
}

// type(v).__name__, for messages.
std::string type_name(const Value& v) {
  switch (v.kind()) {
    case Kind::undefined:
      return "Undefined";
    case Kind::none:
      return "NoneType";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
      return "int";
    case Kind::real:
      return "float";
    case Kind::string:
      return v.is_markup() ? "Markup" : "str";
    case Kind::list:
      return "list";
    case Kind::tuple:
      return "tuple";
    case Kind::view:
      return v.get<Items>().view_name;
    case Kind::dict:
      return "dict";
    case Kind::range:
      return "range";
    case Kind::generator:
      return "generator";
    case Kind::name_space:
      return "Namespace";
    case Kind::callable:
      return "function";
    case Kind::loop:
      return "LoopContext";
  }
  return "object";
}

}  // namespace samebits::jinja
