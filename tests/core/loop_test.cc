#include "harness/core/loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "harness/core/error.h"
#include "harness/core/fp_environment.h"
#include "harness/core/registry.h"
#include "harness/core/scoring.h"

namespace samebits {
namespace {

// Loglikelihood -(index + 1); request 2 fails when `fail` is set. Answers in the order it is given.
struct FakeBackend final : Backend {
  ModelInfo info;
  bool fail = false;
  const ModelInfo& model() const override { return info; }
  std::vector<int32_t> tokenize(std::string_view text, bool) const override {
    return std::vector<int32_t>(text.size());
  }
  void answer(std::span<const Request> requests, const Sink& sink, const Observer&) override {
    for (const Request& request : requests) {
      Response r;
      r.index = request.index;
      if (fail && r.index == 2) r.error = "out of luck";
      r.loglikelihood = -static_cast<double>(r.index + 1);
      r.text = "t" + std::to_string(r.index);
      sink(std::move(r));
    }
  }
};

// Hands over the missing requests one by one, in an order that the seed decides.
struct ShuffledRunner final : Runner {
  explicit ShuffledRunner(uint64_t s) : seed(s) {}
  void run(const Plan& plan, Backend& backend, std::span<const uint32_t> missing, const Sink& sink,
           const Observer& observe) const override {
    std::vector<uint32_t> order(missing.begin(), missing.end());
    std::shuffle(order.begin(), order.end(), std::mt19937_64(seed));
    for (uint32_t i : order) backend.answer({&plan.requests[i], 1}, sink, observe);
  }
  uint64_t seed;
};

struct SumMetric final : Metric {
  Known<Statistic> score(const MetricUse&, const Sample&, std::span<const Answer> answers) const override {
    double sum = 0;
    for (const Answer& a : answers) sum += std::get<double>(a.response->loglikelihood);
    return Statistic{sum};
  }
  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> rows, uint64_t) const override {
    Estimate e;
    double sum = 0;
    for (const auto& row : rows) is_known(row) ? (++e.n, sum += std::get<Statistic>(row)[0]) : ++e.unknown;
    if (e.n > 0) e.value = sum / static_cast<double>(e.n);
    return e;
  }
};
SAMEBITS_REGISTER(Metric, SumMetric, "loop_test_sum", 1, "for this test only");

// Two tasks of two samples of two requests.
Plan small_plan() {
  Plan plan;
  for (uint32_t t = 0; t < 2; ++t) {
    Task& task = plan.tasks.emplace_back();
    task.id = "t" + std::to_string(t);
    task.metrics = {{.metric = "loop_test_sum"}};
    for (uint32_t s = 0; s < 2; ++s) {
      Sample& sample = plan.samples.emplace_back();
      sample.task = t;
      sample.first_request = static_cast<uint32_t>(plan.requests.size());
      sample.n_requests = 2;
      for (uint32_t slot = 0; slot < 2; ++slot) {
        Request& r = plan.requests.emplace_back();
        r.index = sample.first_request + slot;
        r.task = t;
        r.sample = static_cast<uint32_t>(plan.samples.size() - 1);
        r.slot = slot;
      }
    }
  }
  plan.groups = {{"both", {"t0", "t1"}, true}};
  return plan;
}

TEST(Loop, ArrivalOrderDoesNotMatter) {
  const Plan plan = small_plan();
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    FakeBackend backend;
    const Scores scores = score(plan, respond(plan, backend, ShuffledRunner(seed), {}, {}));
    EXPECT_EQ(std::get<double>(scores.tasks[0].estimates[0].value), -5.0);
    EXPECT_EQ(std::get<double>(scores.tasks[1].estimates[0].value), -13.0);
    EXPECT_EQ(std::get<double>(scores.groups[0].estimates[0].value), -9.0);
  }
}

TEST(Loop, OnlyMissingRequestsAreAnsweredAndEachIsKeptOnce) {
  const Plan plan = small_plan();
  FakeBackend backend;
  Responses known(plan.requests.size());
  known[3] = Response{};
  known[3]->index = 3;
  known[3]->text = "from the journal";
  std::vector<uint32_t> kept;
  LoopHooks hooks;
  hooks.keep = [&](const Response& r) { kept.push_back(r.index); };
  const Responses all = respond(plan, backend, ShuffledRunner(7), std::move(known), hooks);
  std::sort(kept.begin(), kept.end());
  EXPECT_EQ(kept, (std::vector<uint32_t>{0, 1, 2, 4, 5, 6, 7}));
  EXPECT_EQ(all[3]->text, "from the journal");
}

// A user's backend may be wrong: that is its error, not a crash.
TEST(Loop, AnAnswerThatWasNotAskedForIsACodedError) {
  const Plan plan = small_plan();
  struct Wrong final : Backend {
    ModelInfo info;
    uint32_t extra = 0;
    const ModelInfo& model() const override { return info; }
    std::vector<int32_t> tokenize(std::string_view, bool) const override { return {}; }
    void answer(std::span<const Request> requests, const Sink& sink, const Observer&) override {
      Response r;
      r.index = requests[0].index;
      sink(Response(r));
      r.index += extra;
      sink(std::move(r));
    }
  };
  for (const uint32_t extra : {0u, 1000u}) {
    Wrong backend;
    backend.info.name = "wrong";
    backend.extra = extra;
    try {
      respond(plan, backend, ShuffledRunner(1), {}, {});
      FAIL() << "accepted";
    } catch (const Error& e) {
      EXPECT_EQ(e.code, "E0907");
      EXPECT_NE(e.where.find("wrong"), std::string::npos) << e.where;
    }
  }
}

TEST(Loop, AFailedRequestMakesItsSampleUnknownNeverZero) {
  const Plan plan = small_plan();
  FakeBackend backend;
  backend.fail = true;
  const Scores scores = score(plan, respond(plan, backend, ShuffledRunner(1), {}, {}));
  const Estimate& e = scores.tasks[0].estimates[0];
  EXPECT_EQ(e.n, 1u);
  EXPECT_EQ(e.unknown, 1u);
  EXPECT_EQ(std::get<double>(e.value), -3.0);
  EXPECT_EQ(std::get<Unknown>(scores.tasks[0].per_sample[0][1]).reason, "out of luck");
}

// A library that a backend loads may flush subnormal numbers to zero.
TEST(Loop, ScoringDoesNotDependOnTheFloatingPointStateItFinds) {
  const Plan plan = small_plan();
  FakeBackend backend;
  Responses responses = respond(plan, backend, ShuffledRunner(1), {}, {});
  for (auto& r : responses) r->loglikelihood = 0x1p-1074;
#if defined(__x86_64__)
  _mm_setcsr(_mm_getcsr() | 0x8040);  // flush to zero, denormals are zero
  ASSERT_FALSE(fp_environment_is_default());
#endif
  const Scores scores = score(plan, responses);
  EXPECT_TRUE(fp_environment_is_default());
  EXPECT_GT(std::get<double>(scores.tasks[0].estimates[0].value), 0.0);
}

TEST(Loop, UnansweredSamplesAreUnknown) {
  const Plan plan = small_plan();
  const Scores scores = score(plan, Responses(plan.requests.size()));
  EXPECT_EQ(scores.tasks[0].estimates[0].unknown, 2u);
  EXPECT_FALSE(is_known(scores.groups[0].estimates[0].value));
}

}  // namespace
}  // namespace samebits
