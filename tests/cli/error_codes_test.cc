// Every error code is complete, thrown somewhere, and triggered by a test.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "harness/core/error.h"
#include "tests/cli/source_tree.h"

namespace samebits {
namespace {

std::set<std::string> codes_in(const std::vector<std::string>& folders, bool only_code) {
  const std::regex code("E0[0-9]{3}");
  std::set<std::string> found;
  for (const auto& [path, lines] : sources(folders))
    for (const std::string& line : lines) {
      const std::string text = only_code ? code_of(line) : line;
      for (auto it = std::sregex_iterator(text.begin(), text.end(), code); it != std::sregex_iterator(); ++it)
        found.insert(it->str());
    }
  return found;
}

const std::vector<std::string> kThrowers = {"harness", "tasks", "metrics", "inference", "runners", "results"};

TEST(ErrorCodes, AreSortedUniqueAndExplained) {
  std::string previous;
  for (const ErrorCode& e : error_codes()) {
    EXPECT_LT(previous, e.code);
    previous = e.code;
    EXPECT_TRUE(std::regex_match(std::string(e.code), std::regex("E0[0-9]{3}"))) << e.code;
    EXPECT_FALSE(e.title.empty()) << e.code;
    EXPECT_NE(e.title.back(), '.') << e.code << ": a title is no sentence";
    EXPECT_GE(e.explanation.size(), 80u) << e.code << ": say why it happens and how to mend it";
    EXPECT_EQ(e.explanation.back(), '.') << e.code;
    EXPECT_NE(e.exit, Exit::success) << e.code;
  }
}

TEST(ErrorCodes, EveryThrownCodeIsInTheTable) {
  for (const std::string& code : codes_in(kThrowers, true))
    EXPECT_TRUE(find_error_code(code)) << code << ": add it to harness/core/error_codes.def";
}

TEST(ErrorCodes, EveryCodeOfTheTableIsThrown) {
  const std::set<std::string> thrown = codes_in(kThrowers, true);
  for (const ErrorCode& e : error_codes())
    EXPECT_TRUE(thrown.count(std::string(e.code))) << e.code << ": nobody throws it; remove it";
}

TEST(ErrorCodes, EveryCodeIsTriggeredByATest) {
  const std::set<std::string> tested = codes_in({"tests"}, true);
  for (const ErrorCode& e : error_codes())
    EXPECT_TRUE(tested.count(std::string(e.code))) << e.code << " (" << e.title << "): add a test that triggers it";
}

}  // namespace
}  // namespace samebits
