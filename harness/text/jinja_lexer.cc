// White space follows Jinja2's lexer: see push_text (before a tag) and skip_end (after it).
#include "harness/text/jinja_lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "harness/core/error.h"
#include "harness/core/utf8.h"
#include "harness/text/python_text.h"
#include "harness/text/unicode.h"

namespace samebits::jinja {
namespace {

constexpr size_t kMaxSourceBytes = size_t{1} << 20;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Lexer {
 public:
  Lexer(std::string source, const Options& options, std::string_view where)
      : source_(std::move(source)), options_(options), where_(where) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) text();
    push(TokenKind::end, "");
    return std::move(tokens_);
  }

 private:
  bool looking_at(std::string_view s) const { return std::string_view(source_).substr(at_, s.size()) == s; }
  char peek(size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }

  // Keeps line and column in step with the position.
  void advance(size_t n) {
    for (; n > 0; --n, ++at_) {
      if (source_[at_] == '\n') {
        ++place_.line;
        place_.column = 1;
      } else {
        ++place_.column;
      }
    }
  }

  void push(TokenKind kind, std::string text) { tokens_.push_back({kind, std::move(text), 0, 0, place_}); }

  [[noreturn]] void error(std::string what, std::string hint) const {
    syntax_error(std::move(what), place_, where_, std::move(hint));
  }

  size_t white_space_at(size_t at) const {
    size_t n = 0;
    while (at + n < source_.size()) {
      const Utf8Char c = decode_utf8(source_, at + n);
      if (!is_python_space(c.code_point)) break;
      n += c.bytes;
    }
    return n;
  }

  // Text up to the next tag, and that tag.
  void text() {
    size_t begin = at_;
    while (begin + 1 < source_.size() &&
           !(source_[begin] == '{' &&
             (source_[begin + 1] == '%' || source_[begin + 1] == '{' || source_[begin + 1] == '#')))
      ++begin;
    if (begin + 1 >= source_.size()) {
      const std::string rest = source_.substr(at_);
      push(TokenKind::data, rest);
      advance(rest.size());
      return;
    }
    const char tag = source_[begin + 1];
    const char sign = begin + 2 < source_.size() ? source_[begin + 2] : '\0';
    push_text(begin, sign, tag != '{');
    advance(begin - at_ + 2 + (sign == '-' || sign == '+' ? 1 : 0));
    if (tag == '#') {
      comment();
    } else if (tag == '%' && raw()) {
      return;
    } else {
      inside(tag == '%');
    }
  }

  // `{%-` strips all white space before a tag; lstrip_blocks the blanks of its line, unless `{%+`.
  void push_text(size_t end, char sign, bool strippable) {
    std::string_view data = std::string_view(source_).substr(at_, end - at_);
    if (sign == '-') {
      data = py_rstrip(data);
    } else if (sign != '+' && options_.lstrip_blocks && strippable) {
      const size_t newline = data.rfind('\n');
      const size_t line = newline == std::string_view::npos ? 0 : newline + 1;
      if ((line > 0 || line_starting_) && py_strip(data.substr(line)).empty()) data = data.substr(0, line);
    }
    if (!data.empty()) push(TokenKind::data, std::string(data));
  }

  // The end of a block tag or comment: `%}`, `+%}`, `-%}` and the white space that goes with it.
  bool skip_end(std::string_view close, bool trim_newline) {
    const char sign = peek();
    const bool signed_end = (sign == '-' || sign == '+') && std::string_view(source_).substr(at_ + 1, 2) == close;
    if (!signed_end && !looking_at(close)) return false;
    const size_t before = at_;
    advance(signed_end ? 3 : 2);
    if (signed_end && sign == '-') advance(white_space_at(at_));
    if (!signed_end && trim_newline && peek() == '\n') advance(1);
    line_starting_ = at_ > before && source_[at_ - 1] == '\n';
    return true;
  }

  void comment() {
    while (at_ < source_.size())
      if (skip_end("#}", options_.trim_blocks))
        return;
      else
        advance(1);
    error("a comment is not closed", "end it with #}");
  }

  // {% raw %} … {% endraw %}: text that is not looked into. False when the tag is another one.
  bool raw() {
    size_t n = white_space_at(at_);
    if (std::string_view(source_).substr(at_ + n, 3) != "raw") return false;
    n += 3;
    n += white_space_at(at_ + n);
    const std::string_view rest = std::string_view(source_).substr(at_ + n);
    const bool minus = rest.substr(0, 3) == "-%}";
    if (!minus && rest.substr(0, 2) != "%}") return false;
    advance(n + (minus ? 3 : 2));
    if (minus) advance(white_space_at(at_));
    line_starting_ = source_[at_ - 1] == '\n';
    for (size_t end = source_.find("{%", at_); end != std::string::npos; end = source_.find("{%", end + 2)) {
      const char sign = end + 2 < source_.size() ? source_[end + 2] : '\0';
      size_t tail = end + 2 + (sign == '-' || sign == '+' ? 1 : 0);
      tail += white_space_at(tail);
      if (std::string_view(source_).substr(tail, 6) != "endraw") continue;
      tail += 6;
      tail += white_space_at(tail);
      const std::string_view close = std::string_view(source_).substr(tail);
      if (close.substr(0, 2) != "%}" && close.substr(0, 3) != "-%}" && close.substr(0, 3) != "+%}") continue;
      push_text(end, sign, true);
      advance(tail - at_);
      skip_end("%}", options_.trim_blocks);
      return true;
    }
    error("a raw block is not closed", "end it with {% endraw %}");
  }

