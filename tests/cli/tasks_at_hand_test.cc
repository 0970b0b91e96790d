// What `verify` plans anew is the plan of the run at hand, whatever was planned before.
#include "harness/cli/tasks_at_hand.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tasks/suite.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

StoredRun run_of_suite(int num_fewshot, int64_t limit) {
  PlanOptions options;
  options.limit = limit;
  const nlohmann::json suite = {{"format", "samebits-suite/1"},
                                {"id", "s"},
                                {"version", "1"},
                                {"tasks", {{{"task", "arc_easy"}, {"num_fewshot", num_fewshot}}}}};
  StoredRun run;
  run.plan = make_suite_plan(parse_suite(suite, "test"), options);
  return run;
}

TEST(TasksAtHand, TwoSuitesWithAnEntryOfOneNameAreTwoSuites) {
  TasksAtHand tasks({}, nullptr);
  for (const int num_fewshot : {0, 2})
    for (const int64_t limit : {1, 3}) {
      const StoredRun run = run_of_suite(num_fewshot, limit);
      const Known<Plan> here = tasks.task(run, 0);
      ASSERT_TRUE(is_known(here)) << std::get<Unknown>(here).reason;
      const Plan& plan = std::get<Plan>(here);
      EXPECT_EQ(plan.samples.size(), static_cast<size_t>(limit));
      EXPECT_EQ(plan.requests[0].context, run.plan.requests[0].context) << num_fewshot << " shots, limit " << limit;
    }
}

// A broken installation is no reason for a verdict, nor to end without one.
TEST(TasksAtHand, AShippedSuiteThatCannotBeReadIsUnknown) {
  const TempDir home;
  std::filesystem::create_directories(home / "tasks/suites");
  std::ofstream(home / "tasks/suites/broken.json") << "{";
  ::setenv("SAMEBITS_HOME", home.path().c_str(), 1);
  const Known<nlohmann::json> suite = TasksAtHand({}, nullptr).suite({{"id", "smoke"}, {"version", "1"}});
  ::unsetenv("SAMEBITS_HOME");
  ASSERT_FALSE(is_known(suite));
  EXPECT_TRUE(std::get<Unknown>(suite).reason.starts_with("E0602")) << std::get<Unknown>(suite).reason;
}

}  // namespace
}  // namespace samebits
