// Python's two ways to format: "%-5.1f%%" % x and "{name:>10}".format(…).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "harness/core/utf8.h"
#include "harness/text/jinja_ops.h"
#include "harness/text/python_text.h"

namespace samebits::jinja {
namespace {

constexpr int64_t kMaxWidth = 100'000;

struct Spec {
  char align = '\0';  // '<', '>', '^', '=': after the sign
  std::string fill = " ";
  char sign = '-';  // '+' and ' ' show it, or a blank, for positive numbers
  bool alternate = false, grouped = false;
  int64_t width = 0, precision = -1;
  char type = '\0';
};

// Decimal digits from `at` on; `at` is left behind them.
int64_t read_number(std::string_view text, size_t& at) {
  int64_t n = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    n = n * 10 + (text[at] - '0');
    if (n > kMaxWidth) fail_limit("a width or precision of a format is too large");
  }
  return n;
}

// Digits of a float in the style of C's %e, %f, %g, without its sign.
std::string real_digits(double value, const Spec& spec) {
  const char type = static_cast<char>(spec.type | 0x20);
  const double magnitude = std::fabs(value);
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return "inf";
  const int precision = static_cast<int>(spec.precision < 0 ? 6 : spec.precision);
  if (precision > 1000) fail_limit("a precision of more than 1000 digits");
  const auto format = type == 'e'   ? std::chars_format::scientific
                      : type == 'f' ? std::chars_format::fixed
                                    : std::chars_format::general;
  char digits[2048];  // 309 digits before the point, 1000 behind it
  const auto end = std::to_chars(digits, digits + sizeof digits, magnitude, format, precision).ptr;
  return std::string(digits, end);
}

std::string integer_digits(uint64_t magnitude, const Spec& spec) {
  char digits[64];
  const char type = static_cast<char>(spec.type | 0x20);
  const int base = type == 'x' ? 16 : type == 'o' ? 8 : type == 'b' ? 2 : 10;
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, magnitude, base).ptr);
}

void group_thousands(std::string& digits) {
  size_t whole = 0;
  while (whole < digits.size() && digits[whole] >= '0' && digits[whole] <= '9') ++whole;
  for (size_t at = whole; at > 3; at -= 3) digits.insert(at - 3, ",");
}

// Sign, digits and fill to the width.
std::string padded(std::string sign, std::string body, const Spec& spec, char default_align) {
  const auto length = static_cast<int64_t>(count_code_points(sign) + count_code_points(body));
  const int64_t missing = std::max<int64_t>(spec.width - length, 0);
  const char align = spec.align ? spec.align : default_align;
  const int64_t left = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
  std::string before, after;
  for (int64_t i = 0; i < missing; ++i) (i < left ? before : after) += spec.fill;
  return align == '=' ? sign + before + body : before + sign + body + after;
}

// One number under one specification: its digits, then sign, grouping and padding.
std::string number_text(const Value& v, Spec spec) {
  const bool real = v.is(Kind::real) || std::string_view("eEfFgG%").find(spec.type) != std::string_view::npos;
  std::string sign, digits;
  bool negative = false;
  if (real && spec.type != '\0') {
    double value = v.as_real();
    const bool percent = spec.type == '%';
    if (percent) {
      value *= 100;
      spec.type = 'f';
    }
    negative = std::signbit(value) && !std::isnan(value);
    digits = real_digits(value, spec) + (percent ? "%" : "");
  } else if (real) {
    negative = std::signbit(v.as_real());
    digits = py_repr(std::fabs(v.as_real()));
    if (spec.precision >= 0) {
      spec.type = 'g';
      digits = real_digits(v.as_real(), spec);
      if (digits.find_first_of(".en") == std::string::npos) digits += ".0";
    }
  } else {
    const int64_t i = v.as_integer();
    negative = i < 0;
    digits = integer_digits(negative ? -static_cast<uint64_t>(i) : static_cast<uint64_t>(i), spec);
    const char type = static_cast<char>(spec.type | 0x20);
    if (spec.alternate && (type == 'x' || type == 'o' || type == 'b')) sign = std::string("0") + spec.type;
  }
  if (spec.grouped) group_thousands(digits);
  if (spec.type == 'X' || spec.type == 'E' || spec.type == 'G')
    for (char& c : digits) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  sign = (negative ? "-" : spec.sign == '+' ? "+" : spec.sign == ' ' ? " " : "") + sign;
  return padded(std::move(sign), std::move(digits), spec, '>');
}

std::string cut(std::string text, int64_t precision) {
  return precision < 0 ? text : std::string(py_slice(text, 0, precision));
}

// ---- printf style ----

// %[(key)][flags][width][.precision]type; `at` is behind the percent sign.
class Percent {
 public:
  Percent(Runtime& rt, std::string_view format, const Value& arguments)
      : rt_(rt), format_(format), arguments_(arguments) {}

