// UTF-8 as JSON needs it: strictly read, never repaired. Text that is matched or split is read by
// harness/text/unicode.h, which also says how far to step over what is invalid. Thread rules: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace samebits {

// Decodes the sequence at s[i], i < s.size() (RFC 3629: no overlong forms, no surrogates). Returns its length in bytes,
// 0 when it is invalid.
size_t decode_utf8_at(std::string_view s, size_t i, uint32_t* code_point);

void append_utf8_to(uint32_t code_point, std::string& out);  // at most 0x10FFFF, no surrogate

}  // namespace samebits
