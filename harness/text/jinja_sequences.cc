// Iteration and subscription of template values: obj[key], obj.name, obj[a:b:c], len(obj), iter(obj).
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "harness/core/utf8.h"
#include "harness/text/jinja_interpreter.h"
#include "harness/text/jinja_ops.h"
#include "harness/text/python_text.h"

namespace samebits::jinja {
namespace {

// Python iterates over a str by code points.
Values code_points(Runtime& rt, const std::string& text) {
  Values out;
  for (size_t at = 0; at < text.size();) {
    const size_t n = decode_utf8(text, at).bytes;
    out.push_back(Value::string(text.substr(at, n)));
    at += n;
  }
  rt.charge(out.size());
  return out;
}

// range() itself allows no larger one; a slice of a slice may not overflow either.
constexpr int64_t kMaxRangeStep = int64_t{1} << 40;

bool is_sequence(const Value& v) { return v.is(Kind::list) || v.is(Kind::tuple) || v.is(Kind::range); }

// Negative positions count from the end; outside it is undefined, not an error.
Value item_of_sequence(Runtime& rt, const Value& object, int64_t position) {
  const int64_t n = *length(rt, object);
  const int64_t i = position < 0 ? position + n : position;
  if (i < 0 || i >= n) return Value::undefined(fmt::format("{} object has no element {}", type_name(object), position));
  if (object.is(Kind::range)) return Value::integer(object.get<Range>().start + i * object.get<Range>().step);
  if (object.is(Kind::string)) return Value::string(std::string(py_slice(object.text(), i, i + 1)));
  return object.items()[static_cast<size_t>(i)];
}

Value missing_attribute(const Value& object, std::string_view name) {
  return Value::undefined(fmt::format("'{} object' has no attribute '{}'", type_name(object), name));
}

}  // namespace

// A snapshot: what a loop body appends is not seen by the loop.
Values iterate(Runtime& rt, const Value& v) {
  switch (v.kind()) {
    case Kind::undefined:
      if (rt.refuses(v)) fail_undefined(v.text());
      return {};
    case Kind::string:
      return code_points(rt, v.text());
    case Kind::list:
    case Kind::tuple:
    case Kind::view:
      rt.charge(v.items().size());
      return v.items();
    case Kind::generator:
      rt.charge(v.items().size());
      return std::exchange(v.items(), {});
    case Kind::dict: {
      Values keys;
      for (const auto& [key, value] : v.get<Dict>().entries) keys.push_back(key);
      rt.charge(keys.size());
      return keys;
    }
    case Kind::range: {
      const Range& r = v.get<Range>();
      rt.charge(static_cast<uint64_t>(r.size()));
      Values out;
      for (int64_t i = 0; i < r.size(); ++i) out.push_back(Value::integer(r.start + i * r.step));
      return out;
    }
    default:
      fail(fmt::format("'{}' object is not iterable", type_name(v)));
  }
}

// Undefined is iterable in Jinja: it is empty, or refuses when it is reached.
bool is_iterable(const Value& v) {
  switch (v.kind()) {
    case Kind::none:
    case Kind::boolean:
    case Kind::integer:
    case Kind::real:
    case Kind::name_space:
    case Kind::callable:
      return false;
    default:
      return true;
  }
}

// len(); a loop has as many items as it runs over.
std::optional<int64_t> length(Runtime& rt, const Value& v) {
  switch (v.kind()) {
    case Kind::undefined:
      if (rt.refuses(v)) fail_undefined(v.text());
      return 0;
    case Kind::string:
      return static_cast<int64_t>(count_code_points(v.text()));
    case Kind::list:
    case Kind::tuple:
    case Kind::view:
      return static_cast<int64_t>(v.items().size());
    case Kind::dict:
      return static_cast<int64_t>(v.get<Dict>().entries.size());
    case Kind::range:
      return v.get<Range>().size();
    case Kind::loop:
      return static_cast<int64_t>(v.get<Loop>().items.size());
    default:
      return std::nullopt;
  }
}

// Jinja: the item first, then the attribute of that name.
Value get_item(Runtime& rt, const Value& object, const Value& key) {
  rt.charge(1);
  if (object.is(Kind::undefined)) fail_undefined(object.text());
  if (object.is(Kind::dict)) {
    // Jinja catches the TypeError of an unhashable key and looks for an attribute next.
    const bool hashable = !key.is(Kind::list) && !key.is(Kind::dict) && !key.is(Kind::undefined);
    if (const Value* found = hashable ? object.get<Dict>().find(key) : nullptr) return *found;
  } else if (key.is_integral() && (is_sequence(object) || object.is(Kind::string))) {
    if (object.is(Kind::string)) rt.charge_bytes(object.text().size());
    return item_of_sequence(rt, object, key.as_integer());
  }
  if (key.is(Kind::string)) {
    if (object.is(Kind::name_space) || object.is(Kind::loop)) return get_attribute(rt, object, key.text());
    if (auto found = method(rt, object, key.text())) return *found;
    return missing_attribute(object, key.text());
  }
  return Value::undefined(fmt::format("{} object has no element {}", type_name(object), repr(rt, key)));
}

Value get_attribute(Runtime& rt, const Value& object, std::string_view name) {
  rt.charge(1);
  if (object.is(Kind::undefined)) fail_undefined(object.text());
  if (object.is(Kind::name_space)) {
    if (const Value* found = object.get<Dict>().find(name)) return *found;
    return missing_attribute(object, name);
  }
  if (object.is(Kind::loop)) {
    if (auto found = object.get<Loop>().attribute(name)) return *found;
    return missing_attribute(object, name);
  }
  if (auto found = method(rt, object, name)) return *found;  // Jinja: the attribute first, then the item
  if (object.is(Kind::dict))
    if (const Value* found = object.get<Dict>().find(name)) return *found;
  return missing_attribute(object, name);
}

// Python's slice.indices: bounds are clamped, a negative step walks back.
Value slice(Runtime& rt, const Value& object, const Value& start, const Value& stop, const Value& step) {
  if (object.is(Kind::undefined)) fail_undefined(object.text());
  const auto bound = [](const Value& v) -> std::optional<int64_t> {
    if (v.is(Kind::none)) return std::nullopt;
    if (!v.is_integral()) fail("slice indices must be integers or None");
    return v.as_integer();
  };
  const int64_t stride = bound(step).value_or(1);
  if (stride == 0) fail("slice step cannot be zero");
  if (!is_sequence(object) && !object.is(Kind::string))
    fail(fmt::format("'{}' object cannot be sliced", type_name(object)));
  if (object.is(Kind::string) && stride == 1) {
    rt.charge_bytes(object.text().size());
    return Value::string(std::string(py_slice(object.text(), bound(start), bound(stop))), object.is_markup());
  }
  const Values all = iterate(rt, object);
  const auto n = static_cast<int64_t>(all.size());
  // Positions that a bound may be clamped to: one before the first only when walking back.
  const int64_t lowest = stride < 0 ? -1 : 0, highest = stride < 0 ? n - 1 : n;
  const auto clamp = [&](std::optional<int64_t> at, int64_t otherwise) {
    if (!at) return otherwise;
    return *at < 0 ? std::max(*at + n, lowest) : std::min(*at, highest);
  };
  const int64_t first = clamp(bound(start), stride < 0 ? highest : lowest);
  const int64_t last = clamp(bound(stop), stride < 0 ? lowest : highest);
  if (object.is(Kind::range)) {
    const Range& r = object.get<Range>();
    int64_t step = 0;
    if (__builtin_mul_overflow(r.step, stride, &step) || step > kMaxRangeStep || step < -kMaxRangeStep)
      fail_limit("a slice step is too large");
    return Value::object(Kind::range, std::make_shared<Range>(r.start + first * r.step, r.start + last * r.step, step));
  }
  Values picked;
  if (stride > 0)
    for (int64_t i = first; i < last; i += std::min(stride, n)) picked.push_back(all[static_cast<size_t>(i)]);
  else
    for (int64_t i = first; i > last; i += std::max(stride, -n - 1)) picked.push_back(all[static_cast<size_t>(i)]);
  if (object.is(Kind::tuple)) return Value::tuple(std::move(picked));
  if (!object.is(Kind::string)) return Value::list(std::move(picked));
  std::string joined;
  for (const Value& c : picked) joined += c.text();
  return Value::string(std::move(joined), object.is_markup());
}

}  // namespace samebits::jinja
