// The hand-written word splitters against their regular expressions, run by PCRE2.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <gtest/gtest.h>
#include <pcre2.h>

#include <random>
#include <stdexcept>

#include "harness/core/utf8.h"
#include "inference/tokenizer/pretokenizers.h"

namespace samebits {
namespace {

using Words = std::vector<std::string>;

// White_Space, spelt out: PCRE2's own \s differs from the Unicode property.
#define WS "\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
constexpr const char* kGpt2 =
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^" WS "\\p{L}\\p{N}]+|[" WS "]+(?![^" WS "])|[" WS "]+";

Words regex_words(const std::string& pattern, const std::string& text) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF | PCRE2_UCP,
                                   &error, &offset, nullptr);
  if (!code) throw std::runtime_error("bad pattern");
  pcre2_match_data* match = pcre2_match_data_create_from_pattern(code, nullptr);
  Words words;
  size_t at = 0;
  while (pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at, 0, match, nullptr) > 0) {
    const size_t begin = pcre2_get_ovector_pointer(match)[0], end = pcre2_get_ovector_pointer(match)[1];
    if (begin > at) words.push_back(text.substr(at, begin - at));
    words.push_back(text.substr(begin, end - begin));
    at = end;
  }
  if (at < text.size()) words.push_back(text.substr(at));
  pcre2_match_data_free(match);
  pcre2_code_free(code);
  return words;
}

// smollm: every \p{N} is a word of its own; what is between is split as gpt-2 splits it.
Words smollm_reference(const std::string& text) {
  Words words;
  for (const std::string& part : regex_words("\\p{N}", text)) {
    const Words inner = regex_words(kGpt2, part);
    words.insert(words.end(), inner.begin(), inner.end());
  }
  return words;
}

Words split(const char* pretokenizer, const std::string& text) {
  Words words;
  for (size_t at = 0; at < text.size(); at += words.back().size()) {
    const size_t end = find_pretokenizer(pretokenizer)->word_end(text, at);
    words.push_back(text.substr(at, end - at));
  }
  return words;
}

// Each class of character that the expressions tell apart, in ASCII and beyond.
std::string random_text(std::mt19937& random) {
  const std::u32string_view pools[] = {U" ",
                                       U" \t\n\r\v\f\x1C\x85\xA0\u1680\u2003\u2028\u202F\u3000\u200B\u180E",
                                       U"'stremvld",
                                       U"abZéßжΩ日한א\u02B0\u01C5",
                                       U"0179½²\u0663\u2167\u3007",
                                       U".,!?-_'\"<|>$+=^`~#€°\u0301\u20DD😀\U0001F1E9\uE000"};
  std::string text;
  for (size_t n = random() % 24; n > 0; --n) {
    const auto pool = pools[random() % std::size(pools)];
    for (size_t repeat = random() % 8 == 0 ? 3 : 1; repeat > 0; --repeat)
      append_utf8(text, pool[random() % pool.size()]);
  }
  return text;
}

TEST(Pretokenizers, EqualTheirRegularExpressions) {
  const uint32_t seed = 42;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 4000; ++round) {
    const std::string text = random_text(random);
    ASSERT_EQ(split("gpt-2", text), regex_words(kGpt2, text)) << text;
    ASSERT_EQ(split("smollm", text), smollm_reference(text)) << text;
  }
}

TEST(Pretokenizers, InvalidUtf8IsSplitToTheEnd) {
  const uint32_t seed = 43;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 30, '\0'), joined;
    for (char& c : text) c = static_cast<char>(random());
    for (const std::string& word : split(round % 2 ? "gpt-2" : "smollm", text)) joined += word;
    ASSERT_EQ(joined, text);
  }
  EXPECT_EQ(split("gpt-2", "a \xFF\xFE b"), (Words{"a", " \xFF\xFE", " b"}));
}

TEST(Pretokenizers, UnknownNamesAreNotGuessed) {
  EXPECT_EQ(find_pretokenizer("default"), nullptr);
  EXPECT_EQ(find_pretokenizer(""), nullptr);
}

}  // namespace
}  // namespace samebits
