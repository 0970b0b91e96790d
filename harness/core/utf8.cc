#include "harness/core/utf8.h"

#include <cstring>

#include "harness/core/error.h"

namespace samebits {
namespace {

constexpr char32_t kLastCodePoint = 0x10FFFF;

// Length of the sequence that `lead` begins and the allowed range of its second byte (Unicode 15.0, table 3-7).
struct Lead {
  uint32_t bytes;
  uint8_t second_min, second_max;
};

Lead lead_of(uint8_t lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};  // a continuation byte, an overlong lead, or above U+10FFFF
}

}  // namespace

Utf8Char decode_utf8(std::string_view text, size_t at) {
  const uint8_t first = text[at];
  if (first < 0x80) return {first, 1, true};
  const Lead lead = lead_of(first);
  if (lead.bytes == 0) return {};
  char32_t value = first & (0x7F >> lead.bytes);
  for (uint32_t i = 1; i < lead.bytes; ++i) {
    const uint8_t next = at + i < text.size() ? text[at + i] : 0;
    const bool ok = i == 1 ? lead.second_min <= next && next <= lead.second_max : (next & 0xC0) == 0x80;
    if (!ok) return {0xFFFD, i, false};
    value = value << 6 | (next & 0x3F);
  }
  return {value, lead.bytes, true};
}

void append_utf8(std::string& out, char32_t c) {
  SAMEBITS_ASSERT(c <= kLastCodePoint && (c < 0xD800 || c > 0xDFFF));
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    tail(0);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    tail(12), tail(6), tail(0);
  }
}

std::string to_utf8(std::u32string_view text) {
  std::string out;
  for (char32_t c : text) append_utf8(out, c);
  return out;
}

std::u32string to_code_points(std::string_view text) {
  std::u32string out;
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = decode_utf8(text, at);
    out += c.code_point;
    at += c.bytes;
  }
  return out;
}

size_t find_invalid_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    uint64_t eight = 0;  // bytes of ASCII, at once
    if (text.size() - at >= sizeof eight) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      if ((eight & 0x8080808080808080) == 0) {
        at += sizeof eight;
        continue;
      }
    }
    const Utf8Char c = decode_utf8(text, at);
    if (!c.valid) return at;
    at += c.bytes;
  }
  return std::string_view::npos;
}

bool is_valid_utf8(std::string_view text) { return find_invalid_utf8(text) == std::string_view::npos; }

size_t count_code_points(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) at += decode_utf8(text, at).bytes;
  return count;
}

}  // namespace samebits
