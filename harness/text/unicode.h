// The properties of code points, from pinned Unicode tables.
//
// Determinism: no locale, no C library classification; kUnicodeVersion is part of what a run records.
// Thread rules: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace samebits {

inline constexpr std::string_view kUnicodeVersion = "15.0.0";

// ---- Properties ----

// clang-format off
enum class Category : uint8_t {  // general category; the order is that of unicode_tables.cc
  Cn, Lu, Ll, Lt, Lm, Lo, Mn, Mc, Me, Nd, Nl, No, Pc, Pd, Ps, Pe, Pi, Pf, Po, Sm, Sc, Sk, So, Zs, Zl, Zp, Cc, Cf, Cs, Co
};
// clang-format on

Category category(char32_t);
bool is_letter(char32_t);        // \p{L}
bool is_mark(char32_t);          // \p{M}
bool is_number(char32_t);        // \p{N}
bool is_punctuation(char32_t);   // \p{P}
bool is_symbol(char32_t);        // \p{S}
bool is_white_space(char32_t);   // the Unicode property White_Space: what \s means to tokenizers
bool is_python_space(char32_t);  // str.isspace and Python's \s: White_Space and U+001C to U+001F
bool is_cased(char32_t);
bool is_case_ignorable(char32_t);

// ---- Case ----

char32_t simple_upper(char32_t);
char32_t simple_lower(char32_t);
char32_t simple_title(char32_t);

// Full mappings (SpecialCasing.txt, unconditional): append one to three code points.
void append_upper(std::u32string& out, char32_t);
void append_lower(std::u32string& out, char32_t);
void append_title(std::u32string& out, char32_t);

}  // namespace samebits
