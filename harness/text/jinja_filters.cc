// The filter table, and the filters of numbers and of single values.
#include "harness/text/jinja_filters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include "harness/text/jinja_interpreter.h"
#include "harness/text/python_text.h"

namespace samebits::jinja {
namespace {

Value absolute(Interpreter&, const Value& v, const Args& args) {
  args.bind("abs", {});
  if (v.is(Kind::real)) return Value::real(std::fabs(v.as_real()));
  if (!v.is_integral()) fail(fmt::format("bad operand type for abs(): '{}'", type_name(v)));
  return v.as_integer() < 0 ? negate(v) : Value::integer(v.as_integer());
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// float(text): Python's grammar, which allows blanks around and single underscores between digits.
std::optional<double> parse_real(std::string_view text) {
  std::string s(py_strip(text));
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '_') continue;
    const bool between = i > 0 && i + 1 < s.size() && is_digit(s[i - 1]) && is_digit(s[i + 1]);
    if (!between) return std::nullopt;
    s.erase(i--, 1);
  }
  const bool minus = !s.empty() && s[0] == '-';
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) s.erase(0, 1);
  std::string word = s;
  std::transform(word.begin(), word.end(), word.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  double value = 0;
  if (word == "inf" || word == "infinity") {
    value = HUGE_VAL;
  } else if (word == "nan") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    if (s.empty() || !(is_digit(s[0]) || s[0] == '.')) return std::nullopt;
    const auto [end, status] = std::from_chars(s.data(), s.data() + s.size(), value);
    if (end != s.data() + s.size() || status == std::errc::invalid_argument) return std::nullopt;
    if (status == std::errc::result_out_of_range) fail_limit("a number is beyond what a double can hold");
  }
  return minus ? -value : value;
}

// int(text, base): blanks around, a sign, a prefix that fits the base; nullopt where Python raises ValueError.
std::optional<int64_t> parse_integer(std::string_view text, int base) {
  std::string s(py_strip(text));
  const bool minus = !s.empty() && s[0] == '-';
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) s.erase(0, 1);
  const auto prefixed = [&](char letter, int b) {
    return (base == b || base == 0) && s.size() > 2 && s[0] == '0' && (s[1] | 0x20) == letter;
  };
  if (prefixed('x', 16) || prefixed('o', 8) || prefixed('b', 2)) {
    base = (s[1] | 0x20) == 'x' ? 16 : (s[1] | 0x20) == 'o' ? 8 : 2;
    s.erase(0, 2);
  }
  if (base == 0) base = 10;
  if (base < 2 || base > 36) fail("int() base must be >= 2 and <= 36, or 0");
  for (size_t i = 0; i < s.size(); ++i)
    if (s[i] == '_' && i > 0 && i + 1 < s.size() && s[i + 1] != '_') s.erase(i--, 1);
  if (s.empty() || s[0] == '-' || s[0] == '+') return std::nullopt;
  int64_t value = 0;
  const auto [end, status] = std::from_chars(s.data(), s.data() + s.size(), value, base);
  if (end != s.data() + s.size()) return std::nullopt;
  if (status == std::errc::result_out_of_range) fail_limit("an integer does not fit 64 bits");
  return minus ? -value : value;
}

// int(float): towards zero; nullopt for NaN and infinity, which Jinja's filter turns into its default.
std::optional<int64_t> truncate(double d) {
  if (std::isnan(d) || std::isinf(d)) return std::nullopt;
  if (d >= 0x1p63 || d < -0x1p63) fail_limit("an integer does not fit 64 bits");
  return static_cast<int64_t>(d);
}

// "42.23"|int is 42: text that is no integer is tried as a float.
Value to_integer(Interpreter&, const Value& v, const Args& args) {
  const auto bound = args.bind("int", {"default", "base"});
  const Value otherwise = bound[0] ? *bound[0] : Value::integer(0);
  std::optional<int64_t> value;
  if (v.is_integral()) value = v.as_integer();
  if (v.is(Kind::real)) value = truncate(v.as_real());
  if (v.is(Kind::undefined)) fail_undefined(v.text());
  if (v.is(Kind::string)) {
    value = parse_integer(v.text(), bound[1] ? static_cast<int>(integer_argument(*bound[1], "base")) : 10);
    if (!value)
      if (const auto real = parse_real(v.text())) value = truncate(*real);
  }
  return value ? Value::integer(*value) : otherwise;
}

Value to_real(Interpreter&, const Value& v, const Args& args) {
  const auto bound = args.bind("float", {"default"});
  if (v.is_number()) return Value::real(v.as_real());
  if (v.is(Kind::undefined)) fail_undefined(v.text());
  if (v.is(Kind::string))
    if (const auto value = parse_real(v.text())) return Value::real(*value);
  return bound[0] ? *bound[0] : Value::real(0);
}

// round(value, precision): the decimal nearest to the exact binary value, ties to even.
double round_half_even(double value, int64_t precision) {
  if (!std::isfinite(value) || precision > 330) return value;
  if (precision < 0) fail("round with a negative precision is supported for integers only");
  char digits[1024];  // 309 digits before the point, 330 behind it

  const auto end =
      std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, static_cast<int>(precision)).ptr;
  double rounded = 0;
  std::from_chars(digits, end, rounded);
  return rounded;
}

