// The generated Unicode tables (unicode_tables.cc); unicode.cc alone reads them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace samebits::ucd {

enum Flag : uint8_t { kWhiteSpace = 1, kPythonSpace = 2, kCased = 4, kCaseIgnorable = 8, kSpecialCasing = 16 };

struct Record {
  uint8_t category, flags;
  int32_t upper, lower, title;  // distance to the simple mapping
};

// Full case mappings that are not one code point to one. 0 ends a mapping early.
struct SpecialCase {
  char32_t code_point;
  char32_t lower[3], title[3], upper[3];
};

extern const char kVersion[];  // of the database they were made from: kUnicodeVersion
extern const Record kRecords[];
extern const uint32_t kRanges[];  // ascending; first code point << 11 | index into kRecords
extern const size_t kRangeCount;
extern const SpecialCase kSpecialCases[];  // ascending
extern const size_t kSpecialCaseCount;

}  // namespace samebits::ucd
