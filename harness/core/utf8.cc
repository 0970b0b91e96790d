#include "harness/core/utf8.h"

namespace samebits {

size_t decode_utf8_at(std::string_view s, size_t i, uint32_t* code_point) {
  const uint8_t lead = static_cast<uint8_t>(s[i]);
  if (lead < 0x80) {
    *code_point = lead;
    return 1;
  }
  const size_t n = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || s.size() - i < n) return 0;
  uint32_t c = lead & (0xFFu >> (n + 1));
  for (size_t k = 1; k < n; ++k) {
    const uint8_t next = static_cast<uint8_t>(s[i + k]);
    if ((next & 0xC0) != 0x80) return 0;
    c = c << 6 | (next & 0x3F);
  }
  const bool overlong = (n == 3 && c < 0x800) || (n == 4 && c < 0x10000);
  if (overlong || (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF) return 0;
  *code_point = c;
  return n;
}

void append_utf8_to(uint32_t c, std::string& out) {
  if (c < 0x80) {
    out += static_cast<char>(c);
    return;
  }
  const int tail = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;  // continuation bytes
  static constexpr uint8_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
  out += static_cast<char>(kLead[tail] | c >> (6 * tail));
  for (int k = tail - 1; k >= 0; --k) out += static_cast<char>(0x80 | (c >> (6 * k) & 0x3F));
}

}  // namespace samebits
