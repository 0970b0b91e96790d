#include "harness/core/canonical_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

#include "harness/core/error.h"

namespace samebits {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxExactInteger = (uint64_t{1} << 53) - 1;  // RFC 7493 §2.2
constexpr size_t kMaxNumberChars = 32;  // more digits than a double holds are a mistake or an attack

uint8_t byte_at(std::string_view s, size_t i) { return static_cast<uint8_t>(s[i]); }

// Decodes the sequence at s[i] (RFC 3629: no overlong forms, no surrogates). Returns its length, 0 when invalid.
size_t decode_utf8(std::string_view s, size_t i, uint32_t* code_point) {
  const uint8_t lead = byte_at(s, i);
  if (lead < 0x80) {
    *code_point = lead;
    return 1;
  }
  const size_t n = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || s.size() - i < n) return 0;
  uint32_t c = lead & (0xFFu >> (n + 1));
  for (size_t k = 1; k < n; ++k) {
    const uint8_t next = byte_at(s, i + k);
    if ((next & 0xC0) != 0x80) return 0;
    c = c << 6 | (next & 0x3F);
  }
  const bool overlong = (n == 3 && c < 0x800) || (n == 4 && c < 0x10000);
  if (overlong || (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF) return 0;
  *code_point = c;
  return n;
}

void append_utf8(uint32_t c, std::string& out) {
  if (c < 0x80) {
    out += static_cast<char>(c);
    return;
  }
  const int tail = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;  // continuation bytes
  static constexpr uint8_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
  out += static_cast<char>(kLead[tail] | c >> (6 * tail));
  for (int k = tail - 1; k >= 0; --k) out += static_cast<char>(0x80 | (c >> (6 * k) & 0x3F));
}

// ---- Writing ----

[[noreturn]] void refuse(std::string problem) {
  throw Error("E0601", std::move(problem), "", "change the value, or carry it as a string");
}

// The letter after the backslash of RFC 8785 §3.2.2.2's short escapes, else 0.
char short_escape(uint8_t c) {
  switch (c) {
    case '\b':
      return 'b';
    case '\t':
      return 't';
    case '\n':
      return 'n';
    case '\f':
      return 'f';
    case '\r':
      return 'r';
    case '"':
      return '"';
    case '\\':
      return '\\';
    default:
      return 0;
  }
}

void append_string(std::string_view s, std::string& out) {
  out += '"';
  size_t run = 0;  // s[run, i) needs no escape
  for (size_t i = 0; i < s.size();) {
    const uint8_t c = byte_at(s, i);
    if (c >= 0x80) {
      uint32_t code_point;
      const size_t n = decode_utf8(s, i, &code_point);
      if (n == 0) refuse(fmt::format("a string is not valid UTF-8 at its byte {}", i));
      i += n;
      continue;
    }
    if (c < 0x20 || c == '"' || c == '\\') {
      out.append(s, run, i - run);
      if (const char letter = short_escape(c)) {
        out += '\\';
        out += letter;
      } else {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", c);
      }
      run = i + 1;
    }
    ++i;
  }
  out.append(s, run);
  out += '"';
}

// ECMAScript Number::toString over the shortest digits that round-trip.
void append_double(double v, std::string& out) {
  if (!std::isfinite(v)) refuse("NaN and infinity have no JSON form");
  if (v == 0) v = 0;  // drops the sign of -0
  if (v < 0) out += '-';
  char buffer[32];
  char* end = std::to_chars(buffer, buffer + sizeof buffer, std::abs(v), std::chars_format::scientific).ptr;
  char* e = std::find(buffer, end, 'e');
  std::string digits(1, buffer[0]);
  if (e - buffer > 1) digits.append(buffer + 2, e);
  int exponent = 0;
  std::from_chars(e[1] == '+' ? e + 2 : e + 1, end, exponent);
  const int point = v == 0 ? 1 : exponent + 1;  // digits before the decimal point ("n" of the standard)
  const int k = static_cast<int>(digits.size());
  if (k <= point && point <= 21) {
    out += digits.append(static_cast<size_t>(point - k), '0');
  } else if (0 < point && point <= 21) {
    out += digits.insert(static_cast<size_t>(point), 1, '.');
  } else if (-6 < point && point <= 0) {
    out.append("0.").append(static_cast<size_t>(-point), '0').append(digits);
  } else {
    if (k > 1) digits.insert(1, 1, '.');
    fmt::format_to(std::back_inserter(out), "{}e{:+}", digits, point - 1);
  }
}

void append_integer(uint64_t magnitude, bool negative, std::string& out) {
  if (magnitude > kMaxExactInteger)
    refuse(fmt::format("the integer {}{} is beyond 2^53 - 1", negative ? "-" : "", magnitude));
  fmt::format_to(std::back_inserter(out), "{}{}", negative ? "-" : "", magnitude);
}

// UTF-16 order of valid UTF-8: that of the bytes, but supplementary characters (lead bytes F0…F4, surrogates in
// UTF-16) come before U+E000…U+FFFF (lead bytes EE, EF).
uint8_t utf16_rank(uint8_t byte) { return byte < 0xEE ? byte : byte < 0xF0 ? byte + 8 : byte - 2; }

bool utf16_less(std::string_view a, std::string_view b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return utf16_rank(static_cast<uint8_t>(x)) < utf16_rank(static_cast<uint8_t>(y));
  });
}

