// The strict JSON reader: files come from strangers, and where two readers could disagree about one, a digest over its
// content would mean two things.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "harness/core/canonical_json.h"
#include "harness/core/error.h"
#include "harness/core/utf8.h"

namespace samebits {
namespace {

using nlohmann::json;

constexpr size_t kMaxNumberChars = 32;  // more digits than a double holds are a mistake or an attack

// Recursive descent, one function a rule of RFC 8259's grammar; `at_` is the next byte. Depth is bounded by limits_.
// `Json`: nlohmann's json, or the one that keeps the order of keys.
template <class Json>
class Parser {
 public:
  Parser(std::string_view text, const JsonRefusal& refuse, JsonLimits limits)
      : text_(text), refuse_(refuse), limits_(limits) {}

  Json document() {
    if (text_.size() > limits_.bytes) fail(fmt::format("longer than {} bytes", limits_.bytes), limits_.bytes);
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") fail("a byte order mark", 0);
    Json v = value(1);
    skip_space();
    if (at_ != text_.size()) fail("data after the end of the value", at_);
    return v;
  }

 private:
  [[noreturn]] void fail(const std::string& problem, size_t offset) const {
    refuse_("not valid JSON: " + problem, offset);
    assertion_failed("a refusal throws", __FILE__, __LINE__);
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (at_ < text_.size() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++at_;
  }

  bool closes(char bracket) {
    skip_space();
    if (peek() != bracket) return false;
    ++at_;
    return true;
  }

  void expect(char c, const char* problem) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) fail(problem, at_);
    ++at_;
  }

  Json value(int depth) {
    if (depth > limits_.depth) fail(fmt::format("nested deeper than {}", limits_.depth), at_);
    skip_space();
    if (at_ == text_.size()) fail("it ends where a value is due", at_);
    switch (text_[at_]) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"':
        return string();
      case 't':
        return word("true", true);
      case 'f':
        return word("false", false);
      case 'n':
        return word("null", nullptr);
      default:
        return number();
    }
  }

  Json word(std::string_view spelling, Json v) {
    if (text_.substr(at_, spelling.size()) != spelling) fail("an unknown word", at_);
    at_ += spelling.size();
    return v;
  }

  Json object(int depth) {
    Json out = Json::object();
    auto& members = out.template get_ref<typename Json::object_t&>();
    ++at_;
    if (closes('}')) return out;
    while (true) {
      skip_space();
      const size_t key_at = at_;
      if (peek() != '"') fail("a key in quotes is due", at_);
      const auto [member, inserted] = members.emplace(string(), Json());
      if (!inserted) fail("a key that stood before", key_at);
      expect(':', "':' is due after a key");
      member->second = value(depth + 1);
      if (closes('}')) return out;
      expect(',', "',' or '}' is due");
    }
  }

  Json array(int depth) {
    Json out = Json::array();
    auto& values = out.template get_ref<typename Json::array_t&>();
    ++at_;
    if (closes(']')) return out;
    while (true) {
      values.push_back(value(depth + 1));
      if (closes(']')) return out;
      expect(',', "',' or ']' is due");
    }
  }

  std::string string() {
    std::string out;
    size_t run = ++at_;  // text_[run, at_) is taken as it is
    while (true) {
      if (at_ == text_.size()) fail("a string without its closing quote", run - 1);
      const uint8_t c = static_cast<uint8_t>(text_[at_]);
      if (c == '"' || c == '\\') {
        out.append(text_, run, at_ - run);
        ++at_;
        if (c == '"') return out;
        escape(out);
        run = at_;
      } else if (c < 0x20) {
        fail("a control character in a string", at_);
      } else if (c < 0x80) {
        ++at_;
      } else {
        const Utf8Char character = decode_utf8(text_, at_);
        if (!character.valid) fail("invalid UTF-8", at_);
        at_ += character.bytes;
      }
    }
  }

  void escape(std::string& out) {
    const size_t start = at_ - 1;
    const char c = peek();
    ++at_;
    switch (c) {
      case 'b':
        out += '\b';
        return;
      case 't':
        out += '\t';
        return;
      case 'n':
        out += '\n';
        return;
      case 'f':
        out += '\f';
        return;
      case 'r':
        out += '\r';
        return;
      case '"':
      case '\\':
      case '/':
        out += c;
        return;
      case 'u':
        break;
      default:
        fail("an unknown escape", start);
    }
    uint32_t unit = hex4(start);
    if (unit >= 0xDC00 && unit <= 0xDFFF) fail("a lone surrogate", start);
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      if (text_.substr(at_, 2) != "\\u") fail("a lone surrogate", start);
      at_ += 2;
      const uint32_t low = hex4(start);
      if (low < 0xDC00 || low > 0xDFFF) fail("a lone surrogate", start);
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(out, unit);
  }

