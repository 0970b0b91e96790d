// What `cmake --install` lays down works by itself: moved elsewhere, and without the source tree.
#include <gtest/gtest.h>

#include "tests/cli/tiny.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;

// Copies the installation to `scratch`/moved, its program with every trace of the source tree's path overwritten by a
// path of the same length that does not exist: as if the tree had been moved. Returns the program's path.
std::string move_away_from_source(const Scratch& scratch) {
  const std::string moved = scratch / "moved", source = SAMEBITS_SOURCE_DIR;
  fs::copy(SAMEBITS_INSTALLED, moved, fs::copy_options::recursive);
  const std::string path = moved + "/bin/samebits";
  // The tree's own name stays: a linker may have stored "…/verify" and the verb "verify" as one string.
  const std::string elsewhere = "/" + std::string(source.rfind('/') - 1, 'x') + source.substr(source.rfind('/'));
  std::string program = read_text(path);
  size_t traces = 0;
  for (size_t at = 0; (at = program.find(source, at)) != std::string::npos; ++traces)
    program.replace(at, source.size(), elsewhere);
  EXPECT_GT(traces, 0u) << "the program does not know its source tree: this test tests nothing";
  std::ofstream(path, std::ios::binary) << program;
  return path;
}

// `program` called from an empty folder, with nothing in the environment that leads to the source tree.
Outcome from_empty_folder(const Scratch& scratch, const std::string& program, const std::string& arguments) {
  fs::create_directories(scratch / "empty");
  return shell(scratch,
               "unset SAMEBITS_HOME; cd " + quoted(scratch / "empty") + " && " + quoted(program) + " " + arguments);
}

TEST(Installation, WorksWithoutTheSourceTree) {
  const Scratch scratch;
  const std::string program = move_away_from_source(scratch), model = write_tiny_model(scratch);
  const Outcome listed = from_empty_folder(scratch, program, "list --json");
  ASSERT_EQ(listed.exit, 0) << listed.err;
  const nlohmann::json here = samebits(scratch, {"list", "--json"}).json();
  for (const std::string kind : {"tasks", "suites", "models", "metrics"})
    EXPECT_EQ(listed.json()[kind], here[kind]) << kind << " differ from those of the build";
  // arc_easy opens a pack and its data, safety_smoke the word lists as well.
  const Outcome run = from_empty_folder(scratch, program,
                                        "run --json -t arc_easy,safety_smoke --limit 2 -o bundle -m " + quoted(model));
  ASSERT_EQ(run.exit, 0) << run.err;
  EXPECT_EQ(from_empty_folder(scratch, program, "verify bundle --level 4 -m " + quoted(model)).exit, 0);
  const Outcome plan = from_empty_folder(scratch, program, "plan --suite smoke --json");
  EXPECT_EQ(plan.exit, 0) << plan.err;
}

TEST(Installation, SaysWhatIsMissing) {
  const Scratch scratch;
  const std::string program = move_away_from_source(scratch);
  fs::remove_all(scratch / "moved/share");
  expect_error(from_empty_folder(scratch, program, "list tasks"), "E0102", 2);
}

TEST(Installation, CarriesTheLicences) {
  const fs::path root = SAMEBITS_INSTALLED;
  EXPECT_EQ(read_text(root / "share/doc/samebits/LICENSE"), read_text(kRoot / "LICENSE"));
  EXPECT_TRUE(fs::exists(root / "share/samebits/tasks/data")) << "the data sets' licences stand there";
}

}  // namespace
}  // namespace samebits