void append_value(const json& v, std::string& out);

void append_object(const json::object_t& object, std::string& out) {
  std::vector<const json::object_t::value_type*> members;  // byte order already
  members.reserve(object.size());
  bool supplementary = false;
  for (const auto& member : object) {
    members.push_back(&member);
    for (char c : member.first) supplementary = supplementary || static_cast<uint8_t>(c) >= 0xF0;
  }
  if (supplementary)
    std::sort(members.begin(), members.end(), [](auto* a, auto* b) { return utf16_less(a->first, b->first); });
  out += '{';
  for (const auto* member : members) {
    if (member != members.front()) out += ',';
    append_string(member->first, out);
    out += ':';
    append_value(member->second, out);
  }
  out += '}';
}

void append_value(const json& v, std::string& out) {
  switch (v.type()) {
    case json::value_t::null:
      out += "null";
      return;
    case json::value_t::boolean:
      out += v.get<bool>() ? "true" : "false";
      return;
    case json::value_t::string:
      append_string(v.get_ref<const std::string&>(), out);
      return;
    case json::value_t::number_unsigned:
      append_integer(v.get<uint64_t>(), false, out);
      return;
    case json::value_t::number_integer: {
      const auto i = v.get<int64_t>();
      append_integer(i < 0 ? -static_cast<uint64_t>(i) : static_cast<uint64_t>(i), i < 0, out);
      return;
    }
    case json::value_t::number_float:
      append_double(v.get<double>(), out);
      return;
    case json::value_t::object:
      append_object(v.get_ref<const json::object_t&>(), out);
      return;
    case json::value_t::array: {
      out += '[';
      for (size_t i = 0; i < v.size(); ++i) {
        if (i > 0) out += ',';
        append_value(v[i], out);
      }
      out += ']';
      return;
    }
    default:
      refuse("a binary or discarded value has no JSON form");
  }
}

// ---- Reading ----

class Parser {
 public:
  Parser(std::string_view text, std::string_view where, JsonLimits limits)
      : text_(text), where_(where), limits_(limits) {}

  json document() {
    if (text_.size() > limits_.bytes) fail(fmt::format("longer than {} bytes", limits_.bytes), limits_.bytes);
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") fail("a byte order mark", 0);
    json v = value(1);
    skip_space();
    if (at_ != text_.size()) fail("data after the end of the value", at_);
    return v;
  }

