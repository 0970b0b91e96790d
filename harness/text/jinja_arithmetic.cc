// Arithmetic with Python's results, on numbers and on sequences.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/text/jinja_ops.h"

namespace samebits::jinja {
namespace {

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

// What Markup does to plain text that is added to it.
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

// By Op, for messages.
constexpr std::string_view kOpNames[] = {
    "+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "in", "not in"};

}  // namespace

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