Value round_number(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("round", {"precision", "method"});
  const int64_t precision = bound[0] ? integer_argument(*bound[0], "precision") : 0;
  const std::string method = bound[1] ? string_argument(*bound[1], "method") : "common";
  if (method != "common" && method != "ceil" && method != "floor") fail("method must be common, ceil or floor");
  if (v.is(Kind::undefined)) fail_undefined(v.text());
  if (!v.is_number()) fail(fmt::format("type {} cannot be rounded", type_name(v)));
  if (method == "common") {
    if (v.is(Kind::real)) return Value::real(round_half_even(v.as_real(), precision));
    if (precision >= 0) return Value::integer(v.as_integer());
    fail("round of an integer with a negative precision is not supported");
  }
  const Value scale = arithmetic(i.runtime(), Op::pow, Value::integer(10), Value::integer(precision));
  const double scaled = arithmetic(i.runtime(), Op::mul, v, scale).as_real();
  const auto whole = truncate(method == "ceil" ? std::ceil(scaled) : std::floor(scaled));
  if (!whole) fail("cannot convert float infinity or NaN to integer");
  return arithmetic(i.runtime(), Op::div, Value::integer(*whole), scale);
}

Value default_value(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("default", {"default_value", "boolean"});
  const Value otherwise = bound[0] ? *bound[0] : Value::string("");
  if (v.is(Kind::undefined)) return otherwise;
  return bound[1] && truthy(i.runtime(), *bound[1]) && !truthy(i.runtime(), v) ? otherwise : v;
}

// obj.name without the fall-back to obj["name"].
Value attribute(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("attr", {"name"}, 1);
  const std::string& name = string_argument(*bound[0], "name");
  if (v.is(Kind::dict)) {
    if (auto found = method(i.runtime(), v, name)) return *found;
    return Value::undefined(fmt::format("'dict object' has no attribute '{}'", name));
  }
  return get_attribute(i.runtime(), v, name);
}

// The two filters called tojson: Jinja2's own for HTML, and the one that transformers puts in its place.
Value json(Interpreter& i, const Value& v, const Args& args) {
  const auto indent_of = [](const Value* indent) -> std::optional<std::string> {
    if (!indent || indent->is(Kind::none)) return std::nullopt;
    if (indent->is(Kind::string)) return indent->text();
    const int64_t width = integer_argument(*indent, "indent");
    if (width > 1000) fail_limit("an indent of more than 1000 blanks");
    return std::string(static_cast<size_t>(std::max<int64_t>(width, 0)), ' ');
  };
  Runtime& rt = i.runtime();
  if (rt.dialect == Dialect::lm_eval) {
    const auto bound = args.bind("tojson", {"indent"});
    const std::string text = to_json(rt, v, {true, true, indent_of(bound[0]), {}, {}});
    std::string safe;  // for HTML, as Jinja2's own tojson
    for (const char c : text) {
      if (c == '<' || c == '>' || c == '&' || c == '\'')
        safe += fmt::format("\\u{:04x}", static_cast<int>(c));
      else
        safe += c;
    }
    return Value::string(std::move(safe), true);
  }
  const auto bound = args.bind("tojson", {"ensure_ascii", "indent", "separators", "sort_keys"});
  const auto flag = [&](const Value* given) { return given && truthy(rt, *given); };
  JsonStyle style{flag(bound[0]), flag(bound[3]), indent_of(bound[1]), {}, {}};
  if (bound[2] && !bound[2]->is(Kind::none)) {
    const Values separators = iterate(rt, *bound[2]);
    if (separators.size() != 2) fail("separators must be a pair of strings");
    style.item_separator = string_argument(separators[0], "separators");
    style.key_separator = string_argument(separators[1], "separators");
  }
  return Value::string(to_json(rt, v, style));
}

const std::map<std::string_view, FilterFn>& table() {
  static const auto all = [] {
    std::map<std::string_view, FilterFn> map;
    for (const auto* part : {&number_filters(), &text_filters(), &sequence_filters()})
      for (const NamedFilter& f : *part) map.emplace(f.name, f.function);
    return map;
  }();
  return all;
}

}  // namespace

const std::vector<NamedFilter>& number_filters() {
  static const std::vector<NamedFilter> filters{
      {"abs", absolute},    {"int", to_integer},        {"float", to_real},  {"round", round_number},
      {"d", default_value}, {"default", default_value}, {"attr", attribute}, {"tojson", json},
  };
  return filters;
}

FilterFn find_filter(std::string_view name, Dialect dialect) {
  if (name == "regex_replace" && dialect != Dialect::lm_eval) return nullptr;
  const auto found = table().find(name);
  return found == table().end() ? nullptr : found->second;
}

std::vector<std::string> filter_names() {
  std::vector<std::string> names;
  for (const auto& [name, function] : table()) names.emplace_back(name);
  return names;
}

}  // namespace samebits::jinja
