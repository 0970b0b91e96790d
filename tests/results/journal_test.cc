#include "results/journal.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "harness/core/error.h"
#include "results/bundle.h"
#include "results/read.h"
#include "tests/results/fake_run.h"
#include "tests/support/errors.h"
#include "tests/support/temp_dir.h"

namespace {
bool no_locks = false;  // as on a file system that has none
}

// Stands before the C library's.
extern "C" int flock(int fd, int operation) noexcept {
  if (no_locks) errno = ENOLCK;
  return no_locks ? -1 : static_cast<int>(::syscall(SYS_flock, fd, operation));
}

namespace samebits {
namespace {

namespace fs = std::filesystem;

// Resumes, answers at most `limit` more; the responses so far.
Responses resume(Journal& journal, const Plan& plan, size_t limit, uint64_t order) {
  FakeBackend backend;
  FakeRunner runner;
  runner.limit = limit;
  runner.seed = order;
  LoopHooks hooks;
  hooks.keep = [&](const Response& r) { journal.append(r); };
  return respond(plan, backend, runner, journal.take_known(), hooks);
}

// What the command line does: resume, and when complete write the bundle.
bool run_into(const std::string& dir, size_t limit = SIZE_MAX, uint64_t order = 0) {
  const Plan plan = fake_plan();
  const ModelInfo model = fake_model();
  Journal journal(dir, plan, model);
  const Responses all = resume(journal, plan, limit, order);
  for (const auto& r : all)
    if (!r) return false;
  const Scores scores = score(plan, all);
  write_bundle(dir, {{plan, all, scores, model}, {}, {}});
  journal.remove();
  return true;
}

TEST(Journal, ResumedInAnyStepsTheBundleIsTheSameByteForByte) {
  TempDir temp;
  ASSERT_TRUE(run_into(temp / "whole"));
  EXPECT_FALSE(fs::exists(temp / "whole/samebits.journal"));
  for (size_t step : {1, 2, 3, 5}) {
    const std::string dir = temp / ("steps" + std::to_string(step));
    uint64_t order = 100 * step;
    while (!run_into(dir, step, order++)) {
      EXPECT_EQ(code_of([&] { Bundle::open(dir); }), "E0614");
    }
    EXPECT_EQ(tree(dir), tree(temp / "whole"));
  }
}

TEST(Journal, WithoutAResponseItLeavesTheDiskAsItWas) {
  TempDir temp;
  const Plan plan = fake_plan();
  fs::create_directory(temp / "empty");
  for (const char* name : {"new", "deep/er/new", "empty", "empty/new"}) {
    { Journal journal(temp / name, plan, fake_model()); }
    EXPECT_TRUE(tree(temp / "").empty()) << name;
    EXPECT_FALSE(fs::exists(temp / "new") || fs::exists(temp / "deep") || fs::exists(temp / "empty/new")) << name;
    EXPECT_TRUE(fs::exists(temp / "empty")) << name;
  }
  ASSERT_FALSE(run_into(temp / "part", 1));
  const auto before = tree(temp / "part");
  { Journal journal(temp / "part", plan, fake_model()); }
  EXPECT_EQ(tree(temp / "part"), before) << "answers of an earlier session";
}

// Calls with files that cannot grow beyond `bytes`.
template <class Call>
void with_full_disk(rlim_t bytes, Call&& call) {
  struct rlimit before;
  getrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, SIG_IGN);  // EFBIG instead, as ENOSPC on a full disk
  const struct rlimit small = {bytes, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  call();
  setrlimit(RLIMIT_FSIZE, &before);
}

TEST(Journal, ThatCannotBeMadeLeavesTheDiskAsItWas) {
  TempDir temp;
  const auto open = [&] { Journal(temp / "deep/er/new", fake_plan(), fake_model()); };
  with_full_disk(100, [&] { EXPECT_EQ(code_of(open), "E0703"); });
  EXPECT_FALSE(fs::exists(temp / "deep"));
  no_locks = true;
  EXPECT_EQ(code_of(open), "E0709");
  no_locks = false;
  EXPECT_FALSE(fs::exists(temp / "deep"));
}

TEST(Journal, WithoutAWholeAnswerItClaimsNothing) {
  TempDir temp;
  ASSERT_FALSE(run_into(temp / "part", 1));
  const std::string journal = slurp(temp / "part/samebits.journal");
  Plan other = fake_plan();
  other.tasks[0].num_fewshot = 5;
  for (size_t n = 0; n < journal.size(); ++n) {  // killed at every byte up to the end of the first answer
    const std::string dir = temp / "killed";
    spew(dir + "/samebits.journal", journal.substr(0, n));
    Journal taken(dir, other, fake_model());
    EXPECT_EQ(taken.dropped_bytes(), 0u) << n;
    taken.append(fake_response(other.requests[0]));
    EXPECT_EQ(code_of([&] { Journal(dir, fake_plan(), fake_model()); }), "E0702");
  }
  EXPECT_EQ(code_of([&] { Journal(temp / "killed", fake_plan(), fake_model()); }), "E0701") << "now it has an answer";
  EXPECT_EQ(code_of([&] { Journal(temp / "part", other, fake_model()); }), "E0701");
  EXPECT_EQ(slurp(temp / "part/samebits.journal"), journal);
}

TEST(Journal, KilledAtEveryByteOffsetItResumesToTheSameBundle) {
  TempDir temp;
  ASSERT_TRUE(run_into(temp / "whole"));
  const auto expected = tree(temp / "whole");
  ASSERT_FALSE(run_into(temp / "part", 3));
  const std::string journal = slurp(temp / "part/samebits.journal");
  const Plan plan = fake_plan();
  const ModelInfo model = fake_model();
  for (size_t n = 0; n <= journal.size(); ++n) {
    const std::string dir = temp / "cut";
    fs::remove_all(dir);
    spew(dir + "/samebits.journal", journal.substr(0, n));
    if (n % 1000 == 0 || n + 1 >= journal.size()) {
      ASSERT_TRUE(run_into(dir)) << "cut at byte " << n;
      ASSERT_EQ(tree(dir), expected) << "cut at byte " << n;
      continue;
    }
    Journal resumed(dir, plan, model);  // the claims alone, without the disk: the same in a thousandth of the time
    const Responses all = resume(resumed, plan, SIZE_MAX, n);
    const Scores scores = score(plan, all);
    render_claims({plan, all, scores, model}, [&](const std::string& path, std::string&& bytes) {
      ASSERT_EQ(bytes, slurp(temp / "whole/" + path)) << "cut at byte " << n;
    });
  }
}

TEST(Journal, ADamagedRecordIsDroppedWithAllAfterIt) {
  TempDir temp;
  ASSERT_FALSE(run_into(temp / "part", 4));
  const std::string journal = slurp(temp / "part/samebits.journal");
  const size_t header = journal.find('\n') + 1;
  for (size_t at = header; at < journal.size(); at += 13) {
    std::string damaged = journal;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    spew(temp / "damaged/samebits.journal", damaged);
    Journal opened(temp / "damaged", fake_plan(), fake_model());
    EXPECT_GT(opened.dropped_bytes(), 0u) << at;
    for (const auto& r : opened.take_known()) {
      if (r) {
        EXPECT_EQ(r->text, fake_response(fake_plan().requests[r->index]).text);
      }
    }
  }
}

TEST(Journal, ADamagedKeyIsRefusedAndNothingIsDropped) {
  TempDir temp;
  ASSERT_FALSE(run_into(temp / "part", 4));
  const std::string journal = slurp(temp / "part/samebits.journal");
  for (size_t at = 0; at < journal.find('\n'); at += 7) {
    std::string damaged = journal;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    spew(temp / "damaged/samebits.journal", damaged);
    EXPECT_EQ(code_of([&] { Journal(temp / "damaged", fake_plan(), fake_model()); }), "E0708") << at;
    EXPECT_EQ(slurp(temp / "damaged/samebits.journal"), damaged) << at;
  }
}

TEST(Journal, ResponsesWithAndWithoutALogitsDigestAreNeverMixed) {
  TempDir temp;
  ASSERT_FALSE(run_into(temp / "run", 1));
  EXPECT_EQ(code_of([&] { Journal(temp / "run", fake_plan(), fake_model(), true); }), "E0701");
}

TEST(Journal, FailedResponsesAreAskedAgain) {
  TempDir temp;
  {
    Journal journal(temp / "run", fake_plan(), fake_model());
    Response failed = fake_response(fake_plan().requests[0]);
    failed.error = "endpoint gone";
    journal.append(failed);
    journal.append(fake_response(fake_plan().requests[1]));
  }
  Journal journal(temp / "run", fake_plan(), fake_model());
  const Responses known = journal.take_known();
  EXPECT_FALSE(known[0].has_value());
  EXPECT_TRUE(known[1].has_value());
}

TEST(Journal, AnotherPlanOrModelIsRefusedAndNamed) {
  TempDir temp;
  run_into(temp / "run", 2);
  Plan other = fake_plan();
  other.tasks[0].num_fewshot = 5;
  ModelInfo model = fake_model();
  model.digest = "77";
  try {
    Journal journal(temp / "run", other, fake_model());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "E0701");
    EXPECT_EQ(e.exit_code(), Exit::usage);
    EXPECT_NE(e.problem.find("num_fewshot: 5 here, 0 there"), std::string::npos) << e.problem;
  }
  EXPECT_EQ(code_of([&] { Journal(temp / "run", fake_plan(), model); }), "E0701");
  EXPECT_TRUE(run_into(temp / "run")) << "the refusals must leave the journal as it was";
}

TEST(Journal, ASecondWriterIsRefused) {
  TempDir temp;
  Journal first(temp / "run", fake_plan(), fake_model());
  EXPECT_EQ(code_of([&] { Journal(temp / "run", fake_plan(), fake_model()); }), "E0702");
}

TEST(Journal, ForeignFoldersAreLeftAlone) {
  TempDir temp;
  spew(temp / "mine/notes.txt", "keep me");
  EXPECT_EQ(code_of([&] { Journal(temp / "mine", fake_plan(), fake_model()); }), "E0704");
  EXPECT_EQ(tree(temp / "mine").size(), 1u);
  write_fake_bundle(temp / "done");
  EXPECT_EQ(code_of([&] { Journal(temp / "done", fake_plan(), fake_model()); }), "E0706");
  spew(temp / "file", "x");
  EXPECT_EQ(code_of([&] { Journal(temp / "file", fake_plan(), fake_model()); }), "E0709");
}

TEST(Journal, AFullDiskIsACodedErrorAndLosesNothing) {
  TempDir temp;
  ASSERT_FALSE(run_into(temp / "run", 2));
  const auto size = static_cast<rlim_t>(fs::file_size(temp / "run/samebits.journal"));
  with_full_disk(size + 100, [&] { EXPECT_EQ(code_of([&] { run_into(temp / "run"); }), "E0703"); });
  EXPECT_TRUE(run_into(temp / "run"));
  ASSERT_TRUE(run_into(temp / "whole"));
  EXPECT_EQ(tree(temp / "run"), tree(temp / "whole"));
}

TEST(Journal, AReadOnlyFolderIsACodedError) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  TempDir temp;
  fs::create_directory(temp / "ro");
  fs::permissions(temp / "ro", fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_EQ(code_of([&] { Journal(temp / "ro" + "/run", fake_plan(), fake_model()); }), "E0709");
  fs::permissions(temp / "ro", fs::perms::owner_all);
}

}  // namespace
}  // namespace samebits
