#include <gtest/gtest.h>

#include "harness/core/error.h"
#include "harness/core/interrupt.h"
#include "harness/core/loop.h"
#include "harness/core/registry.h"
#include "runners/preflight.h"
#include "tests/support/echo_backend.h"
#include "tests/support/errors.h"
#include "tests/support/fake_backend.h"

namespace samebits {
namespace {

const Runner& local() { return Registry<Runner>::instance().get("local"); }

class NoArguments : public Filter {
 public:
  std::vector<std::string> apply(const nlohmann::json& args, const Sample&,
                                 std::vector<std::string> texts) const override {
    if (!args.empty()) throw Error("E0501", "no arguments", "test", "remove them");
    return texts;
  }
};
SAMEBITS_REGISTER(Filter, NoArguments, "test_filter", 1, "");

class CountAnswers : public Metric {
 public:
  Known<Statistic> score(const MetricUse&, const Sample&, std::span<const Answer> answers) const override {
    return Statistic{static_cast<double>(answers.size())};
  }
  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>>, uint64_t) const override { return {}; }
};
SAMEBITS_REGISTER(Metric, CountAnswers, "test_metric", 1, "");

TEST(LocalRunner, AsksForWhatIsMissingAndNothingElse) {
  const Plan plan = plan_of({"a", "b", "c"}, {});
  EchoBackend backend;
  Responses known(3);
  known[1].emplace().index = 1;
  const Responses responses = respond(plan, backend, local(), known, {});
  EXPECT_EQ(backend.seen, (std::vector<uint32_t>{2, 0}));
  EXPECT_EQ(responses[0]->text, "echo a");
  EXPECT_EQ(responses[1]->text, "");
  EXPECT_EQ(responses[2]->text, "echo c");
}

// A resumed run gives what an uninterrupted one gives, wherever it was cut.
TEST(LocalRunner, ResumingChangesNothing) {
  const Plan plan = plan_of({"a", "b", "c", "d"}, {});
  Sha256Backend model;
  const Responses whole = respond(plan, model, local(), {}, {});
  for (size_t cut = 0; cut <= plan.requests.size(); ++cut) {
    Responses known(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(cut));
    const Responses resumed = respond(plan, model, local(), known, {});
    for (size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(resumed[i]->text, whole[i]->text);
  }
}

TEST(LocalRunner, ForwardsObservationsAndWorksWithoutAnObserver) {
  const Plan plan = plan_of({"a", "b"}, {});
  EchoBackend backend;
  int observed = 0;
  LoopHooks hooks;
  hooks.observe = [&](const Observation& o) { observed += o.field == "total_ns" && o.value == 5; };
  respond(plan, backend, local(), {}, hooks);
  EXPECT_EQ(observed, 2);
  respond(plan, backend, local(), {}, {});
}

TEST(LocalRunner, AnInterruptLeavesTheRestMissing) {
  const Plan plan = plan_of({"a"}, {});
  EchoBackend backend;
  interrupt_requested() = true;
  const Responses responses = respond(plan, backend, local(), {}, {});
  interrupt_requested() = false;
  EXPECT_FALSE(responses[0]);
  EXPECT_TRUE(backend.seen.empty());
}

// What is wrong with the scoring part of a task is found before the model runs.
TEST(Preflight, ScoringMistakesAreFoundWithoutAModel) {
  const auto code = [](const auto& spoil) {
    Plan plan = plan_of({"a"}, {});
    spoil(plan.tasks[0]);
    return code_of([&] { preflight(plan); });
  };
  const auto filtered_by = [&](const FilterPipeline::Step& step) {
    return code([&](Task& t) {
      t.metrics = {{"test_metric", "f"}};
      t.filters = {{"f", {step}}};
    });
  };
  EXPECT_EQ(code([](Task& t) { t.metrics = {{"no_such_metric"}}; }), "E0902");
  EXPECT_EQ(code([](Task& t) { t.metrics = {{"test_metric", "no_such_pipeline"}}; }), "E0504");
  EXPECT_EQ(code([](Task& t) { t.metrics = {{"test_metric"}}; }), "");
  EXPECT_EQ(filtered_by({"no_such_filter"}), "E0902");
  EXPECT_EQ(filtered_by({"test_filter", {{"a", 1}}}), "E0501");
  EXPECT_EQ(filtered_by({"test_filter"}), "");
}

}  // namespace
}  // namespace samebits
