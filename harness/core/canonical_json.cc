// The writer of canonical JSON (RFC 8785), and the check that a text is canonical already.
#include "harness/core/canonical_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

#include "harness/core/error.h"
#include "harness/core/utf8.h"

namespace samebits {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxExactInteger = (uint64_t{1} << 53) - 1;  // RFC 7493 §2.2

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
    const uint8_t c = static_cast<uint8_t>(s[i]);
    if (c >= 0x80) {
      const Utf8Char character = decode_utf8(s, i);
      if (!character.valid) refuse(fmt::format("a string is not valid UTF-8 at its byte {}", i));
      i += character.bytes;
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

}  // namespace

std::string canonical(const json& value) {
  std::string out;
  append_value(value, out);
  return out;
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
    const auto [c, bytes, valid] = decode_utf8(s, i);
    const bool noncharacter = (c & 0xFFFE) == 0xFFFE || (c >= 0xFDD0 && c <= 0xFDEF);
    if (!valid || c == 0x7F || noncharacter) return false;
    i += bytes;
  }
  return true;
}

}  // namespace samebits
