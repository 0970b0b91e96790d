// Answer filters: expected values are what lm-evaluation-harness 0.4.13's filters return.
#include <gtest/gtest.h>

#include "harness/core/error.h"
#include "tests/metrics/fixtures.h"

namespace samebits {
namespace {

using Texts = std::vector<std::string>;

std::string regex(const std::string& text, nlohmann::json args) { return filter("regex", std::move(args), {text})[0]; }

TEST(RegexFilter, TakesTheFirstMatchByDefault) {
  EXPECT_EQ(regex("so #### 12 and #### 13", {}), "12");
  EXPECT_EQ(regex("none", {}), "[invalid]");
  EXPECT_EQ(regex("none", {{"fallback", "?"}}), "?");
}

TEST(RegexFilter, GroupSelectCountsMatchesFromEitherEnd) {
  const nlohmann::json args = {{"regex_pattern", "[0-9]+"}, {"group_select", -1}};
  EXPECT_EQ(regex("1 2 3", args), "3");
  EXPECT_EQ(regex("1 2 3", {{"regex_pattern", "[0-9]+"}, {"group_select", 1}}), "2");
  EXPECT_EQ(regex("1", {{"regex_pattern", "[0-9]+"}, {"group_select", 1}}), "[invalid]");
}

TEST(RegexFilter, OfSeveralGroupsTheFirstThatCapturedCounts) {
  const nlohmann::json args = {{"regex_pattern", "(-?[$0-9.,]{2,})|(-?[0-9]+)"}, {"group_select", -1}};
  EXPECT_EQ(regex("costs 5", args), "5");
  EXPECT_EQ(regex("costs $5.00 or 12", args), "12");
  EXPECT_EQ(regex("ab", {{"regex_pattern", "(x?)(y?)"}}), "[invalid]");  // matches, but captures nothing
}

TEST(RegexFilter, StripsTheMatch) { EXPECT_EQ(regex("A:  x \n", {{"regex_pattern", "A:(.*)\n"}}), "x"); }

TEST(RegexFilter, ABadPatternIsACodedError) {
  EXPECT_THROW(regex("a", {{"regex_pattern", "("}}), Error);
  EXPECT_THROW(regex("a", {{"pattern", "a"}}), Error);
  EXPECT_THROW(regex("a", {{"group_select", "first"}}), Error);
}

TEST(SimpleFilters, DoWhatTheirNamesSay) {
  EXPECT_EQ(filter("lowercase", {}, {"ÀB"}), Texts{"àb"});
  EXPECT_EQ(filter("uppercase", {}, {"straße"}), Texts{"STRASSE"});
  EXPECT_EQ(filter("remove_whitespace", {}, {" \u00a0a b\n"}), Texts{"a b"});
  EXPECT_EQ(filter("take_first", {}, {"a", "b"}), Texts{"a"});
  EXPECT_EQ(filter("take_first", {}, {}), Texts{});
  EXPECT_EQ(filter("take_first_k", {{"k", 2}}, {"a", "b", "c"}), (Texts{"a", "b"}));
}

TEST(TakeFirstK, NeedsAsManyReplies) {
  for (int k : {0, -1, 4}) EXPECT_THROW(filter("take_first_k", {{"k", k}}, {"a", "b", "c"}), Error);
}

TEST(MajorityVote, TakesTheEarliestOfTheMostFrequent) {
  EXPECT_EQ(filter("majority_vote", {}, {"a", "b", "b"}), Texts{"b"});
  EXPECT_EQ(filter("majority_vote", {}, {"x", "b", "a", "a", "b"}), Texts{"b"});
  EXPECT_EQ(filter("majority_vote", {}, {}), Texts{});
}

TEST(MapFilter, LooksTextsUp) {
  const nlohmann::json args = {{"mapping_dict", {{"A", 1}, {"B", "two"}, {"C", true}}}, {"default_value", "?"}};
  EXPECT_EQ(filter("map", args, {"A", "B", "C", "D"}), (Texts{"1", "two", "True", "?"}));
  EXPECT_EQ(filter("map", {}, {"A"}), Texts{"None"});
  EXPECT_THROW(filter("map", {{"mapping_dict", 3}}, {"A"}), Error);
}

TEST(MultiChoiceRegex, FindsTheLetterInThreeWays) {
  const Sample sample = choice_sample({"red", "red wine", "C++ (new)"}, {0});
  const nlohmann::json args = {{"regex_pattern", "(\\([A-Z]\\))"}};
  const auto letter = [&](const std::string& text) { return filter("multi_choice_regex", args, {text}, sample)[0]; };
  EXPECT_EQ(letter("It is (B)."), "(B)");
  EXPECT_EQ(letter("I like red wine"), "(B)");  // the longer choice is tried first
  EXPECT_EQ(letter("I like red"), "(A)");
  EXPECT_EQ(letter("use C++ (new)"), "(C)");  // taken literally
  EXPECT_EQ(letter("Answer: C"), "(C)");
  EXPECT_EQ(letter("Answer: D"), "[invalid]");
}

TEST(MultiChoiceRegex, CleansChoicesAndReplyAlike) {
  const Sample sample = choice_sample({"Don't know", "Yes"}, {0});
  const nlohmann::json args = {{"regex_pattern", "\\(([A-Z])\\)"},
                               {"ignore_case", true},
                               {"ignore_punctuation", true},
                               {"regexes_to_ignore", {"\\bthe\\b"}}};
  EXPECT_EQ(filter("multi_choice_regex", args, {"i dont the know"}, choice_sample({"i dont  know"}, {0})),
            Texts{"(A)"});
  EXPECT_EQ(filter("multi_choice_regex", args, {"DON’T KNOW!"}, sample), Texts{"(A)"});
  EXPECT_THROW(filter("multi_choice_regex", args, {"x"}, Sample()), Error);
}

}  // namespace
}  // namespace samebits
