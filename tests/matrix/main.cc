// Runs the matrix (matrix.h).
//   matrix cut|full [--out FILE.md] [--not-run TEXT] [--slow] NAME=COMMAND…
// NAME=COMMAND: a build, e.g. "g++ -O2=build/o2/harness/cli/samebits"; behind an emulator the words are separated by
// blanks. --slow: the builds that follow run on tiny models only. --not-run: what is missing, and why. Exit 1 when a
// cell differs, 2 for bad usage.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "harness/core/error.h"
#include "tests/matrix/matrix.h"

namespace samebits {
namespace {

std::vector<std::string> words(const std::string& text) {
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

struct Arguments {
  bool full = false, understood = false;
  std::string out;
  std::vector<Build> builds;
  std::vector<std::string> not_run;
};

Arguments parse(const std::vector<std::string>& words_given) {
  Arguments a;
  bool slow = false;
  for (size_t i = 0; i < words_given.size(); ++i) {
    const std::string& word = words_given[i];
    const size_t equals = word.rfind('=');
    if (i == 0 && (word == "cut" || word == "full"))
      a.full = word == "full", a.understood = true;
    else if (word == "--slow")
      slow = true;
    else if (word == "--out" && i + 1 < words_given.size())
      a.out = words_given[++i];
    else if (word == "--not-run" && i + 1 < words_given.size())
      a.not_run.push_back(words_given[++i]);
    else if (equals != std::string::npos)
      a.builds.push_back({word.substr(0, equals), words(word.substr(equals + 1)), {}, slow});
    else
      a.understood = false;
  }
  a.understood = a.understood && !a.builds.empty();
  return a;
}

int run(const Arguments& a) {
  namespace fs = std::filesystem;
  const std::string scratch = (fs::temp_directory_path() / fmt::format("samebits-matrix-{}", getpid())).string();
  Matrix matrix(a.builds, scratch, SAMEBITS_SOURCE_DIR "/tests/matrix/tasks", SAMEBITS_SHUFFLED_RUNNER,
                a.full ? full_extent() : cut_extent());
  const std::vector<Section> sections = matrix.run();
  fs::remove_all(scratch);
  const std::string command = a.full ? "./check --matrix" : "ctest --test-dir build/release -R Matrix.Cut";
  const std::string report = markdown(command, matrix.builds(), a.not_run, sections);
  if (a.out.empty())
    fmt::print("{}", report);
  else
    std::ofstream(a.out, std::ios::binary) << report;
  bool green = true;
  for (const Section& s : sections) {
    fmt::print(stderr, "{}: {} of {} cells green\n", s.title, s.green, s.cells);
    green = green && s.green == s.cells;
  }
  return green ? 0 : 1;
}

}  // namespace
}  // namespace samebits

int main(int argc, char** argv) {
  const samebits::Arguments arguments = samebits::parse({argv + 1, argv + argc});
  if (arguments.understood) return samebits::run(arguments);
  fmt::print(stderr, "usage: matrix cut|full [--out FILE.md] [--not-run TEXT] [--slow] NAME=COMMAND...\n");
  return 2;
}
