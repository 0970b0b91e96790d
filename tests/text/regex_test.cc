// data/regex_golden.json: what Python's re gives for the same pattern and text.
#include "harness/text/regex.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "harness/core/error.h"
#include "harness/numeric/mt19937.h"
#include "harness/text/jinja.h"
#include "tests/support/errors.h"

namespace samebits {
namespace {

using Json = nlohmann::ordered_json;

Json golden() {
  std::ifstream file(SAMEBITS_SOURCE_DIR "/tests/text/data/regex_golden.json");
  return Json::parse(file);
}

TEST(Regex, FindsWhatPythonFinds) {
  const Json data = golden();
  ASSERT_GT(data["cases"].size(), 400u);
  for (const Json& c : data["cases"]) {
    const std::string pattern = c["p"], text = c["t"];
    SCOPED_TRACE("pattern " + pattern + " text " + text);
    const Regex regex = Regex::compile(pattern);
    EXPECT_EQ(Json(regex.find_all(text)), c["findall"]);
    EXPECT_EQ(Json(regex.split(text)), c["split"]);
    EXPECT_EQ(Json(regex.split(text, 1)), c["split1"]);
    EXPECT_EQ(regex.sub("<\\g<0>>", text), c["sub"].get<std::string>());
    EXPECT_EQ(regex.sub("-", text, 1), c["sub1"].get<std::string>());
    EXPECT_EQ(regex.search(text).has_value(), !c["search"].is_null());
    EXPECT_EQ(regex.fullmatch(text).has_value(), c["fullmatch"].get<bool>());
    const auto match = regex.match(text);
    ASSERT_EQ(match.has_value(), !c["match"].is_null());
    if (!match) continue;
    EXPECT_EQ(text.substr(0, match->groups[0]->end), c["match"].get<std::string>());
  }
}

TEST(Regex, ReplacementsReferToGroups) {
  const Json data = golden();
  for (const Json& c : data["replacements"])
    EXPECT_EQ(Regex::compile(c["p"].get<std::string>()).sub(c["r"].get<std::string>(), c["t"].get<std::string>()),
              c["sub"].get<std::string>())
        << c.dump();
  for (const char* bad : {"\\2", "\\g<2>", "\\g<name>", "\\g<", "\\q", "\\"})
    EXPECT_EQ(code_of([&] { Regex::compile("(a)").sub(bad, "a"); }), "E0313") << bad;
}

TEST(Regex, RefusesWhatPythonRefuses) {
  const Json data = golden();
  for (const Json& pattern : data["errors"])
    EXPECT_EQ(code_of([&] { Regex::compile(pattern.get<std::string>()); }), "E0313") << pattern;
  EXPECT_EQ(code_of([] { Regex::compile("\xff"); }), "E0313");
}

TEST(Regex, FlagsOfTheCaller) {
  EXPECT_TRUE(Regex::compile("ÄB", {.ignore_case = true}).search("xäb"));
  EXPECT_TRUE(Regex::compile("a.b", {.dotall = true}).search("a\nb"));
  EXPECT_TRUE(Regex::compile("^b$", {.multiline = true}).search("a\nb\nc"));
}

TEST(Regex, CatastrophicPatternsAndBrokenTextAreErrors) {
  EXPECT_EQ(code_of([] { Regex::compile("(a+)+$").search(std::string(40, 'a') + "b"); }), "E0314");
  EXPECT_EQ(code_of([] { Regex::compile("a").search("\xff"); }), "E0314");
}

// Every run of letters stays below the limit of one start position; together they would take minutes.
TEST(Regex, TheStartPositionsOfATextShareTheirSteps) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += std::string(22, 'a') + "b";
  text += "-c";  // else PCRE2 sees at once that no match can end
  EXPECT_EQ(code_of([&] { Regex::compile("(?:a|a)+c").search(text); }), "E0314");
  EXPECT_EQ(code_of([&] { Regex::compile("(?:a|a)+c|b").find_all(text); }), "E0314");
  EXPECT_EQ(Regex::compile(".*b").find_all(std::string(90000, 'a') + "b").size(), 1u) << "one long line is fine";
}

// Each start position walks the rest of the text: 5 * 10^11 steps without a limit of the whole call.
TEST(Regex, AQuadraticSearchOfALongTextEnds) {
  const std::string text(1'000'000, 'x');
  EXPECT_EQ(code_of([&] { Regex::compile("[a-z]+\\d").search(text + "-7"); }), "E0314");
  EXPECT_EQ(Regex::compile("\\w").find_all(text).size(), text.size()) << "a long text alone is fine";
}

TEST(Regex, ABudgetIsSharedByTheCallsWithinIt) {
  const Regex regex = Regex::compile("(?:a|a)+c");
  const std::string text = std::string(17, 'a') + "b-c";  // some 2 million steps
  EXPECT_FALSE(regex.search(text));
  const auto repeat = [&] {
    const RegexBudget budget, within;
    for (int i = 0; i < 25; ++i) regex.search(text);
  };
  EXPECT_EQ(code_of(repeat), "E0314");
  for (int i = 0; i < 25; ++i) EXPECT_FALSE(regex.search(text)) << "without one each call has its own";
  EXPECT_EQ(code_of([&] {
              const nlohmann::ordered_json variables{{"s", text}};
              jinja::Template::parse("{% for i in range(25) %}{{ s|regex_replace('(?:a|a)+c', '') }}{% endfor %}",
                                     jinja::kLmEval, "t")
                  .render(variables);
            }),
            "E0314");
}

TEST(Regex, MutatedPatternsNeverCrash) {
  const Json data = golden();
  constexpr uint64_t kSeed = 7;
  PythonRandom random(kSeed);
  const std::string letters = "\\[](){}?*+^$|.,:-=!<>Pabdswx01 \xc3";
  for (int round = 0; round < 5000; ++round) {
    const Json& c = data["cases"][random.randbelow(data["cases"].size())];
    std::string pattern = c["p"];
    for (uint64_t edit = 0; edit <= random.randbelow(4); ++edit)
      pattern.insert(random.randbelow(pattern.size() + 1), 1, letters[random.randbelow(letters.size())]);
    const std::string code = code_of([&] { Regex::compile(pattern).find_all(c["t"].get<std::string>()); });
    EXPECT_TRUE(code.empty() || code == "E0313" || code == "E0314") << "seed " << kSeed << ": " << pattern << code;
  }
}

}  // namespace
}  // namespace samebits
