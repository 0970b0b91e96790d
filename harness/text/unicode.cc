#include "harness/text/unicode.h"

#include <algorithm>

#include "harness/text/unicode_tables.h"

namespace samebits {
namespace {

constexpr char32_t kLastCodePoint = 0x10FFFF;
constexpr int kRecordBits = 11;  // make_unicode_tables.py

const ucd::Record& record(char32_t c) {
  if (c > kLastCodePoint) return ucd::kRecords[0];  // unassigned
  const uint32_t key = static_cast<uint32_t>(c) << kRecordBits | ((1u << kRecordBits) - 1);
  // 13 steps over 17 kB of ranges; ASCII never gets here in the splitters.
  const uint32_t* after = std::upper_bound(ucd::kRanges, ucd::kRanges + ucd::kRangeCount, key);
  return ucd::kRecords[after[-1] & ((1u << kRecordBits) - 1)];  // the first range starts at 0
}

bool has_flag(char32_t c, ucd::Flag flag) { return record(c).flags & flag; }

bool between(char32_t c, Category first, Category last) {
  const Category actual = category(c);
  return first <= actual && actual <= last;
}

const ucd::SpecialCase* special_case(char32_t c) {
  if (!has_flag(c, ucd::kSpecialCasing)) return nullptr;
  return std::lower_bound(ucd::kSpecialCases, ucd::kSpecialCases + ucd::kSpecialCaseCount, c,
                          [](const ucd::SpecialCase& entry, char32_t wanted) { return entry.code_point < wanted; });
}

void append_mapping(std::u32string& out, const char32_t (&mapping)[3]) {
  for (char32_t c : mapping)
    if (c) out += c;
}

}  // namespace

Category category(char32_t c) { return static_cast<Category>(record(c).category); }
bool is_letter(char32_t c) { return between(c, Category::Lu, Category::Lo); }
bool is_mark(char32_t c) { return between(c, Category::Mn, Category::Me); }
bool is_number(char32_t c) { return between(c, Category::Nd, Category::No); }
bool is_punctuation(char32_t c) { return between(c, Category::Pc, Category::Po); }
bool is_symbol(char32_t c) { return between(c, Category::Sm, Category::So); }
bool is_white_space(char32_t c) { return has_flag(c, ucd::kWhiteSpace); }
bool is_python_space(char32_t c) { return has_flag(c, ucd::kPythonSpace); }
bool is_cased(char32_t c) { return has_flag(c, ucd::kCased); }
bool is_case_ignorable(char32_t c) { return has_flag(c, ucd::kCaseIgnorable); }

char32_t simple_upper(char32_t c) { return c + record(c).upper; }
char32_t simple_lower(char32_t c) { return c + record(c).lower; }
char32_t simple_title(char32_t c) { return c + record(c).title; }

void append_upper(std::u32string& out, char32_t c) {
  if (const auto* special = special_case(c)) return append_mapping(out, special->upper);
  out += simple_upper(c);
}

void append_lower(std::u32string& out, char32_t c) {
  if (const auto* special = special_case(c)) return append_mapping(out, special->lower);
  out += simple_lower(c);
}

void append_title(std::u32string& out, char32_t c) {
  if (const auto* special = special_case(c)) return append_mapping(out, special->title);
  out += simple_title(c);
}

}  // namespace samebits
