#include "results/escape.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "harness/core/canonical_json.h"

namespace samebits {
namespace {

// Length of the UTF-8 sequence at s[i] by its lead byte, cut at the end.
size_t sequence_length(std::string_view s, size_t i) {
  const auto lead = static_cast<uint8_t>(s[i]);
  const size_t n = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return std::min(n, s.size() - i);
}

uint32_t code_point(std::string_view sequence) {
  if (sequence.size() == 1) return static_cast<uint8_t>(sequence[0]);
  uint32_t c = static_cast<uint8_t>(sequence[0]) & (0xFFu >> (sequence.size() + 1));
  for (char byte : sequence.substr(1)) c = c << 6 | (static_cast<uint8_t>(byte) & 0x3F);
  return c;
}

// Characters that move a cursor, start a sequence or turn the direction of reading.
bool is_active(uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

template <class Escape>
std::string replace_ascii(const std::string& text, Escape escape) {
  std::string out;
  for (char c : text) {
    const std::string_view replaced = escape(c);
    replaced.empty() ? out += c : out += replaced;
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const std::string_view sequence = text.substr(i, sequence_length(text, i));
    const bool valid = is_portable_text(sequence);
    const uint32_t c = valid ? code_point(sequence) : 0;
    if (!valid || (c < 0x20 && is_active(c))) {
      out += fmt::format("\\x{:02x}", static_cast<uint8_t>(text[i]));
      ++i;
      continue;
    }
    out += is_active(c) ? fmt::format("\\u{:04x}", c) : std::string(sequence);
    i += sequence.size();
  }
  return out;
}

std::string markdown_cell(std::string_view text) {
  return replace_ascii(printable(text), [](char c) -> std::string_view {
    switch (c) {
      case '|':
        return "\\|";
      case '`':
        return "\\`";
      case '*':
        return "\\*";
      case '_':
        return "\\_";
      case '[':
        return "\\[";
      case '<':
        return "&lt;";
      case '&':
        return "&amp;";
      default:
        return {};
    }
  });
}

std::string html_text(std::string_view text) {
  return replace_ascii(printable(text), [](char c) -> std::string_view {
    switch (c) {
      case '<':
        return "&lt;";
      case '>':
        return "&gt;";
      case '&':
        return "&amp;";
      case '"':
        return "&quot;";
      case '\'':
        return "&#39;";
      default:
        return {};
    }
  });
}

size_t display_width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

}  // namespace samebits
