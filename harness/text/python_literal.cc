// repr() and ast.literal_eval() of python_text.h.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/core/error.h"
#include "harness/core/utf8.h"
#include "harness/text/python_text.h"
#include "harness/text/unicode.h"

namespace samebits {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 64;

// Recursive descent over the literal part of Python's grammar (reference: "Lexical analysis", 3.11); depth bounded.
class LiteralParser {
 public:
  LiteralParser(std::string_view text, std::string_view where) : text_(text), where_(where) {}

  Json parse() {
    skip_space();
    Json value = parse_value(0);
    skip_space();
    if (at_ != text_.size()) fail("trailing text after the literal");
    return value;
  }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    throw Error("E0390", fmt::format("not a Python literal: {}", why), fmt::format("{}, byte {}", where_, at_),
                "Write a string, number, True, False, None, or a list, tuple or dict of them.");
  }

  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\n\r\f").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  Json parse_value(int depth) {
    if (depth > kMaxDepth) fail(fmt::format("nested deeper than {}", kMaxDepth));
    const char c = peek();
    if (c == '[') return parse_sequence(']', depth);
    if (c == '(') return parse_sequence(')', depth);
    if (c == '{') return parse_dict(depth);
    if (c == '+' || c == '-' || c == '.' || (c >= '0' && c <= '9')) return parse_number();
    if (starts_string()) return parse_string();
    if (take("True")) return true;
    if (take("False")) return false;
    if (take("None")) return nullptr;
    fail(at_ == text_.size() ? "it ends too early" : "a name, operator or call");
  }

  // "(x)" is x itself, "(x,)" a tuple of one.
  Json parse_sequence(char close, int depth) {
    ++at_;
    Json items = Json::array();
    bool comma = false;
    for (skip_space(); peek() != close; skip_space()) {
      if (!items.empty() && !comma) fail("a comma is missing");
      items.push_back(parse_value(depth + 1));
      skip_space();
      comma = take(",");
    }
    ++at_;
    if (close == ')' && items.size() == 1 && !comma) return Json(std::move(items[0]));
    return items;
  }

  Json parse_dict(int depth) {
    ++at_;
    Json dict = Json::object();
    bool comma = true;
    for (skip_space(); peek() != '}'; skip_space()) {
      if (!comma) fail("a comma is missing");
      if (!starts_string()) fail("a dict key that is not a string");
      const std::string key = parse_string();
      skip_space();
      if (!take(":")) fail("':' is missing after a dict key");
      skip_space();
      dict[key] = parse_value(depth + 1);
      skip_space();
      comma = take(",");
    }
    ++at_;
    return dict;
  }

  Json parse_number() {
    bool negative = false;  // literal_eval allows signs in a row: --1
    while (peek() == '+' || peek() == '-') negative ^= text_[at_++] == '-';
    std::string digits;
    const int base = number_base();
    for (char c = peek(); is_number_char(c, base, digits); c = peek()) {
      if (c != '_') digits += c;
      ++at_;
    }
    // "00" is a literal and "01" is not: Python 2 read it as octal.
    const bool floating = base == 10 && digits.find_first_of(".eE") != std::string::npos;
    if (base == 10 && !floating && digits.size() > 1 && digits[0] == '0' &&
        digits.find_first_not_of('0') != std::string::npos)
      fail("a decimal integer with leading zeros");
    return floating ? to_float(digits, negative) : to_integer(digits, base, negative);
  }

  int number_base() {
    if (take("0x") || take("0X")) return 16;
    if (take("0o") || take("0O")) return 8;
    if (take("0b") || take("0B")) return 2;
    return 10;
  }

  bool is_number_char(char c, int base, const std::string& before) const {
    if (c == '_') return at_ > 0 && is_hex(text_[at_ - 1]) && is_hex(peek(1));  // only between digits
    if (base == 16) return is_hex(c);
    if (base == 10 && (c == '.' || c == 'e' || c == 'E')) return true;
    if (base == 10 && (c == '+' || c == '-')) return !before.empty() && (before.back() == 'e' || before.back() == 'E');
    return c >= '0' && c < '0' + base;
  }
  static bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

  Json to_float(const std::string& digits, bool negative) const {
    double value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (error == std::errc::result_out_of_range) fail("a float beyond binary64");
    if (error != std::errc() || stop != end) fail("a malformed number");
    return negative ? -value : value;
  }

  Json to_integer(const std::string& digits, int base, bool negative) const {
    uint64_t magnitude = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, magnitude, base);
    if (error == std::errc::result_out_of_range) fail("an integer beyond 64 bits");
    if (error != std::errc() || stop != end) fail("a malformed number");
    if (!negative) return magnitude <= INT64_MAX ? Json(static_cast<int64_t>(magnitude)) : Json(magnitude);
    if (magnitude > uint64_t{1} << 63) fail("an integer beyond 64 bits");
    return Json(static_cast<int64_t>(~magnitude + 1));
  }

  bool starts_string() const {
    const char c = peek();
    const size_t quote = c == 'r' || c == 'R' || c == 'u' || c == 'U' ? 1 : 0;
    return peek(quote) == '"' || peek(quote) == '\'';
  }

  // Adjacent strings are one string.
  std::string parse_string() {
    std::string out;
    size_t end = at_;
    do {
      parse_one_string(out);
      end = at_;
      skip_space();
    } while (starts_string());
    at_ = end;
    if (!is_valid_utf8(out)) fail("a string with invalid UTF-8");
    return out;
  }

  void parse_one_string(std::string& out) {
    const bool raw = peek() == 'r' || peek() == 'R';
    if (peek() != '"' && peek() != '\'') ++at_;
    const std::string_view one = text_.substr(at_, 1);
    const std::string triple(3, one[0]);
    const bool is_triple = take(triple);
    if (!is_triple) take(one);
    while (!take(is_triple ? std::string_view(triple) : one)) {
      if (at_ == text_.size()) fail("a string that does not end");
      if (!is_triple && (peek() == '\n' || peek() == '\r')) fail("a line break inside a string");
      if (peek() != '\\') {
        out += text_[at_++];
      } else if (raw) {
        if (at_ + 1 >= text_.size()) fail("a string that does not end");
        out += text_.substr(at_, 2);
        at_ += 2;
      } else {
        parse_escape(out);
      }
    }
  }

  void parse_escape(std::string& out) {
    if (++at_ == text_.size()) fail("a string that does not end");
    const char c = text_[at_++];
    constexpr std::string_view kNames = "\\'\"abfnrtv", kValues = "\\'\"\a\b\f\n\r\t\v";
    if (const size_t named = kNames.find(c); named != std::string_view::npos) {
      out += kValues[named];
    } else if (c == '\n') {  // a continued line
    } else if (c >= '0' && c <= '7') {
      --at_;
      append_escaped(out, 8, 1, 3);
    } else if (c == 'x') {
      append_escaped(out, 16, 2, 2);
    } else if (c == 'u') {
      append_escaped(out, 16, 4, 4);
    } else if (c == 'U') {
      append_escaped(out, 16, 8, 8);
    } else if (c == 'N') {
      fail("an escape by name, \\N{...}");
    } else {
      (out += '\\') += c;  // Python keeps an unknown escape as it stands
    }
  }

  void append_escaped(std::string& out, int base, size_t min_digits, size_t max_digits) {
    const std::string_view digits = text_.substr(at_, max_digits);
    uint32_t value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    const size_t used = stop - digits.data();
    if (error != std::errc() || used < min_digits) fail("a malformed escape");
    // A Python str may hold a lone surrogate; UTF-8 and hence a prompt cannot.
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) fail("an escape that is no character");
    at_ += used;
    append_utf8(out, value);
  }

  std::string_view text_, where_;
  size_t at_ = 0;
};

