// Printing, comparison and arithmetic with Python's results.
#include "harness/text/jinja_ops.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/text/python_text.h"
#include "harness/text/unicode.h"

namespace samebits::jinja {
namespace {

void append_repr(Runtime& rt, std::string& out, const Value& v, int depth);

void append_items(Runtime& rt, std::string& out, const Values& items, int depth) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ", ";
    append_repr(rt, out, items[i], depth + 1);
  }
}

void append_dict(Runtime& rt, std::string& out, const Dict& dict, int depth) {
  out += '{';
  for (size_t i = 0; i < dict.entries.size(); ++i) {
    if (i > 0) out += ", ";
    append_repr(rt, out, dict.entries[i].first, depth + 1);
    out += ": ";
    append_repr(rt, out, dict.entries[i].second, depth + 1);
  }
  out += '}';
}

void append_repr(Runtime& rt, std::string& out, const Value& v, int depth) {
  if (depth > kMaxValueDepth) fail_limit("a value is nested too deeply to be printed");
  rt.charge(1);
  switch (v.kind()) {
    case Kind::undefined:
      out += "Undefined";
      return;
    case Kind::none:
      out += "None";
      return;
    case Kind::boolean:
      out += v.as_boolean() ? "True" : "False";
      return;
    case Kind::integer:
      out += fmt::to_string(v.as_integer());
      return;
    case Kind::real:
      out += py_repr(v.as_real());
      return;
    case Kind::string:
      rt.charge_bytes(v.text().size());
      out += v.is_markup() ? "Markup(" + py_repr(v.text()) + ")" : py_repr(v.text());
      return;
    case Kind::list:
      out += '[';
      append_items(rt, out, v.items(), depth);
      out += ']';
      return;
    case Kind::tuple:
      out += '(';
      append_items(rt, out, v.items(), depth);
      out += v.items().size() == 1 ? ",)" : ")";
      return;
    case Kind::view:
      out += v.get<Items>().view_name;
      out += "([";
      append_items(rt, out, v.items(), depth);
      out += "])";
      return;
    case Kind::dict:
      append_dict(rt, out, v.get<Dict>(), depth);
      return;
    case Kind::name_space:
      out += "<Namespace ";
      append_dict(rt, out, v.get<Dict>(), depth);
      out += '>';
      return;
    case Kind::range: {
      const Range& r = v.get<Range>();
      out += r.step == 1 ? fmt::format("range({}, {})", r.start, r.stop)
                         : fmt::format("range({}, {}, {})", r.start, r.stop, r.step);
      return;
    }
    case Kind::generator:
    case Kind::callable:
    case Kind::loop:
      fail(fmt::format("a {} has no text of its own", type_name(v)));
  }
}

// Python's integers have no bound; ours end in an error before they would wrap. nullopt: overflow.
std::optional<Value> overflow_checked(Op op, int64_t a, int64_t b) {
  int64_t result = 0;
  bool overflow = false;
  if (op == Op::add) overflow = __builtin_add_overflow(a, b, &result);
  if (op == Op::sub) overflow = __builtin_sub_overflow(a, b, &result);
  if (op == Op::mul) overflow = __builtin_mul_overflow(a, b, &result);
  if (overflow) return std::nullopt;
  return Value::integer(result);
}

Value integer_power(int64_t base, int64_t exponent) {
  if (exponent < 0) fail("an integer to a negative power is not supported");
  int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result)) fail_limit("an integer grew beyond 64 bits");
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) fail_limit("an integer grew beyond 64 bits");
  }
  return Value::integer(result);
}

Value integer_arithmetic(Op op, int64_t a, int64_t b) {
  if (op == Op::pow) return integer_power(a, b);
  if (op == Op::add || op == Op::sub || op == Op::mul) {
    if (auto value = overflow_checked(op, a, b)) return *value;
    fail_limit("an integer grew beyond 64 bits");
  }
  if (b == 0) fail("division by zero");
  if (op == Op::div) {
    constexpr int64_t kExact = int64_t{1} << 53;  // beyond it two roundings could differ from Python's one
    if (a > kExact || a < -kExact || b > kExact || b < -kExact) fail_limit("a quotient of integers beyond 2^53");
    return Value::real(static_cast<double>(a) / static_cast<double>(b));
  }
  if (b == -1) return op == Op::mod ? Value::integer(0) : integer_arithmetic(Op::sub, 0, a);
  const int64_t quotient = a / b, remainder = a % b;
  const bool adjust = remainder != 0 && (remainder < 0) != (b < 0);  // Python rounds towards minus infinity
  return Value::integer(op == Op::mod ? remainder + (adjust ? b : 0) : quotient - (adjust ? 1 : 0));
}

