// The arrows of the design: core <- text, numeric, net <- {tasks, metrics, inference, runners, results} <- cli.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "tests/cli/source_tree.h"

namespace samebits {
namespace {

const std::set<std::string> kFoundations = {"harness/core", "harness/text", "harness/numeric", "harness/net"};
const std::set<std::string> kSiblings = {"tasks", "metrics", "inference", "runners", "results"};

// "harness/core" of "harness/core/types.h", "tasks" of "tasks/plan.h"; empty for anything else.
std::string layer_of(const std::string& path) {
  for (const auto& layers :
       {kFoundations, kSiblings, std::set<std::string>{"harness/cli", "tests", "bench", "examples"}})
    for (const std::string& layer : layers)
      if (path.starts_with(layer + "/")) return layer;
  return "";
}

bool may_include(const std::string& from, const std::string& to) {
  if (from == to) return true;
  if (from == "harness/cli") return kFoundations.count(to) || kSiblings.count(to);
  if (kSiblings.count(from)) return kFoundations.count(to) > 0;
  if (kFoundations.count(from)) return to == "harness/core";
  return false;
}

// Header prefix of a library -> the folders that may see it. The libraries are named in the design's table.
const std::map<std::string, std::set<std::string>> kLibraries = {
    {"openssl/", {"harness/core", "results"}},
    {"pcre2", {"harness/text"}},
    {"curl/", {"harness/net"}},
    {"CLI/", {"harness/cli"}},
    {"tbb/", {"inference", "runners"}},
    {"oneapi/", {"inference", "runners"}},
    {"yaml-cpp/", {"tasks"}},
    {"zlib", {"tasks", "inference"}},  // inference: models come in Python packages, which are zip files
    {"zstd", {"tasks", "results"}},
    {"gtest/", {}},
    {"benchmark/", {}},
};

TEST(Layering, FoldersIncludeOnlyWhatTheDesignAllows) {
  const std::regex include(R"(^\s*#\s*include\s*"([^"]+)\")");
  size_t checked = 0;
  for (const auto& [path, lines] : sources({"harness", "tasks", "metrics", "inference", "runners", "results"}))
    for (size_t i = 0; i < lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_search(lines[i], match, include)) continue;
      const std::string from = layer_of(path), to = layer_of(match[1]);
      ++checked;
      EXPECT_FALSE(to.empty()) << path << ":" << i + 1
                               << ": write the path from the root of the repository: " << match[1];
      EXPECT_TRUE(to.empty() || may_include(from, to))
          << path << ":" << i + 1 << ": " << from << " may not include " << to
          << "; move what both need down into harness/core, text, numeric or net";
    }
  EXPECT_GT(checked, 20u);
}

TEST(Layering, EveryLibraryStaysInItsFolder) {
  const std::regex include(R"(^\s*#\s*include\s*<([^>]+)>)");
  for (const auto& [path, lines] : sources({"harness", "tasks", "metrics", "inference", "runners", "results"}))
    for (size_t i = 0; i < lines.size(); ++i) {
      std::smatch match;
      if (!std::regex_search(lines[i], match, include)) continue;
      for (const auto& [prefix, folders] : kLibraries) {
        if (!match[1].str().starts_with(prefix)) continue;
        EXPECT_TRUE(folders.count(layer_of(path)))
            << path << ":" << i + 1 << ": " << layer_of(path) << " may not use <" << match[1] << ">";
      }
    }
}

TEST(Layering, ARuleThatIsBrokenIsSeen) {
  EXPECT_FALSE(may_include("tasks", "results"));
  EXPECT_FALSE(may_include("harness/core", "harness/text"));
  EXPECT_FALSE(may_include("harness/text", "harness/numeric"));
  EXPECT_FALSE(may_include("inference", "harness/cli"));
  EXPECT_FALSE(may_include("metrics", "tests"));
  EXPECT_TRUE(may_include("harness/cli", "inference"));
}

}  // namespace
}  // namespace samebits