// str.isprintable: a repr writes everything else as an escape.
bool is_printable(char32_t c) {
  const Category k = category(c);
  return c == ' ' || (k != Category::Cn && (k < Category::Zs || k > Category::Co));
}

}  // namespace

std::string py_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  SAMEBITS_ASSERT(error == std::errc());
  // to_chars and Python both choose the shortest digits that read back; only the layout differs.
  std::string_view text(buffer, end - buffer);  // [-]d[.ddd]e±dd
  const std::string sign(text.starts_with('-') ? "-" : "");
  text.remove_prefix(sign.size());
  const size_t e = text.find('e');
  std::string digits(text.substr(0, 1));
  if (e > 2) digits += text.substr(2, e - 2);
  int exponent = 0;
  const char* first = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(first, text.data() + text.size(), exponent);
  if (exponent < -4 || exponent >= 16) {  // Python's float_repr_style: 'r' switches at these two
    const std::string fraction = digits.size() > 1 ? "." + digits.substr(1) : "";
    return fmt::format("{}{}{}e{}{:02}", sign, digits[0], fraction, exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  if (exponent < 0) return fmt::format("{}0.{}{}", sign, std::string(-exponent - 1, '0'), digits);
  const size_t whole = exponent + 1;
  if (digits.size() <= whole) return fmt::format("{}{}{}.0", sign, digits, std::string(whole - digits.size(), '0'));
  return fmt::format("{}{}.{}", sign, digits.substr(0, whole), digits.substr(whole));
}

std::string py_repr(std::string_view text) {
  // Python prefers single quotes, unless only they would need an escape.
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (char32_t c : to_code_points(text)) {
    constexpr std::u32string_view kPlain = U"\\\n\r\t";
    const size_t plain = kPlain.find(c);
    if (c == static_cast<char32_t>(quote)) {
      (out += '\\') += quote;
    } else if (plain != std::u32string_view::npos) {
      (out += '\\') += "\\nrt"[plain];
    } else if (is_printable(c)) {
      append_utf8(out, c);
    } else {
      const auto code = static_cast<uint32_t>(c);
      out += code < 0x100     ? fmt::format("\\x{:02x}", code)
             : code < 0x10000 ? fmt::format("\\u{:04x}", code)
                              : fmt::format("\\U{:08x}", code);
    }
  }
  return out += quote;
}

Json py_literal_eval(std::string_view text, std::string_view where) { return LiteralParser(text, where).parse(); }

}  // namespace samebits
