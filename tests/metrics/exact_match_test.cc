#include <gtest/gtest.h>

#include "harness/core/error.h"
#include "tests/metrics/fixtures.h"

namespace samebits {
namespace {

Sample target(std::vector<std::string> texts) {
  Sample sample;
  sample.targets = std::move(texts);
  return sample;
}

double match(const std::string& reply, const std::string& wanted, nlohmann::json args) {
  return value(score("exact_match", target({wanted}), Answers().text(reply), std::move(args)));
}

TEST(ExactMatch, ComparesWholeTexts) {
  EXPECT_EQ(match("Paris", "Paris", {}), 1);
  EXPECT_EQ(match("Paris.", "Paris", {}), 0);
  EXPECT_EQ(match("paris", "Paris", {}), 0);
  EXPECT_EQ(match("", "", {}), 1);
}

TEST(ExactMatch, EachOptionIgnoresItsPart) {
  EXPECT_EQ(match("PÂRIS", "pâris", {{"ignore_case", true}}), 1);
  EXPECT_EQ(match("P-a,r!i's", "Paris", {{"ignore_punctuation", true}}), 1);
  EXPECT_EQ(match("Paris 75", "Paris ", {{"ignore_numbers", true}}), 1);
  EXPECT_EQ(match("$1,200", "1200", {{"regexes_to_ignore", {",", "\\$"}}}), 1);
}

// The regular expressions run before the case is folded, so a pattern in capitals matches capitals only; the ones
// after it see what it left.
TEST(ExactMatch, RegexesRunFirstAndInOrder) {
  EXPECT_EQ(match("xABC", "x", {{"regexes_to_ignore", {"ABC"}}, {"ignore_case", true}}), 1);
  EXPECT_EQ(match("xabc", "x", {{"regexes_to_ignore", {"ABC"}}, {"ignore_case", true}}), 0);
  EXPECT_EQ(match("aabb", "", {{"regexes_to_ignore", {"ab", "ab"}}}), 1);
  EXPECT_EQ(match("aabb", "", {{"regexes_to_ignore", {"ab"}}}), 0);
}

// gsm8k's own options: everything up to the last "#### ", commas, dollars and a final full stop go, on both sides.
TEST(ExactMatch, Gsm8kOptions) {
  const nlohmann::json args = {
      {"ignore_case", true}, {"ignore_punctuation", false}, {"regexes_to_ignore", {",", "\\$", "(?s).*#### ", "\\.$"}}};
  EXPECT_EQ(match("1,200.", "A long\nanswer\n#### 1200", args), 1);
  EXPECT_EQ(match("$1200", "#### 1,200", args), 1);
  EXPECT_EQ(match("12.00", "#### 12", args), 0);
}

TEST(ExactMatch, AnyTargetIsRight) {
  EXPECT_EQ(value(score("exact_match", target({"a", "b"}), Answers().text("b"))), 1);
  EXPECT_EQ(value(score("exact_match", target({"a", "b"}), Answers().text("c"))), 0);
}

TEST(ExactMatch, OfAMultipleChoiceIsGreedyOfAGoldChoice) {
  const Answers answers = Answers().loglikelihood(-1, false).loglikelihood(-2, true);
  EXPECT_EQ(value(score("exact_match", choice_sample({"a", "b"}, {1}), answers)), 1);
  EXPECT_EQ(value(score("exact_match", choice_sample({"a", "b"}, {0}), answers)), 0);
  EXPECT_EQ(value(score("exact_match", choice_sample({"a", "b"}, {7}), answers)), 0);
}

TEST(ExactMatch, IsUnknownRatherThanWrong) {
  EXPECT_EQ(reason(score("exact_match", target({"a"}), Answers())), "no answer");
  EXPECT_EQ(reason(score("exact_match", target({"a"}), Answers().text("", Stop::blocked))),
            "a safety stage blocked the reply");
}

TEST(ExactMatch, RefusesArgumentsThatItDoesNotHave) {
  for (const nlohmann::json& args :
       {nlohmann::json{{"ignore_cases", true}}, nlohmann::json{{"ignore_case", "yes"}},
        nlohmann::json{{"regexes_to_ignore", "a"}}, nlohmann::json{{"regexes_to_ignore", {1}}}, nlohmann::json(3)}) {
    try {
      score("exact_match", target({"a"}), Answers().text("a"), args);
      ADD_FAILURE() << args;
    } catch (const Error& e) {
      EXPECT_EQ(e.code, "E0501") << args;
      EXPECT_FALSE(e.hint.empty());
    }
  }
}

}  // namespace
}  // namespace samebits
