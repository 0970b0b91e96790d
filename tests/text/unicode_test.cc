#include "harness/text/unicode.h"

#include <gtest/gtest.h>

#include <random>

#include "harness/text/unicode_tables.h"

namespace samebits {
namespace {

TEST(Unicode, TablesAreOfTheVersionThatRunsRecord) { EXPECT_EQ(kUnicodeVersion, ucd::kVersion); }

TEST(Unicode, EveryCodePointSurvivesEncodingAndDecoding) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c == 0xD800) c = 0xE000;
    std::string text;
    append_utf8(text, c);
    const Utf8Char back = decode_utf8(text, 0);
    ASSERT_TRUE(back.valid && back.code_point == c && back.bytes == text.size()) << static_cast<uint32_t>(c);
  }
}

// Unicode 15.0 §3.9, "U+FFFD Substitution of Maximal Subparts", tables 3-8 to 3-11.
TEST(Unicode, InvalidSequencesStepOverTheirMaximalSubpart) {
  struct Case {
    std::string text;
    std::vector<uint32_t> steps;
  };
  const Case cases[] = {
      {"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", {1, 1, 1, 1, 1, 1, 1, 1, 1}},
      {"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", {1, 1, 1, 1, 1, 1, 1, 1, 1}},
      {"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", {1, 1, 1, 1, 1, 1, 1, 1, 1}},
      {"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", {2, 1, 3, 2, 1}},
  };
  for (const Case& c : cases) {
    std::vector<uint32_t> steps;
    for (size_t at = 0; at < c.text.size(); at += steps.back()) steps.push_back(decode_utf8(c.text, at).bytes);
    EXPECT_EQ(steps, c.steps);
    EXPECT_EQ(find_invalid_utf8("ab" + c.text), 2u);
    EXPECT_EQ(count_code_points(c.text), c.steps.size());
    EXPECT_EQ(to_code_points(c.text).back(), static_cast<char32_t>(c.text.back()));
  }
}

TEST(Unicode, RandomBytesDecodeToTheEndWithoutOverrun) {
  const uint32_t seed = 20261121;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 12, '\0');
    for (char& c : text) c = static_cast<char>(random() % 3 ? 0x80 + random() % 128 : random());
    size_t at = 0;
    while (at < text.size()) {
      const Utf8Char c = decode_utf8(text, at);
      ASSERT_GE(c.bytes, 1u);
      if (c.valid) {
        ASSERT_EQ(to_utf8(std::u32string(1, c.code_point)), text.substr(at, c.bytes));
      }
      at += c.bytes;
    }
    ASSERT_EQ(at, text.size());
  }
}

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
