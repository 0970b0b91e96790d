// mutations.txt stays true: every edit still applies, and every section of NUMERICS.md that has rules is covered. What
// the edits do to the tests is mutate.sh's business (./check --matrix).
#include <gtest/gtest.h>

#include "tests/cli/source_tree.h"

namespace samebits {
namespace {

struct Mutation {
  std::string title, file, old_text, new_text, verdict;
};

std::vector<Mutation> mutations() {
  std::vector<Mutation> out;
  bool inside = false;
  for (const std::string& line : lines_of(read_text(kRoot / "tests/exact/mutations.txt"))) {
    if (line.empty()) inside = false;
    if (line.empty() || line.starts_with("#")) continue;
    if (!inside) out.push_back({line, "", "", "", ""});
    inside = true;
    Mutation& m = out.back();
    if (line.starts_with("file ")) m.file = line.substr(5);
    if (line.starts_with("- ")) m.old_text += (m.old_text.empty() ? "" : "\n") + line.substr(2);
    if (line.starts_with("+ ")) m.new_text += (m.new_text.empty() ? "" : "\n") + line.substr(2);
    if (line.starts_with("fails ") || line.starts_with("same ")) m.verdict = line;
  }
  return out;
}

size_t occurrences(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(Mutations, EveryEditAppliesAtOnePlace) {
  for (const Mutation& m : mutations()) {
    ASSERT_FALSE(m.old_text.empty() || m.new_text.empty() || m.verdict.empty()) << m.title;
    EXPECT_NE(m.old_text, m.new_text) << m.title;
    EXPECT_EQ(occurrences(read_text(kRoot / m.file), m.old_text), 1u)
        << m.title << ": " << m.file << " has changed: bring the entry of tests/exact/mutations.txt up to date";
  }
}

TEST(Mutations, EverySectionWithRulesHasSome) {
  const std::vector<Mutation> all = mutations();
  for (const std::string& line : lines_of(read_text(kRoot / "inference/NUMERICS.md"))) {
    const bool says_no_rule = line.find("Fidelity") != std::string::npos || line.find("held") != std::string::npos;
    if (!line.starts_with("## ") || says_no_rule) continue;
    const std::string section = "§" + line.substr(3, line.find('.') - 3) + " ";
    EXPECT_GE(std::count_if(all.begin(), all.end(), [&](const Mutation& m) { return m.title.starts_with(section); }), 2)
        << line;
  }
}

}  // namespace
}  // namespace samebits