// Floor division and modulo as CPython's float_divmod: the remainder has the divisor's sign.
Value real_arithmetic(Op op, double a, double b) {
  switch (op) {
    case Op::add:
      return Value::real(a + b);
    case Op::sub:
      return Value::real(a - b);
    case Op::mul:
      return Value::real(a * b);
    case Op::pow:
      fail("powers of floats are not supported: their last bit is not the same on every machine");
    default:
      break;
  }
  if (b == 0) fail(op == Op::mod ? "float modulo by zero" : "float division by zero");
  if (op == Op::div) return Value::real(a / b);
  double remainder = std::fmod(a, b);  // exact by IEEE 754
  double quotient = (a - remainder) / b;
  if (remainder != 0 && (b < 0) != (remainder < 0)) {
    remainder += b;
    quotient -= 1;
  } else if (remainder == 0) {
    remainder = std::copysign(0.0, b);
  }
  if (op == Op::mod) return Value::real(remainder);
  if (quotient == 0) return Value::real(std::copysign(0.0, a / b));
  const double whole = std::floor(quotient);
  return Value::real(quotient - whole > 0.5 ? whole + 1 : whole);
}

// "ab" * 3, [0] * 3. The size is charged before the memory is taken.
Value repeat(Runtime& rt, const Value& sequence, int64_t times) {
  const auto n = static_cast<uint64_t>(std::max<int64_t>(times, 0));
  if (sequence.is(Kind::string)) {
    const std::string& s = sequence.text();
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(n, uint64_t{s.size()}, &bytes)) fail_limit("a repeated string is too long");
    rt.charge_bytes(bytes);
    std::string out;
    out.reserve(bytes);
    for (uint64_t i = 0; i < n && !s.empty(); ++i) out += s;
    return Value::string(std::move(out), sequence.is_markup());
  }
  const Values& items = sequence.items();
  uint64_t size = 0;
  if (__builtin_mul_overflow(n, uint64_t{items.size()}, &size)) fail_limit("a repeated list is too long");
  rt.charge(size);
  Values out;
  out.reserve(size);
  for (uint64_t i = 0; i < n && !items.empty(); ++i) out.insert(out.end(), items.begin(), items.end());
  return sequence.is(Kind::list) ? Value::list(std::move(out)) : Value::tuple(std::move(out));
}

std::string escaped(const Value& v) {
  std::string out;
  append_html_escaped(out, v.text());
  return out;
}

// Strings, lists and tuples; nullopt when the operands are none of these.
std::optional<Value> sequence_arithmetic(Runtime& rt, Op op, const Value& a, const Value& b) {
  if (op == Op::mod && a.is(Kind::string)) return Value::string(percent_format(rt, a.text(), b), a.is_markup());
  if (op == Op::add && a.is(Kind::string) && b.is(Kind::string)) {
    rt.charge_bytes(a.text().size() + b.text().size());
    if (a.is_markup() == b.is_markup()) return Value::string(a.text() + b.text(), a.is_markup());
    return Value::string((a.is_markup() ? a.text() : escaped(a)) + (b.is_markup() ? b.text() : escaped(b)), true);
  }
  if (op == Op::add && a.kind() == b.kind() && (a.is(Kind::list) || a.is(Kind::tuple))) {
    Values items = a.items();
    items.insert(items.end(), b.items().begin(), b.items().end());
    rt.charge(items.size());
    return a.is(Kind::list) ? Value::list(std::move(items)) : Value::tuple(std::move(items));
  }
  const auto repeatable = [](const Value& v) { return v.is(Kind::string) || v.is(Kind::list) || v.is(Kind::tuple); };
  if (op == Op::mul && repeatable(a) && b.is_integral()) return repeat(rt, a, b.as_integer());
  if (op == Op::mul && a.is_integral() && repeatable(b)) return repeat(rt, b, a.as_integer());
  return std::nullopt;
}

constexpr std::string_view kOpNames[] = {
    "+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "in", "not in"};

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

void append_html_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
}

std::string to_text(Runtime& rt, const Value& v) {
  if (v.is(Kind::string)) {
    rt.charge_bytes(v.text().size());
    return v.text();
  }
  if (v.is(Kind::undefined)) {
    if (rt.refuses(v)) fail_undefined(v.text());
    return "";
  }
  return repr(rt, v);
}

std::string repr(Runtime& rt, const Value& v) {
  std::string out;
  append_repr(rt, out, v, 0);
  return out;
}

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

Value arithmetic(Runtime& rt, Op op, const Value& a, const Value& b) {
  rt.charge(1);
  if (a.is_integral() && b.is_integral()) return integer_arithmetic(op, a.as_integer(), b.as_integer());
  if (a.is_number() && b.is_number()) return real_arithmetic(op, a.as_real(), b.as_real());
  if (auto value = sequence_arithmetic(rt, op, a, b)) return *value;
  if (a.is(Kind::undefined)) fail_undefined(a.text());
  if (b.is(Kind::undefined)) fail_undefined(b.text());
  fail(fmt::format("unsupported operand types for {}: '{}' and '{}'", kOpNames[static_cast<int>(op)], type_name(a),
                   type_name(b)));
}

Value negate(const Value& v) {
  if (v.is(Kind::real)) return Value::real(-v.as_real());
  if (v.is_integral()) return integer_arithmetic(Op::sub, 0, v.as_integer());
  if (v.is(Kind::undefined)) fail_undefined(v.text());
  fail(fmt::format("bad operand type for unary -: '{}'", type_name(v)));
}

}  // namespace samebits::jinja