  // The inside of {{ … }} or {% … %}.
  void inside(bool block) {
    push(block ? TokenKind::block_begin : TokenKind::variable_begin, "");
    std::string brackets;  // open ones: }} inside a dict literal does not end the tag
    while (at_ < source_.size()) {
      if (brackets.empty() && end_of_tag(block)) return;
      if (const size_t n = white_space_at(at_); n > 0) {
        advance(n);
      } else if (const size_t name = name_length(); name > 0) {
        push(TokenKind::name, source_.substr(at_, name));
        advance(name);
      } else if (is_digit(peek())) {
        number();
      } else if (peek() == '"' || peek() == '\'') {
        string();
      } else {
        symbol(brackets);
      }
    }
    error("a tag is not closed", block ? "end it with %}" : "end it with }}");
  }

  // -}} and -%} also swallow the white space behind them.
  bool end_of_tag(bool block) {
    const Place place = place_;
    if (block) {
      if (!skip_end("%}", options_.trim_blocks)) return false;
    } else {
      const bool minus = looking_at("-}}");
      if (!minus && !looking_at("}}")) return false;
      advance(minus ? 3 : 2);
      if (minus) advance(white_space_at(at_));
      line_starting_ = source_[at_ - 1] == '\n';
    }
    tokens_.push_back({block ? TokenKind::block_end : TokenKind::variable_end, "", 0, 0, place});
    return true;
  }

  // Bytes of a name that starts here: letters of any script, _ and, further on, digits and marks. 0: none.
  size_t name_length() const {
    size_t n = 0;
    while (at_ + n < source_.size()) {
      const Utf8Char c = decode_utf8(source_, at_ + n);
      const bool starts = c.code_point == '_' || is_letter(c.code_point) || category(c.code_point) == Category::Nl;
      const bool continues = is_mark(c.code_point) || category(c.code_point) == Category::Nd;
      if (!starts && !(n > 0 && continues)) break;
      n += c.bytes;
    }
    return n;
  }

  // Digits with single underscores between them, from `ahead` on.
  size_t digits(size_t ahead, int base) const {
    size_t n = 0;
    const auto ok = [&](char c) { return hex_digit(c) >= 0 && hex_digit(c) < base; };
    while (ok(peek(ahead + n)) || (n > 0 && peek(ahead + n) == '_' && ok(peek(ahead + n + 1)))) ++n;
    return n;
  }

