// Style that a machine can check; every message says what to write instead.
#include <gtest/gtest.h>

#include <regex>

#include "tests/cli/source_tree.h"

namespace samebits {
namespace {

constexpr size_t kMaxFileLines = 600, kMaxFunctionLines = 70, kMaxColumns = 120;
const std::vector<std::string> kCode = {"harness", "tasks",   "metrics", "inference",
                                        "runners", "results", "tests",   "examples"};
const std::vector<std::string> kScorePath = {"harness", "tasks", "metrics", "inference", "runners", "results"};

size_t code_points(const std::string& line) {
  return static_cast<size_t>(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// Tables that a script wrote are data, not text to read.
bool is_generated(const std::vector<std::string>& lines) {
  return !lines.empty() && lines.front().find("enerated") != std::string::npos;
}

TEST(Tidy, FilesAreShortAndLinesFit) {
  for (const auto& [path, lines] : sources(kCode)) {
    if (is_generated(lines)) continue;
    EXPECT_LE(lines.size(), kMaxFileLines) << path << ": split it by what its parts are about";
    for (size_t i = 0; i < lines.size(); ++i) {
      EXPECT_LE(code_points(lines[i]), kMaxColumns) << path << ":" << i + 1 << ": run clang-format";
      EXPECT_EQ(lines[i].find('\t'), std::string::npos) << path << ":" << i + 1 << ": no tabs";
    }
  }
}

// A line that opens a function body: it ends in '{' after a ')', and is not a control statement or a type.
bool opens_function(const std::string& line) {
  static const std::regex control(R"(^\s*\}?\s*(if|for|while|switch|else|do|try|catch|return)\b)");
  static const std::regex type(R"(^\s*(namespace|struct|class|enum|union|extern|const |static const|constexpr|TEST))");
  return line.size() > 2 && line.back() == '{' && !line.ends_with("= {") && line.find(')') != std::string::npos &&
         !std::regex_search(line, control) && !std::regex_search(line, type);
}

size_t indent_of(const std::string& line) { return std::min(line.find_first_not_of(' '), line.size()); }

TEST(Tidy, FunctionsFitAScreen) {
  for (const auto& [path, lines] : sources(kCode)) {
    for (size_t i = 0; i + 1 < lines.size(); ++i) {
      if (!opens_function(lines[i])) continue;
      // The signature may be wrapped, so the body says where the closing brace stands.
      const size_t body = indent_of(lines[i + 1]);
      const std::string close = std::string(body >= 2 ? body - 2 : 0, ' ') + "}";
      size_t end = i + 1;
      while (end < lines.size() && !lines[end].starts_with(close)) ++end;
      EXPECT_LE(end - i + 1, kMaxFunctionLines) << path << ":" << i + 1 << ": split it: " << lines[i];
    }
  }
}

struct Ban {
  const char* pattern;
  const char* instead;
  std::vector<std::string> allowed;  // beginnings of paths
};

const std::vector<Ban> kBans = {
    {R"(std::chrono|clock_gettime|gettimeofday|\btime\(|\bclock\()",
     "no clocks where scores are made: measure in runners/ (latency, energy), inference/bench or the terminal",
     {"harness/cli/", "runners/", "inference/bench", "harness/net/", "results/journal.cc",
      "inference/local_backend.cc"}},
    {R"(setlocale|std::locale|<locale>|<cctype>|\bisalpha\(|\bisspace\(|\btolower\(|\btoupper\()",
     "nothing depends on the locale: use harness/text/unicode.h",
     {}},
    {R"(\brand\(|\bsrand\(|std::random_device|std::mt19937|<random>)",
     "draw with harness/numeric/philox.h (or mt19937.h where CPython's draws are matched)",
     {}},
    {R"(std::shuffle|std::sample\b|_distribution\b)", "implementation-defined: draw with harness/numeric/philox.h", {}},
    {R"(std::reduce|transform_reduce|parallel_reduce)",
     "the order of additions is part of a result: write the loop",
     {}},
    {"std::(exp|exp2|expm1|log|log2|log10|log1p|pow|a?sin|a?cos|a?tan|sinh|cosh|tanh|atan2|erfc?|cbrt|hypot|[lt]gamma)"
     "f?\\(",
     "libm differs by machine: use harness/numeric/math64.h or the kernels' functions",
     {}},
    {R"(std::sto[dfl]\b|\bstrtod\(|\batof\(|std::cout|std::cerr|<iostream>)",
     "parse and print numbers with from_chars, to_chars or fmt; print with harness/cli/terminal.h",
     {}},
    {R"(\bgetenv\()",
     "only where the documented variables are read",
     {"harness/core/resources.cc", "harness/cli/", "inference/", "harness/net/"}},
    {R"(-ffast-math|#pragma\s+(GCC|clang|STDC)\s+(optimize|fp|FP))", "the numerics contract allows no such switch", {}},
};

TEST(Tidy, NothingThatDiffersBetweenMachinesReachesAScore) {
  std::vector<std::regex> patterns;
  for (const Ban& ban : kBans) patterns.emplace_back(ban.pattern);
  for (const auto& [path, lines] : sources(kScorePath))
    for (size_t b = 0; b < kBans.size(); ++b) {
      const auto& allowed = kBans[b].allowed;
      if (std::any_of(allowed.begin(), allowed.end(), [&p = path](const std::string& a) { return p.starts_with(a); }))
        continue;
      for (size_t i = 0; i < lines.size(); ++i)
        EXPECT_FALSE(std::regex_search(code_of(lines[i]), patterns[b]))
            << path << ":" << i + 1 << ": " << kBans[b].instead;
    }
}

TEST(Tidy, NobodyIteratesOverAHashTable) {
  const std::regex declared(R"(std::unordered_(?:map|set)<.*>\s+(\w+))");
  for (const auto& [path, lines] : sources(kScorePath))
    for (const std::string& line : lines) {
      std::smatch match;
      const std::string code = code_of(line);
      if (!std::regex_search(code, match, declared)) continue;
      const std::regex loop("for \\(.*:\\s*[\\w.>-]*\\b" + match[1].str() + "\\)");
      for (size_t i = 0; i < lines.size(); ++i)
        EXPECT_FALSE(std::regex_search(code_of(lines[i]), loop))
            << path << ":" << i + 1 << ": the order is the library's: iterate over a std::map or a sorted vector";
    }
}

TEST(Tidy, EverySourceIsBuilt) {
  for (const auto& [path, lines] : sources(kScorePath)) {
    if (!path.ends_with(".cc")) continue;
    const std::filesystem::path file(path);
    std::string lists;
    for (std::filesystem::path dir = file.parent_path(); !dir.empty(); dir = dir.parent_path())
      lists += read_text(kRoot / dir / "CMakeLists.txt");
    EXPECT_NE(lists.find(file.filename().string()), std::string::npos)
        << path << ": add it to its folder's CMakeLists.txt";
  }
}

TEST(Tidy, TheLoopFitsAScreen) { EXPECT_LE(lines_of(read_text(kRoot / "harness/core/loop.cc")).size(), 70u); }

TEST(Tidy, ARuleThatIsBrokenIsSeen) {
  EXPECT_TRUE(std::regex_search("double y = std::exp(x);", std::regex(kBans[5].pattern)));
  EXPECT_FALSE(std::regex_search(code_of("y = exp64(x);  // not std::exp(x)"), std::regex(kBans[5].pattern)));
  EXPECT_TRUE(opens_function("int f(int a) {"));
  EXPECT_FALSE(opens_function("  for (int i = 0; i < n; ++i) {"));
}

}  // namespace
}  // namespace samebits