 private:
  [[noreturn]] void fail(const std::string& problem, size_t offset) const {
    throw Error("E0602", "not valid JSON: " + problem, fmt::format("{}, byte {}", where_, offset),
                "mend the file at that byte, or take an undamaged copy");
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

  json value(int depth) {
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

  json word(std::string_view spelling, json v) {
    if (text_.substr(at_, spelling.size()) != spelling) fail("an unknown word", at_);
    at_ += spelling.size();
    return v;
  }

  json object(int depth) {
    json out = json::object();
    auto& members = out.get_ref<json::object_t&>();
    ++at_;
    if (closes('}')) return out;
    while (true) {
      skip_space();
      const size_t key_at = at_;
      if (peek() != '"') fail("a key in quotes is due", at_);
      const auto [member, inserted] = members.try_emplace(string());
      if (!inserted) fail("a key that stood before", key_at);
      expect(':', "':' is due after a key");
      member->second = value(depth + 1);
      if (closes('}')) return out;
      expect(',', "',' or '}' is due");
    }
  }

  json array(int depth) {
    json out = json::array();
    auto& values = out.get_ref<json::array_t&>();
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
      const uint8_t c = byte_at(text_, at_);
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
        uint32_t code_point;
        const size_t n = decode_utf8(text_, at_, &code_point);
        if (n == 0) fail("invalid UTF-8", at_);
        at_ += n;
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
    append_utf8(unit, out);
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

  json number() {
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

  json number_value(std::string_view token, size_t start, bool integer) const {
    if (token.size() > kMaxNumberChars)
      fail(fmt::format("a number of more than {} characters", kMaxNumberChars), start);
    const char *first = token.data(), *last = first + token.size();
    if (integer) {
      int64_t i;
      if (std::from_chars(first, last, i).ec == std::errc()) return i < 0 ? json(i) : json(static_cast<uint64_t>(i));
      uint64_t u;
      if (*first != '-' && std::from_chars(first, last, u).ec == std::errc()) return u;
    }
    double d;
    if (std::from_chars(first, last, d).ec != std::errc()) fail("a number beyond the range of a double", start);
    return d;
  }

  std::string_view text_, where_;
  JsonLimits limits_;
  size_t at_ = 0;
};

// ---- Bit strings ----

template <class Word>
Word word_from_bits(std::string_view text, std::string_view prefix) {
  Word word = 0;
  const std::string_view hex = text.substr(std::min(prefix.size(), text.size()));
  const bool lower =
      std::all_of(hex.begin(), hex.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (text.substr(0, prefix.size()) != prefix || hex.size() != 2 * sizeof(Word) || !lower)
    throw Error("E0604", fmt::format("\"{}\" is not a float's bit string", text.substr(0, 40)), "",
                fmt::format("write \"{}\" and {} lower-case hex digits", prefix, 2 * sizeof(Word)));
  std::from_chars(hex.data(), hex.data() + hex.size(), word, 16);
  return word;
}

}  // namespace

std::string canonical(const json& value) {
  std::string out;
  append_value(value, out);
  return out;
}

json parse_json(std::string_view text, std::string_view where, JsonLimits limits) {
  return Parser(text, where, limits).document();
}

json parse_canonical(std::string_view text, std::string_view where, JsonLimits limits) {
  json value = parse_json(text, where, limits);
  const std::string expected = canonical(value);
  if (expected != text) {
    const auto differs = std::mismatch(expected.begin(), expected.end(), text.begin(), text.end()).second;
    throw Error("E0603", "the JSON is not in canonical form (RFC 8785)",
                fmt::format("{}, byte {}", where, differs - text.begin()),
                "take the file as samebits wrote it; it must not be reformatted");
  }
  return value;
}

bool is_portable_text(std::string_view s) {
  for (size_t i = 0; i < s.size();) {
    uint32_t c = 0;
    const size_t n = decode_utf8(s, i, &c);
    const bool noncharacter = (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
    if (n == 0 || c == 0x7F || noncharacter) return false;
    i += n;
  }
  return true;
}

std::string bits(float v) { return fmt::format("f32:{:08x}", std::bit_cast<uint32_t>(v)); }
std::string bits(double v) { return fmt::format("f64:{:016x}", std::bit_cast<uint64_t>(v)); }
float f32_from_bits(std::string_view text) { return std::bit_cast<float>(word_from_bits<uint32_t>(text, "f32:")); }
double f64_from_bits(std::string_view text) { return std::bit_cast<double>(word_from_bits<uint64_t>(text, "f64:")); }

}  // namespace samebits
