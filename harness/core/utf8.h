// UTF-8, read strictly and never repaired silently: decode_utf8 says `valid = false` and how many bytes to step over.
// What code points mean is in harness/text/unicode.h. Thread rules: pure functions. Determinism: no locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace samebits {

struct Utf8Char {
  char32_t code_point = 0xFFFD;  // U+FFFD where invalid
  uint32_t bytes = 1;            // to step over; an invalid sequence is its longest well-formed beginning, at least 1
  bool valid = false;
};

// The code point at byte `at` (< text.size()). Strict: no surrogates, no overlong forms, nothing above U+10FFFF.
Utf8Char decode_utf8(std::string_view text, size_t at);

void append_utf8(std::string& out, char32_t code_point);  // a surrogate or value above U+10FFFF is a bug (asserts)
std::string to_utf8(std::u32string_view);
std::u32string to_code_points(std::string_view);  // each invalid sequence becomes one U+FFFD

bool is_valid_utf8(std::string_view);
size_t find_invalid_utf8(std::string_view);  // byte offset of the first invalid sequence; npos: none
size_t count_code_points(std::string_view);  // Python's len(str); each invalid sequence counts once

}  // namespace samebits