  // 12, 1_000, 0xff, 1.5, 1e-3. After a dot a number is an index: a.0.1 has two.
  void number() {
    const bool after_dot = at_ > 0 && source_[at_ - 1] == '.';  // a.0.1: two integers
    const char letter = static_cast<char>(peek(1) | 0x20);
    const int base = peek() != '0' ? 10 : letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    if (base != 10 && digits(2, base) > 0) return integer(2, digits(2, base), base);
    const size_t whole = digits(0, 10);
    size_t n = whole;
    if (peek(n) == '.' && digits(n + 1, 10) > 0) n += 1 + digits(n + 1, 10);
    if (peek(n) == 'e' || peek(n) == 'E') {
      const size_t sign = peek(n + 1) == '+' || peek(n + 1) == '-' ? 1 : 0;
      if (const size_t exponent = digits(n + 1 + sign, 10); exponent > 0) n += 1 + sign + exponent;
    }
    if (n == whole || after_dot) return integer(0, whole, 10);
    std::string text = source_.substr(at_, n);
    std::erase(text, '_');
    push(TokenKind::real, text);
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), tokens_.back().real);
    if (status != std::errc() || end != text.data() + text.size())
      error("a number is out of range", "write a number that a double can hold");
    advance(n);
  }

  void integer(size_t prefix, size_t n, int base) {
    std::string text = source_.substr(at_ + prefix, n);
    std::erase(text, '_');
    push(TokenKind::integer, text);
    if (base == 10 && text[0] == '0' && text.find_first_not_of('0') != std::string::npos)
      error("a number has leading zeros", "drop the zeros");
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), tokens_.back().integer, base);
    if (status != std::errc()) error("an integer does not fit 64 bits", "write a smaller number");
    advance(prefix + n);
  }

  // Up to the same quote, a backslash hides the next character.
  void string() {
    const char quote = peek();
    size_t n = 1;
    while (at_ + n < source_.size() && peek(n) != quote) n += peek(n) == '\\' ? 2 : 1;
    if (at_ + n >= source_.size()) error("a string is not closed", fmt::format("end it with {}", quote));
    push(TokenKind::string, unescape(std::string_view(source_).substr(at_ + 1, n - 1)));
    advance(n + 1);
  }

  // Python's escapes of a str literal. Unknown ones stay as written.
  std::string unescape(std::string_view text) const {
    static constexpr std::string_view kLetters = "abfnrtv\\'\"", kMeanings = "\a\b\f\n\r\t\v\\'\"";
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '\\' || i + 1 == text.size()) {
        out += text[i];
        continue;
      }
      const char letter = text[++i];
      if (const size_t known = kLetters.find(letter); known != std::string_view::npos) {
        out += kMeanings[known];
      } else if (letter == '\n') {
        continue;  // a line continuation
      } else if (letter >= '0' && letter <= '7') {
        append_code_point(out, text, i, 3, 8);
      } else if (letter == 'x' || letter == 'u' || letter == 'U') {
        const size_t n_digits = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
        if (append_code_point(out, text, ++i, n_digits, 16) != n_digits)
          error(fmt::format("\\{} in a string needs {} hexadecimal digits", letter, n_digits), "write all digits");
      } else {
        out += '\\';
        out += letter;
      }
    }
    return out;
  }

  // Reads at most `max` digits from text[i] on; leaves `i` at the last one. Returns how many.
  size_t append_code_point(std::string& out, std::string_view text, size_t& i, size_t max, int base) const {
    uint32_t value = 0;
    size_t n = 0;
    for (; n < max && i + n < text.size(); ++n) {
      const int digit = hex_digit(text[i + n]);
      if (digit < 0 || digit >= base) break;
      value = value * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit);
    }
    i += n > 0 ? n - 1 : 0;
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
      error(fmt::format("a string names U+{:04X}, which is no character", value), "write another code point");
    append_utf8(out, static_cast<char32_t>(value));
    return n;
  }

  // Operators and punctuation; `brackets` holds the closing ones that are awaited.
  void symbol(std::string& brackets) {
    static constexpr std::string_view kTwo[] = {"//", "**", "==", "!=", ">=", "<="};
    static constexpr std::string_view kOne = "+-/*%~[](){}><=.:|,;";
    const auto two = std::find_if(std::begin(kTwo), std::end(kTwo), [&](auto s) { return looking_at(s); });
    const std::string text = two != std::end(kTwo) ? std::string(*two) : std::string(1, peek());
    if (two == std::end(kTwo) && kOne.find(peek()) == std::string_view::npos)
      error(fmt::format("unexpected character '{}'", source_.substr(at_, decode_utf8(source_, at_).bytes)),
            "remove it, or put it into quotes");
    if (text == "(" || text == "[" || text == "{") brackets += text == "(" ? ')' : text == "[" ? ']' : '}';
    if (text == ")" || text == "]" || text == "}") {
      if (brackets.empty() || brackets.back() != text[0])
        error(fmt::format("unexpected '{}'", text), "open the bracket before closing it");
      brackets.pop_back();
    }
    push(TokenKind::symbol, text);
    advance(text.size());
  }

  const std::string source_;
  const Options options_;
  const std::string_view where_;
  size_t at_ = 0;
  Place place_;
  bool line_starting_ = true;  // the text that follows begins a line
  std::vector<Token> tokens_;
};

// Every line ends in \n; the last one is dropped unless the options keep it.
std::string normalise_newlines(std::string_view source, bool keep_trailing_newline) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r' && i + 1 < source.size() && source[i + 1] == '\n') continue;
    out += source[i] == '\r' ? '\n' : source[i];
  }
  if (!keep_trailing_newline && !out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

}  // namespace

void syntax_error(std::string what, Place place, std::string_view where, std::string hint) {
  throw Error("E0310", std::move(what), fmt::format("{}:{}:{}", where, place.line, place.column), std::move(hint));
}

std::vector<Token> tokenize(std::string_view source, const Options& options, std::string_view where) {
  if (source.size() > kMaxSourceBytes)
    throw Error("E0312", fmt::format("the template has {} bytes; at most {} are read", source.size(), kMaxSourceBytes),
                std::string(where), "move data out of the template, into the documents");
  if (!is_valid_utf8(source))
    syntax_error(fmt::format("the template is not UTF-8 at byte {}", find_invalid_utf8(source)), {}, where,
                 "save it as UTF-8");
  return Lexer(normalise_newlines(source, options.keep_trailing_newline), options, where).run();
}

}  // namespace samebits::jinja
