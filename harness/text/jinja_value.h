// The values that a template computes with: Python's, as far as prompts need them.
//
// Integers have 64 bits (an overflow is an error, never a wrap). Strings are valid UTF-8 and count code points.
// Containers are shared by reference, as in Python. Nothing here is part of the public interface.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/text/jinja.h"

namespace samebits::jinja {

// What went wrong inside a template; render() adds the place and throws it as an Error.
struct Failure {
  std::string_view code;
  std::string what;
};
[[noreturn]] void fail(std::string what);            // E0316, what Python calls TypeError or ValueError
[[noreturn]] void fail_undefined(std::string what);  // E0311
[[noreturn]] void fail_limit(std::string what);      // E0312

// One render: its dialect and the work that is left. One step is one evaluated node, one element or 16 bytes.
class Value;
struct Object;
using Values = std::vector<Value>;

struct Runtime {
  ~Runtime();
  Dialect dialect = Dialect::lm_eval;
  uint64_t steps_left = 0;

  bool refuses(const Value&) const;  // an undefined that may not even be printed (StrictUndefined)
  void charge(uint64_t steps);
  void charge_bytes(uint64_t bytes) { charge(bytes / 16 + 1); }
  void track(const Value& container);  // must be called before a container is changed in place

 private:
  std::vector<std::shared_ptr<Object>> changed_;  // may hold themselves: emptied when the render ends
};

inline constexpr int kMaxValueDepth = 200;  // of nested containers, where they are walked

enum class Kind : uint8_t {
  undefined,
  none,
  boolean,
  integer,
  real,
  string,
  list,
  tuple,
  view,
  dict,
  range,
  generator,
  name_space,
  callable,
  loop
};

struct Object {
  virtual ~Object() = default;
};

class Value {
 public:
  Value() = default;  // None
  // `lenient`: also where undefined values are refused (Jinja2's inline if without else).
  static Value undefined(std::string message, bool lenient = false);
  static Value boolean(bool);
  static Value integer(int64_t);
  static Value real(double);
  static Value string(std::string, bool markup = false);
  static Value list(Values);
  static Value tuple(Values);
  static Value generator(Values);               // can be iterated once
  static Value view(const char* name, Values);  // dict_keys, dict_values, dict_items
  static Value object(Kind, std::shared_ptr<Object>);

  Kind kind() const { return kind_; }
  bool is(Kind k) const { return kind_ == k; }
  bool is_integral() const { return kind_ == Kind::integer || kind_ == Kind::boolean; }
  bool is_number() const { return is_integral() || kind_ == Kind::real; }

  bool as_boolean() const { return scalar_.integer != 0; }
  int64_t as_integer() const { return scalar_.integer; }  // booleans too
  double as_real() const { return kind_ == Kind::real ? scalar_.real : static_cast<double>(scalar_.integer); }
  const std::string& text() const;  // a string's, or the message of an undefined
  bool is_markup() const;
  Values& items() const;  // list, tuple, view, generator

  template <class T>
  T& get() const {
    return static_cast<T&>(*object_);
  }
  const std::shared_ptr<Object>& shared() const { return object_; }
  bool same_object(const Value& other) const { return kind_ == other.kind_ && object_ == other.object_; }

 private:
  Kind kind_ = Kind::none;
  union {
    int64_t integer = 0;
    double real;
  } scalar_;
  std::shared_ptr<Object> object_;
};

struct Text : Object {
  explicit Text(std::string t, bool m) : text(std::move(t)), markup(m) {}
  std::string text;
  bool markup;  // already HTML-escaped: `escape` leaves it alone; of an undefined: lenient
};

// Frees nested containers without recursion, however deep a template nested them.
void release(Values& items);

struct Items : Object {
  explicit Items(Values v, const char* view = "") : items(std::move(v)), view_name(view) {}
  ~Items() override { release(items); }
  Values items;
  const char* view_name;  // "dict_keys" …; empty for others
  bool tracked = false;   // known to the render, which breaks cycles at its end
};

struct Range : Object {
  Range(int64_t a, int64_t b, int64_t s) : start(a), stop(b), step(s) {}
  int64_t start, stop, step;
  int64_t size() const;
};

// Insertion-ordered. Keys: None, numbers (1 == 1.0 == True), strings, tuples of these.
struct Dict : Object {
  ~Dict() override;
  std::vector<std::pair<Value, Value>> entries;
  bool tracked = false;

  const Value* find(const Value& key) const;  // fails on an unhashable key
  const Value* find(std::string_view key) const;
  void set(const Value& key, Value value);
  bool erase(const Value& key);
  void clear();

 private:
  size_t position(const Value& key) const;  // entries.size() when absent
  struct KeyLess {
    bool operator()(const Value& a, const Value& b) const;
  };
  mutable std::unique_ptr<std::map<Value, size_t, KeyLess>> index_;  // built for larger dicts only
};

// Positional and named arguments of a call.
struct Args {
  Values positional;
  std::vector<std::pair<std::string, Value>> named;

  // Pointers in the order of `names`, nullptr where not given. Fails on unknown, doubled or too many arguments
  // and where one of the first `n_required` is missing. `function` names the callee in errors.
  std::vector<const Value*> bind(std::string_view function, std::initializer_list<std::string_view> names,
                                 size_t n_required = 0) const;
};

Value from_json(Runtime&, const nlohmann::ordered_json&, int depth = 0);

// Python's type name: "str", "dict", …
std::string type_name(const Value&);

// The printf-style and brace-style formatting of Python's str (jinja_format.cc).
std::string percent_format(Runtime&, std::string_view format, const Value& arguments);
std::string brace_format(Runtime&, std::string_view format, const Args&);
// json.dumps (jinja_json.cc).
struct JsonStyle {
  bool ensure_ascii = false, sort_keys = false;
  std::optional<std::string> indent;
  std::optional<std::string> item_separator, key_separator;
};
std::string to_json(Runtime&, const Value&, const JsonStyle&);

}  // namespace samebits::jinja