  std::string run() {
    std::string out;
    while (at_ < format_.size()) {
      const size_t percent = std::min(format_.find('%', at_), format_.size());
      out += format_.substr(at_, percent - at_);
      at_ = percent + 1;
      if (percent < format_.size()) out += conversion();
      rt_.charge_bytes(out.size() / 64);
    }
    const bool leftover = arguments_.is(Kind::tuple)
                              ? next_ < arguments_.items().size()
                              : next_ == 0 && !arguments_.is(Kind::dict) && !arguments_.is(Kind::list);
    if (leftover && !keyed_) fail("not all arguments converted during string formatting");
    return out;
  }

 private:
  Value next_argument() {
    if (keyed_) fail("format requires a mapping");
    if (arguments_.is(Kind::tuple)) {
      if (next_ >= arguments_.items().size()) fail("not enough arguments for format string");
      return arguments_.items()[next_++];
    }
    if (next_++ > 0) fail("not enough arguments for format string");
    return arguments_;
  }

  int64_t number_or_star() {
    if (at_ < format_.size() && format_[at_] == '*') {
      ++at_;
      const int64_t n = integer_argument(next_argument(), "*");
      if (n > kMaxWidth || n < -kMaxWidth) fail_limit("a width of a format is too large");
      return n;
    }
    return read_number(format_, at_);
  }

  std::string conversion() {
    Spec spec;
    std::optional<Value> value;
    if (at_ < format_.size() && format_[at_] == '(') {
      const size_t close = format_.find(')', at_);
      if (close == std::string_view::npos) fail("incomplete format key");
      if (!arguments_.is(Kind::dict)) fail("format requires a mapping");
      const std::string_view key = format_.substr(at_ + 1, close - at_ - 1);
      const Value* found = arguments_.get<Dict>().find(key);
      if (!found) fail(fmt::format("the format names '{}', which is not given", key));
      value = *found;
      keyed_ = true;
      at_ = close + 1;
    }
    bool zero = false;
    for (; at_ < format_.size() && std::string_view("-+ #0").find(format_[at_]) != std::string_view::npos; ++at_) {
      if (format_[at_] == '-') spec.align = '<';
      if (format_[at_] == '+') spec.sign = '+';
      if (format_[at_] == ' ' && spec.sign != '+') spec.sign = ' ';
      if (format_[at_] == '#') spec.alternate = true;
      if (format_[at_] == '0') zero = true;
    }
    spec.width = number_or_star();
    if (spec.width < 0) {
      spec.align = '<';
      spec.width = -spec.width;
    }
    if (at_ < format_.size() && format_[at_] == '.') {
      ++at_;
      spec.precision = std::max<int64_t>(number_or_star(), 0);
    }
    if (at_ >= format_.size()) fail("incomplete format");
    spec.type = format_[at_++];
    rt_.charge_bytes(static_cast<uint64_t>(spec.width));
    if (spec.type == '%') return "%";
    return converted(value ? *value : next_argument(), spec, zero);
  }

  std::string converted(const Value& v, Spec spec, bool zero) {
    if (spec.type == 's') return padded("", cut(to_text(rt_, v), spec.precision), spec, '>');
    if (spec.type == 'r') return padded("", cut(repr(rt_, v), spec.precision), spec, '>');
    if (std::string_view("dixXoeEfFgG").find(spec.type) == std::string_view::npos)
      fail(fmt::format("unsupported format character '{}'", spec.type));
    if (v.is(Kind::undefined)) fail_undefined(v.text());
    if (!v.is_number()) fail(fmt::format("%{} format: a number is required, not {}", spec.type, type_name(v)));
    if (zero && spec.align != '<') {
      spec.fill = "0";
      spec.align = '=';
    }
    if (spec.type != 'd' && spec.type != 'i') {
      if (std::string_view("xXo").find(spec.type) != std::string_view::npos && v.is(Kind::real))
        fail(fmt::format("%{} format: an integer is required, not float", spec.type));
      return number_text(v, spec);
    }
    spec.type = 'd';
    if (!v.is(Kind::real)) return number_text(v, spec);
    if (!(std::fabs(v.as_real()) < 0x1p63)) fail_limit("a float is too large for %d");
    return number_text(Value::integer(static_cast<int64_t>(v.as_real())), spec);
  }

  Runtime& rt_;
  const std::string_view format_;
  const Value& arguments_;
  size_t at_ = 0, next_ = 0;
  bool keyed_ = false;
};

// ---- brace style ----

// [[fill]align][sign][#][0][width][,][.precision][type]
Spec parse_spec(std::string_view text) {
  Spec spec;
  size_t at = 0;
  const auto is_align = [](char c) { return c == '<' || c == '>' || c == '^' || c == '='; };
  const size_t first = text.empty() ? 0 : decode_utf8(text, 0).bytes;
  if (first > 0 && first < text.size() && is_align(text[first])) {
    spec.fill = text.substr(0, first);
    spec.align = text[first];
    at = first + 1;
  } else if (!text.empty() && is_align(text[0])) {
    spec.align = text[at++];
  }
  if (at < text.size() && (text[at] == '+' || text[at] == '-' || text[at] == ' ')) spec.sign = text[at++];
  if (at < text.size() && text[at] == '#') spec.alternate = text[at++] == '#';
  if (at < text.size() && text[at] == '0') {
    ++at;
    if (!spec.align) {
      spec.align = '=';
      spec.fill = "0";
    }
  }
  spec.width = read_number(text, at);
  if (at < text.size() && text[at] == ',') spec.grouped = text[at++] == ',';
  if (at < text.size() && text[at] == '.') {
    ++at;
    spec.precision = read_number(text, at);
  }
  if (at < text.size()) spec.type = text[at++];
  if (at != text.size()) fail(fmt::format("invalid format specifier '{}'", text));
  return spec;
}

