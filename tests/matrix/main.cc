// Runs the matrix (matrix.h).
//   matrix cut|full [--out FILE.md] [--not-run TEXT] [--slow] NAME=COMMAND…
// NAME=COMMAND: a build, e.g. "g++ -O2=build/o2/harness/cli/samebits"; behind an emulator the words are separated by
// blanks. --slow: the builds that follow run on tiny models only. --not-run: what is missing, and why. Exit 1 when a
// cell differs or a build does not start, 2 for bad usage.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "harness/text/python_text.h"
#include "tests/matrix/matrix.h"

namespace samebits {
namespace {

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
      a.builds.push_back({word.substr(0, equals), py_split(word.substr(equals + 1)), {}, slow});
    else
      a.understood = false;
  }
  a.understood = a.understood && !a.builds.empty();
  return a;
}

// Says so on stderr where one does not.
bool all_start(const std::vector<Build>& builds) {
  bool all = true;
  for (const Build& b : builds)
    if (b.tiers.empty()) {
      fmt::print(stderr, "{}: names no tier, so nothing of it can be checked; does it start?\n", b.name);
      all = false;
    }
  return all;
}

int run(const Arguments& a) {
  namespace fs = std::filesystem;
  const std::string scratch = (fs::temp_directory_path() / fmt::format("samebits-matrix-{}", getpid())).string();
  Matrix matrix(a.builds, scratch, SAMEBITS_SOURCE_DIR "/tests/matrix/tasks", SAMEBITS_SHUFFLED_RUNNER,
                a.full ? full_extent() : cut_extent());
  const bool started = all_start(matrix.builds());
  const std::vector<Section> sections = started ? matrix.run() : std::vector<Section>();
  fs::remove_all(scratch);
  if (!started) return 1;
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