  uint32_t hex4(size_t start) {
    uint32_t unit = 0;
    const std::string_view digits = text_.substr(std::min(at_, text_.size()), 4);
    const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
    if (digits.size() != 4 || status != std::errc() || end != digits.data() + 4)
      fail("\\u needs four hex digits", start);
    at_ += 4;
    return unit;
  }

  void digits(const char* problem) {
    const size_t start = at_;
    while (peek() >= '0' && peek() <= '9') ++at_;
    if (at_ == start) fail(problem, at_);
  }

  Json number() {
    const size_t start = at_;
    if (peek() == '-') ++at_;
    const bool leading_zero = peek() == '0';
    const size_t integer_at = at_;
    digits("a value is due");
    if (leading_zero && at_ - integer_at > 1) fail("a leading zero", integer_at);
    bool integer = true;
    if (peek() == '.') {
      integer = false;
      ++at_;
      digits("a digit is due after the decimal point");
    }
    if (peek() == 'e' || peek() == 'E') {
      integer = false;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      digits("a digit is due in the exponent");
    }
    return number_value(text_.substr(start, at_ - start), start, integer);
  }

  // Whether a number that is not 0 lies between -1 and 1: of those beyond the doubles, the ones next to 0.
  static bool is_below_one(std::string_view token) {
    if (token[0] == '-') token.remove_prefix(1);
    const size_t e = std::min(token.find_first_of("eE"), token.size());
    const std::string_view digits = token.substr(0, e);
    const auto point = static_cast<int64_t>(std::min(digits.find('.'), digits.size()));
    const auto leading = static_cast<int64_t>(digits.find_first_not_of("0."));
    int32_t exponent = 0;
    if (e < token.size()) {
      const char* first = token.data() + e + (token[e + 1] == '+' ? 2 : 1);
      if (std::from_chars(first, token.data() + token.size(), exponent).ec != std::errc()) return *first == '-';
    }
    // Digits from the first that is not 0 to the point: 2 of 12.3, -2 of 0.0012.
    return point - leading + (leading > point ? 1 : 0) + exponent <= 0;
  }

  Json number_value(std::string_view token, size_t start, bool integer) const {
    if (token.size() > kMaxNumberChars)
      fail(fmt::format("a number of more than {} characters", kMaxNumberChars), start);
    const char *first = token.data(), *last = first + token.size();
    if (integer) {
      int64_t i;
      if (std::from_chars(first, last, i).ec == std::errc()) return i < 0 ? Json(i) : Json(static_cast<uint64_t>(i));
      uint64_t u;
      if (*first != '-' && std::from_chars(first, last, u).ec == std::errc()) return u;
    }
    double d;
    if (std::from_chars(first, last, d).ec == std::errc()) return d;
    if (!is_below_one(token)) fail("a number beyond the range of a double", start);
    return *first == '-' ? -0.0 : 0.0;  // the nearest double
  }

  std::string_view text_;
  const JsonRefusal& refuse_;
  JsonLimits limits_;
  size_t at_ = 0;
};

}  // namespace

TextPlace place_in(std::string_view text, size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const size_t line_at = before.rfind('\n') + 1;  // npos + 1 is 0
  const auto begins_character = [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; };
  return {1 + static_cast<size_t>(std::count(before.begin(), before.end(), '\n')),
          1 + static_cast<size_t>(std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line_at), before.end(),
                                                begins_character))};
}

json parse_json(std::string_view text, std::string_view where, JsonLimits limits) {
  const JsonRefusal refuse = [&](const std::string& problem, size_t offset) {
    std::string place = fmt::format("{}, byte {}", where, offset);
    // A file of one line, or a record of JSONL, has no line that would help.
    if (const TextPlace at = place_in(text, offset); text.find('\n') < text.size() - 1)
      place += fmt::format(" (line {}, column {})", at.line, at.column);
    throw Error("E0602", problem, place, "mend the file at that byte, or take an undamaged copy");
  };
  return Parser<json>(text, refuse, limits).document();
}

nlohmann::ordered_json parse_ordered_json(std::string_view text, const JsonRefusal& refuse, JsonLimits limits) {
  return Parser<nlohmann::ordered_json>(text, refuse, limits).document();
}

std::string shape_problem(const json::exception& e) {
  constexpr int kNoSuchElement = 401, kNoSuchKey = 403;  // nlohmann's numbers; its texts are not for users
  if (e.id == kNoSuchKey) return "a key is missing";
  return e.id == kNoSuchElement ? "a list is too short" : "a value has another type than is due";
}

}  // namespace samebits
