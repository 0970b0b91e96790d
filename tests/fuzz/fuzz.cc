#include "tests/fuzz/fuzz.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "tasks/plan.h"
#include "tests/results/fake_run.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

constexpr const char* kDocuments = R"({"question": "2 + 2?", "choices": ["3", "4"], "answer": 1})"
                                   "\n"
                                   R"({"question": "Is \u00e9 a letter?", "choices": ["yes", "no"], "answer": 0})"
                                   "\n";

// $SAMEBITS_HOME with an empty tasks/packs, and the user's folder.
struct Folders {
  TempDir temp;
  Folders() {
    std::filesystem::create_directories(temp / "tasks/packs");
    std::filesystem::create_directories(temp / "own");
    spew(temp / "own/data.jsonl", kDocuments);
    ::setenv("SAMEBITS_HOME", temp.path().c_str(), 1);
  }
};

}  // namespace

std::vector<FuzzTarget>& fuzz_targets() {
  static std::vector<FuzzTarget> targets;
  return targets;
}

FuzzRegistration::FuzzRegistration(FuzzTarget target) {
  auto& all = fuzz_targets();
  const auto after = [](const FuzzTarget& a, const FuzzTarget& b) { return std::string_view(a.name) < b.name; };
  all.insert(std::upper_bound(all.begin(), all.end(), target, after), target);
}

void plan_task_text(std::string_view text, const std::string& extension) {
  static const Folders folders;
  static uint64_t n_files = 0;  // a new name each time: the index of a folder is kept while names and times are equal
  const std::string file = folders.temp / ("own/" + std::to_string(n_files++) + extension);
  spew(file, text);
  struct Remove {
    const std::string& file;
    ~Remove() { std::filesystem::remove(file); }
  } remove{file};
  PlanOptions options;
  options.limit = 2;
  options.include_paths = {folders.temp / "own"};
  make_plan({"*"}, options, nullptr);
}

}  // namespace samebits