// One replacement field: conversion (!r, !s) first, then the specification.
std::string formatted(Runtime& rt, const Value& v, char conversion, std::string_view spec_text) {
  const Value shown = conversion == 'r'   ? Value::string(repr(rt, v))
                      : conversion == 's' ? Value::string(to_text(rt, v))
                                          : v;
  if (spec_text.empty()) return to_text(rt, shown);
  Spec spec = parse_spec(spec_text);
  rt.charge_bytes(static_cast<uint64_t>(spec.width) * spec.fill.size());
  if (shown.is(Kind::string)) {
    if (spec.type != '\0' && spec.type != 's') fail(fmt::format("unknown format code '{}' for a string", spec.type));
    if (spec.align == '=' && spec.fill == "0") spec.align = '<';
    if (spec.align == '=') fail("'=' alignment is not allowed for a string");
    return padded("", cut(shown.text(), spec.precision), spec, '<');
  }
  if (!shown.is_number()) fail(fmt::format("a format specifier is not supported for {}", type_name(shown)));
  const std::string_view types = shown.is(Kind::real) ? "eEfFgG%" : "dxXobeEfFgG%";
  if (spec.type != '\0' && types.find(spec.type) == std::string_view::npos)
    fail(fmt::format("unknown format code '{}' for {}", spec.type, type_name(shown)));
  if (shown.is_integral() && spec.precision >= 0 &&
      std::string_view("eEfFgG%").find(spec.type) == std::string_view::npos)
    fail("precision is not allowed in an integer format");
  return number_text(shown, spec);
}

// "0", "name", "name.key", "0[key]".
Value field(Runtime& rt, std::string_view name, const Args& args, size_t& automatic) {
  const size_t head_end = std::min(name.find_first_of(".["), name.size());
  const std::string_view head = name.substr(0, head_end);
  const bool digits = head.find_first_not_of("0123456789") == std::string_view::npos;
  Value value;
  if (digits) {
    size_t at = 0;
    const auto position = head.empty() ? automatic++ : static_cast<size_t>(read_number(head, at));
    if (position >= args.positional.size()) fail("replacement index out of range for positional arguments");
    value = args.positional[position];
  } else {
    const auto found =
        std::find_if(args.named.begin(), args.named.end(), [&](const auto& named) { return named.first == head; });
    if (found == args.named.end()) fail(fmt::format("the format names '{}', which is not given", head));
    value = found->second;
  }
  for (size_t at = head_end; at < name.size();) {
    const bool bracket = name[at] == '[';
    const size_t end = std::min(bracket ? name.find(']', at) : name.find_first_of(".[", at + 1), name.size());
    const std::string_view key = name.substr(at + 1, end - at - 1);
    size_t zero = 0;
    const bool number = bracket && !key.empty() && key.find_first_not_of("0123456789") == std::string_view::npos;
    value = bracket
                ? get_item(rt, value, number ? Value::integer(read_number(key, zero)) : Value::string(std::string(key)))
                : get_attribute(rt, value, key);
    if (value.is(Kind::undefined)) fail(value.text());
    at = end + (bracket ? 1 : 0);
  }
  return value;
}

}  // namespace

std::string percent_format(Runtime& rt, std::string_view format, const Value& arguments) {
  return Percent(rt, format, arguments).run();
}

std::string brace_format(Runtime& rt, std::string_view format, const Args& args) {
  std::string out;
  size_t automatic = 0;
  for (size_t at = 0; at < format.size(); ++at) {
    const char c = format[at];
    if (c != '{' && c != '}') {
      out += c;
      continue;
    }
    if (at + 1 < format.size() && format[at + 1] == c) {  // doubled: a literal brace
      out += c;
      ++at;
      continue;
    }
    const size_t close = format.find('}', at);
    if (c == '}' || close == std::string_view::npos) fail(fmt::format("single '{}' encountered in format string", c));
    std::string_view inner = format.substr(at + 1, close - at - 1);
    if (inner.find('{') != std::string_view::npos) fail("nested fields of a format are not supported");
    const size_t colon = std::min(inner.find(':'), inner.size());
    const std::string_view spec = inner.substr(std::min(colon + 1, inner.size()));
    std::string_view name = inner.substr(0, colon);
    char conversion = '\0';
    if (name.size() >= 2 && name[name.size() - 2] == '!') {
      conversion = name.back();
      if (conversion != 'r' && conversion != 's') fail("unknown conversion specifier");
      name.remove_suffix(2);
    }
    out += formatted(rt, field(rt, name, args, automatic), conversion, spec);
    at = close;
  }
  return out;
}

}  // namespace samebits::jinja
