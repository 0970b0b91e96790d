#include "harness/text/regex_syntax.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/core/error.h"
#include "harness/core/utf8.h"

namespace samebits {
namespace {

// Python's classes, spelled out: PCRE2's own \s lacks U+001C to U+001F, its \w changed between versions.
constexpr std::string_view kSpace = R"(\s\x{1c}-\x{1f})", kWord = R"(\p{L}\p{N}_)";
constexpr std::string_view kBoundary = R"((?:(?<=[\p{L}\p{N}_])(?![\p{L}\p{N}_])|(?<![\p{L}\p{N}_])(?=[\p{L}\p{N}_])))";
// Python up to 3.13: \B never matches the empty string.
constexpr std::string_view kNoBoundary =
    R"((?!\A\z)(?:(?<=[\p{L}\p{N}_])(?=[\p{L}\p{N}_])|(?<![\p{L}\p{N}_])(?![\p{L}\p{N}_])))";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }
bool is_letter_ascii(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

class Translator {
 public:
  explicit Translator(std::string_view pattern) : in_(pattern) {}

  std::string run() {
    if (!is_valid_utf8(in_)) error("the pattern is not UTF-8", "save it as UTF-8");
    while (at_ < in_.size()) {
      const char c = in_[at_];
      if (c == '\\') {
        escape(false);
      } else if (c == '[') {
        char_class();
      } else if (c == '(') {
        group();
      } else if (c == '{') {
        brace();
      } else {
        out_ += c;
        ++at_;
      }
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void error(std::string what, std::string hint) const {
    throw Error("E0313", std::move(what), fmt::format("offset {} of the pattern {}", at_, in_), std::move(hint));
  }
  char peek(size_t n = 0) const { return at_ + n < in_.size() ? in_[at_ + n] : '\0'; }
  bool looking_at(std::string_view s) const { return in_.substr(at_, s.size()) == s; }

  void code_point(uint32_t value) {
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
      error(fmt::format("U+{:04X} is no character", value), "write another code point");
    out_ += fmt::format("\\x{{{:x}}}", value);
  }

  // Anything but an ASCII letter or digit may be escaped; letters must be known.
  void escape(bool in_class) {
    if (at_ + 1 >= in_.size()) error("the pattern ends in a backslash", "escape the backslash, or remove it");
    const char c = peek(1);
    if (c == 'x' || c == 'u' || c == 'U') return hexadecimal(c == 'x' ? 2 : c == 'u' ? 4 : 8);
    if (is_digit(c)) return number(in_class);
    if (is_letter_ascii(c)) return letter(c, in_class);
    out_ += '\\';
    const size_t n = decode_utf8(in_, at_ + 1).bytes;
    if (n > 1) out_.pop_back();  // beyond ASCII nothing needs an escape
    out_ += in_.substr(at_ + 1, n);
    at_ += 1 + n;
  }

  void hexadecimal(size_t n_digits) {
    uint32_t value = 0;
    for (size_t i = 0; i < n_digits; ++i) {
      const char c = peek(2 + i);
      if (!is_hex(c)) error(fmt::format("an escape needs {} hexadecimal digits", n_digits), "write all digits");
      value = value * 16 + static_cast<uint32_t>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    code_point(value);
    at_ += 2 + n_digits;
  }

  // \0, \012: octal; \1 … \99: a group.
  void number(bool in_class) {
    size_t n = 1;
    const bool three_octal = is_octal(peek(1)) && is_octal(peek(2)) && is_octal(peek(3));
    if (peek(1) == '0' || in_class || three_octal) {
      uint32_t value = 0;
      for (n = 0; n < 3 && is_octal(peek(1 + n)); ++n) value = value * 8 + static_cast<uint32_t>(peek(1 + n) - '0');
      if (n == 0 || value > 0377) error("a bad octal escape", "write \\x with two digits");
      code_point(value);
    } else {
      if (is_digit(peek(2))) n = 2;
      out_ += fmt::format("\\g{{{}}}", in_.substr(at_ + 1, n));
    }
    at_ += 1 + n;
  }

  void letter(char c, bool in_class) {
    at_ += 2;
    if (std::string_view("afnrtdD").find(c) != std::string_view::npos) {
      out_ += {'\\', c};
    } else if (c == 'v') {
      out_ += R"(\x{b})";
    } else if (c == 's') {
      out_ += in_class ? std::string(kSpace) : fmt::format("[{}]", kSpace);
    } else if (c == 'w') {
      out_ += in_class ? std::string(kWord) : fmt::format("[{}]", kWord);
    } else if (c == 'S') {
      out_ += in_class ? R"(\S)" : fmt::format("[^{}]", kSpace);
    } else if (c == 'W') {
      out_ += in_class ? R"(\W)" : fmt::format("[^{}]", kWord);
    } else if (c == 'b') {
      out_ += in_class ? R"(\x{8})" : kBoundary;
    } else if (c == 'B' && !in_class) {
      out_ += kNoBoundary;
    } else if (c == 'A' && !in_class) {
      out_ += R"(\A)";
    } else if (c == 'Z' && !in_class) {
      out_ += R"(\z)";
    } else {
      at_ -= 2;
      error(fmt::format("bad escape \\{}", c), "Python's re does not know it either; remove the backslash");
    }
  }

  // [...]: a bracket inside is literal, so is a ] that comes first.
  void char_class() {
    const size_t begin = at_;
    out_ += in_[at_++];
    if (peek() == '^') out_ += in_[at_++];
    bool first = true;
    while (at_ < in_.size() && (in_[at_] != ']' || first)) {
      first = false;
      if (in_[at_] == '\\') {
        escape(true);
      } else if (in_[at_] == '[' || in_[at_] == ']') {
        out_ += '\\';  // literal; to PCRE2 it could begin [:name:]
        out_ += in_[at_++];
      } else {
        out_ += in_[at_++];
      }
    }
    if (at_ >= in_.size()) {
      at_ = begin;
      error("a character set is not closed", "end it with ]");
    }
    out_ += in_[at_++];
  }

  // Of Python's extensions all but (?a) and (?L), which would leave Unicode.
  void group() {
    if (peek(1) == '*') error("nothing to repeat", "escape the asterisk");
    if (peek(1) != '?') {
      out_ += in_[at_++];
      return;
    }
    for (const std::string_view known : {"(?:", "(?P<", "(?P=", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?("}) {
      if (!looking_at(known)) continue;
      out_ += known;
      at_ += known.size();
      return;
    }
    if (looking_at("(?#")) {
      const size_t close = in_.find(')', at_);
      if (close == std::string_view::npos) error("a comment is not closed", "end it with )");
      at_ = close + 1;
      return;
    }
    // (?flags) and (?flags-flags:…). `u` is the default of str patterns.
    const size_t end = in_.find_first_of(":)", at_);
    const std::string_view flags = end == std::string_view::npos ? "?" : in_.substr(at_ + 2, end - at_ - 2);
    if (flags.empty() || flags.find_first_not_of("imsxu-") != std::string_view::npos)
      error("an unknown or unsupported extension (?…", "use groups and the flags i, m, s, x of Python's re");
    if (in_[end] == ')' && at_ != 0) error("global flags not at the start of the expression", "move them to the start");
    out_ += "(?";
    for (const char flag : flags)
      if (flag != 'u') out_ += flag;
    out_ += in_[end];
    at_ = end + 1;
  }

  // {,n} counts from 0; a brace that counts nothing is a literal.
  void brace() {
    const size_t close = in_.find('}', at_);
    const std::string_view inner = close == std::string_view::npos ? "" : in_.substr(at_ + 1, close - at_ - 1);
    const size_t comma = std::min(inner.find(','), inner.size());
    const auto digits = [](std::string_view s) { return s.find_first_not_of("0123456789") == std::string_view::npos; };
    const std::string_view low = inner.substr(0, comma), high = inner.substr(std::min(comma + 1, inner.size()));
    if (inner.empty() || !digits(low) || !digits(high)) {
      out_ += "\\{";
      ++at_;
      return;
    }
    out_ += low.empty() ? fmt::format("{{0,{}}}", high) : fmt::format("{{{}}}", inner);
    at_ = close + 1;
  }

  const std::string_view in_;
  size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string translate_python_regex(std::string_view pattern) { return Translator(pattern).run(); }

}  // namespace samebits
