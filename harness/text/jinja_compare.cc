// Truth, equality, order and membership with Python's results. Each step is charged, so that comparing values that
// share parts many times over ends in a limit.
#include <fmt/format.h>

#include <cmath>

#include "harness/text/jinja_ops.h"

namespace samebits::jinja {
namespace {

bool equal_items(Runtime& rt, const Values& a, const Values& b, int depth) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (!equal(rt, a[i], b[i], depth + 1)) return false;
  return true;
}

bool equal_dicts(Runtime& rt, const Dict& a, const Dict& b, int depth) {
  if (a.entries.size() != b.entries.size()) return false;
  for (const auto& [key, value] : a.entries) {
    const Value* other = b.find(key);
    if (!other || !equal(rt, value, *other, depth + 1)) return false;
  }
  return true;
}

}  // namespace

bool truthy(Runtime& rt, const Value& v) {
  switch (v.kind()) {
    case Kind::undefined:
      if (rt.refuses(v)) fail_undefined(v.text());
      return false;
    case Kind::none:
      return false;
    case Kind::boolean:
    case Kind::integer:
      return v.as_integer() != 0;
    case Kind::real:
      return v.as_real() != 0;
    case Kind::string:
      return !v.text().empty();
    case Kind::list:
    case Kind::tuple:
    case Kind::view:
      return !v.items().empty();
    case Kind::dict:
      return !v.get<Dict>().entries.empty();
    case Kind::range:
      return v.get<Range>().size() > 0;
    case Kind::generator:
    case Kind::name_space:
    case Kind::callable:
    case Kind::loop:
      return true;
  }
  return true;
}

// 2^53 + 1 must not equal 2^53 as a float: the float is compared by its whole part.
int compare_numbers(const Value& a, const Value& b) {
  const auto order = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : x == y ? 0 : 2; };
  if (a.is_integral() && b.is_integral()) return order(a.as_integer(), b.as_integer());
  if (a.is(Kind::real) && b.is(Kind::real)) return order(a.as_real(), b.as_real());
  const double real = a.is(Kind::real) ? a.as_real() : b.as_real();
  const int64_t integer = a.is(Kind::real) ? b.as_integer() : a.as_integer();
  if (std::isnan(real)) return 2;
  int result = 0;  // of the integer against the float
  if (real >= 0x1p63) {
    result = -1;
  } else if (real < -0x1p63) {
    result = 1;
  } else {
    const double whole = std::floor(real);
    result = order(integer, static_cast<int64_t>(whole));
    if (result == 0 && real > whole) result = -1;
  }
  return a.is(Kind::real) ? -result : result;
}

bool equal(Runtime& rt, const Value& a, const Value& b, int depth) {
  if (depth > kMaxValueDepth) fail_limit("values are nested too deeply to be compared");
  rt.charge(1);
  if (a.is(Kind::undefined) || b.is(Kind::undefined)) {
    if (rt.refuses(a)) fail_undefined(a.text());
    if (rt.refuses(b)) fail_undefined(b.text());
    return a.kind() == b.kind();
  }
  if (a.is_number() && b.is_number()) return compare_numbers(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::none:
      return true;
    case Kind::string:
      return a.text() == b.text();
    case Kind::list:
    case Kind::tuple:
      return equal_items(rt, a.items(), b.items(), depth);
    case Kind::dict:
      return equal_dicts(rt, a.get<Dict>(), b.get<Dict>(), depth);
    case Kind::range:
      return equal_items(rt, iterate(rt, a), iterate(rt, b), depth);
    default:
      return a.same_object(b);
  }
}

bool less(Runtime& rt, const Value& a, const Value& b, int depth) {
  if (depth > kMaxValueDepth) fail_limit("values are nested too deeply to be compared");
  rt.charge(1);
  if (a.is_number() && b.is_number()) return compare_numbers(a, b) == -1;
  if (a.is(Kind::string) && b.is(Kind::string)) return a.text() < b.text();  // UTF-8 keeps code point order
  if (a.kind() == b.kind() && (a.is(Kind::list) || a.is(Kind::tuple))) {
    const Values &x = a.items(), &y = b.items();
    for (size_t i = 0; i < x.size() && i < y.size(); ++i)
      if (!equal(rt, x[i], y[i], depth + 1)) return less(rt, x[i], y[i], depth + 1);
    return x.size() < y.size();
  }
  if (a.is(Kind::undefined)) fail_undefined(a.text());
  if (b.is(Kind::undefined)) fail_undefined(b.text());
  fail(fmt::format("'<' is not supported between '{}' and '{}'", type_name(a), type_name(b)));
}

bool compare(Runtime& rt, Op op, const Value& a, const Value& b) {
  switch (op) {
    case Op::eq:
      return equal(rt, a, b);
    case Op::ne:
      return !equal(rt, a, b);
    case Op::lt:
      return less(rt, a, b);
    case Op::gt:
      return less(rt, b, a);
    case Op::le:
    case Op::ge:
      if (a.is_number() && b.is_number()) {
        const int order = compare_numbers(a, b);
        return order == 0 || order == (op == Op::le ? -1 : 1);
      }
      return op == Op::le ? !less(rt, b, a) : !less(rt, a, b);
    case Op::in:
      return contains(rt, b, a);
    default:
      return !contains(rt, b, a);
  }
}

// Python's `in`: a substring, a key, or an equal (or identical) element.
bool contains(Runtime& rt, const Value& container, const Value& item) {
  if (container.is(Kind::string)) {
    if (!item.is(Kind::string)) {
      if (item.is(Kind::undefined)) fail_undefined(item.text());
      fail(fmt::format("'in <string>' requires string as left operand, not {}", type_name(item)));
    }
    rt.charge_bytes(container.text().size());
    return container.text().find(item.text()) != std::string::npos;
  }
  if (container.is(Kind::dict)) {
    rt.charge(1);
    if (item.is(Kind::undefined) && !rt.refuses(item)) return false;
    return container.get<Dict>().find(item) != nullptr;
  }
  for (const Value& candidate : iterate(rt, container))
    if (candidate.same_object(item) && item.shared() ? true : equal(rt, candidate, item)) return true;
  return false;
}

}  // namespace samebits::jinja
