// The lists of packages name the same libraries: Debian's (installed), Fedora's and Homebrew's (printed), vcpkg's.
#include <gtest/gtest.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "tests/cli/source_tree.h"

namespace samebits {
namespace {

struct Library {
  std::string cmake, debian, fedora, homebrew, vcpkg;
};

const std::vector<Library> kUsed = {
    {"fmt", "libfmt-dev", "fmt-devel", "fmt", "fmt"},
    {"nlohmann_json", "nlohmann-json3-dev", "json-devel", "nlohmann-json", "nlohmann-json"},
    {"OpenSSL", "libssl-dev", "openssl-devel", "openssl@3", "openssl"},
    {"TBB", "libtbb-dev", "tbb-devel", "tbb", "tbb"},
    {"yaml-cpp", "libyaml-cpp-dev", "yaml-cpp-devel", "yaml-cpp", "yaml-cpp"},
    {"CURL", "libcurl4-openssl-dev", "libcurl-devel", "curl", "curl"},
    {"ZLIB", "zlib1g-dev", "zlib-devel", "zlib", "zlib"},
    {"libzstd", "libzstd-dev", "libzstd-devel", "zstd", "zstd"},
    {"libpcre2-8", "libpcre2-dev", "pcre2-devel", "pcre2", "pcre2"},
    {"CLI11", "libcli11-dev", "cli11-devel", "cli11", "cli11"},
    {"GTest", "libgtest-dev", "gtest-devel", "googletest", "gtest"},
    {"benchmark", "libbenchmark-dev", "google-benchmark-devel", "google-benchmark", "benchmark"},
};
const std::set<std::string> kHomebrewTools = {"cmake",  "ninja",  "pkgconf",
                                              "ccache", "python", "binutils"};  // valgrind: not for macOS

// The words of cmake/packages.sh from `begin` to `end`, without quotes and continuations.
std::set<std::string> words(const std::string& begin, const std::string& end) {
  const std::string text = read_text(kRoot / "cmake/packages.sh");
  const size_t from = text.find(begin);
  EXPECT_NE(from, std::string::npos) << begin;
  std::string part = text.substr(from + begin.size(), text.find(end, from + begin.size()) - from - begin.size());
  std::replace_if(
      part.begin(), part.end(), [](char c) { return c == '"' || c == '\\'; }, ' ');
  std::istringstream in(part);
  return {std::istream_iterator<std::string>(in), {}};
}

std::set<std::string> ending(const std::set<std::string>& names, const std::string& suffix) {
  std::set<std::string> found;
  std::copy_if(names.begin(), names.end(), std::inserter(found, found.end()),
               [&](const std::string& name) { return name.ends_with(suffix); });
  return found;
}

std::set<std::string> column(std::string Library::*name) {
  std::set<std::string> names;
  for (const Library& library : kUsed) names.insert(library.*name);
  return names;
}

TEST(Packages, EveryListNamesTheSameLibraries) {
  EXPECT_EQ(ending(words("SAMEBITS_BUILD_PACKAGES=\"", "\"\n"), "-dev"), column(&Library::debian));
  const std::set<std::string> fedora = words("sudo dnf install", "python3-pip");
  EXPECT_EQ(ending(fedora, "-devel"), column(&Library::fedora));
  for (const char* tool : {"valgrind", "binutils"}) {
    EXPECT_TRUE(words("SAMEBITS_CHECK_PACKAGES=\"", "\"\n").contains(tool));
    EXPECT_TRUE(fedora.contains(tool)) << tool;
  }
  std::set<std::string> homebrew = column(&Library::homebrew);
  homebrew.insert(kHomebrewTools.begin(), kHomebrewTools.end());
  EXPECT_EQ(words("brew install", "\n  echo"), homebrew);
  std::set<std::string> vcpkg;
  const nlohmann::json manifest = nlohmann::json::parse(read_text(kRoot / "vcpkg.json"));
  for (const auto& d : manifest["dependencies"])
    vcpkg.insert(d.is_string() ? d.get<std::string>() : d["name"].get<std::string>());
  EXPECT_EQ(vcpkg, column(&Library::vcpkg));
}

// What CMake asks for and no list has would be found on its author's machine only.
TEST(Packages, CMakeAsksForTheSameLibraries) {
  const std::regex asks(R"((?:find_package|pkg_check_modules)\((.*)\))");
  std::set<std::string> asked;
  for (const std::string list :
       {"CMakeLists.txt", "harness/cli/CMakeLists.txt", "tests/CMakeLists.txt", "bench/CMakeLists.txt"})
    for (const std::string& line : lines_of(read_text(kRoot / list))) {
      std::smatch match;
      if (!std::regex_search(line, match, asks)) continue;
      const std::string arguments = match[1];
      const bool config =
          match[0].str().starts_with("find_package");  // the name stands first, pkg-config's stands last
      asked.insert(config ? arguments.substr(0, arguments.find(' ')) : arguments.substr(arguments.rfind(' ') + 1));
    }
  asked.erase("PkgConfig");
  asked.erase("Threads");
  asked.erase("Python3");  // runs a benchmark
  EXPECT_EQ(asked, column(&Library::cmake));
}

}  // namespace
}  // namespace samebits
