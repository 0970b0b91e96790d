#include "harness/text/unicode.h"

#include <gtest/gtest.h>

#include "harness/text/unicode_tables.h"

namespace samebits {
namespace {

TEST(Unicode, TablesAreOfTheVersionThatRunsRecord) { EXPECT_EQ(kUnicodeVersion, ucd::kVersion); }

// The two senses of white space differ in exactly the four information separators.
TEST(Unicode, PythonSpaceIsWhiteSpaceAndTheInformationSeparators) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c)
    ASSERT_EQ(is_python_space(c), is_white_space(c) || (c >= 0x1C && c <= 0x1F)) << static_cast<uint32_t>(c);
  EXPECT_TRUE(is_white_space(0x85) && is_white_space(0x3000));
  EXPECT_FALSE(is_white_space(0x200B) || is_white_space(0xFEFF));
}

TEST(Unicode, CategoriesOfKnownCodePoints) {
  EXPECT_EQ(category(U'A'), Category::Lu);
  EXPECT_EQ(category(0x4E00), Category::Lo);   // first of a range that UnicodeData.txt abbreviates
  EXPECT_EQ(category(0x9FFF), Category::Lo);   // and its last
  EXPECT_EQ(category(0x2B739), Category::Lo);  // new in 15.0
  EXPECT_EQ(category(0x0378), Category::Cn);
  EXPECT_EQ(category(0x10FFFF), Category::Cn);
  EXPECT_EQ(category(0xD800), Category::Cs);
  EXPECT_EQ(category(0xE000), Category::Co);
  EXPECT_EQ(category(0xFFFFFFFF), Category::Cn);
  EXPECT_TRUE(is_number(0xBD) && is_number(0x2167) && is_number(U'7'));
  EXPECT_TRUE(is_mark(0x301) && is_symbol(U'+') && is_punctuation(U'_'));
}

TEST(Unicode, SimpleAndFullCaseMappings) {
  EXPECT_EQ(simple_upper(0xDF), 0xDFu);
  EXPECT_EQ(simple_title(0x1C6), 0x1C5u);
  EXPECT_EQ(simple_lower(0x1E9E), 0xDFu);
  std::u32string out;
  append_upper(out, 0xFB03), append_title(out, 0xFB03), append_lower(out, 0x130);
  EXPECT_EQ(out, U"FFIFfii\u0307");
}

}  // namespace
}  // namespace samebits
