#include "harness/core/utf8.h"

#include <gtest/gtest.h>

#include <random>

namespace samebits {
namespace {

TEST(Utf8, EveryCodePointSurvivesEncodingAndDecoding) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c == 0xD800) c = 0xE000;
    std::string text;
    append_utf8(text, c);
    const Utf8Char back = decode_utf8(text, 0);
    ASSERT_TRUE(back.valid && back.code_point == c && back.bytes == text.size()) << static_cast<uint32_t>(c);
  }
}

// Unicode 15.0 §3.9, "U+FFFD Substitution of Maximal Subparts", tables 3-8 to 3-11.
TEST(Utf8, InvalidSequencesStepOverTheirMaximalSubpart) {
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

TEST(Utf8, RandomBytesDecodeToTheEndWithoutOverrun) {
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

}  // namespace
}  // namespace samebits
