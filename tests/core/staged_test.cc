#include "harness/core/staged.h"

#include <gtest/gtest.h>

#include <map>

#include "harness/core/error.h"
#include "harness/core/registry.h"
#include "tests/support/echo_backend.h"
#include "tests/support/errors.h"

namespace samebits {
namespace {

template <char kWord>
class BlocksOn : public Stage {
 public:
  std::string digest() const override { return std::string("digest-") + kWord; }
  Verdict judge(const Sample&, std::string_view text) const override {
    const bool block = text.find(kWord) != std::string_view::npos;
    return {block, block ? std::string("has-") + kWord : ""};
  }
};
using BlocksOnX = BlocksOn<'x'>;
using BlocksOnY = BlocksOn<'y'>;
SAMEBITS_REGISTER(Stage, BlocksOnX, "test_x", 1, "");
SAMEBITS_REGISTER(Stage, BlocksOnY, "test_y", 1, "");

std::map<uint32_t, Response> run(const Plan& plan, EchoBackend& inner) {
  std::map<uint32_t, Response> responses;
  StagedBackend staged(plan, inner);
  staged.answer(
      plan.requests, [&](Response&& r) { EXPECT_TRUE(responses.emplace(r.index, r).second); }, [](const auto&) {});
  return responses;
}

TEST(StagedBackend, ABlockedPromptNeverReachesTheModel) {
  const Plan plan = plan_of({"abc", "axc"}, {{"input", "test_x"}, {"input", "test_y"}});
  EchoBackend inner;
  const auto responses = run(plan, inner);
  EXPECT_EQ(inner.seen, std::vector<uint32_t>{0});
  const Response& blocked = responses.at(1);
  EXPECT_EQ(blocked.stop, Stop::blocked);
  EXPECT_EQ(blocked.text, "");
  EXPECT_EQ(blocked.error, "");
  EXPECT_EQ(std::get<Cost>(blocked.cost), Cost{});
  ASSERT_EQ(blocked.stages.size(), 1u);  // the first stage that blocks ends the chain
  EXPECT_EQ(blocked.stages[0], (StageRecord{"test_x", "digest-x", "input", true, "has-x"}));
}

TEST(StagedBackend, EveryVerdictIsRecordedInOrder) {
  const Plan plan = plan_of({"abc"}, {{"output", "test_y"}, {"input", "test_x"}, {"output", "test_x"}});
  EchoBackend inner;
  const auto responses = run(plan, inner);
  const std::vector<StageRecord> expected = {{"test_x", "digest-x", "input", false, ""},
                                             {"test_y", "digest-y", "output", false, ""},
                                             {"test_x", "digest-x", "output", false, ""}};
  EXPECT_EQ(responses.at(0).stages, expected);
  EXPECT_EQ(responses.at(0).stop, Stop::eos);
  EXPECT_EQ(responses.at(0).text, "echo abc");
}

TEST(StagedBackend, ABlockedReplyIsKeptAsEvidence) {
  const Plan plan = plan_of({"ayc"}, {{"input", "test_x"}, {"output", "test_y"}});
  EchoBackend inner;
  const auto responses = run(plan, inner);
  EXPECT_EQ(responses.at(0).stop, Stop::blocked);
  EXPECT_EQ(responses.at(0).text, "echo ayc");
  EXPECT_EQ(responses.at(0).stages.back(), (StageRecord{"test_y", "digest-y", "output", true, "has-y"}));
}

TEST(StagedBackend, AFailedReplyIsNotJudged) {
  const Plan plan = plan_of({"fails"}, {{"output", "test_x"}});
  EchoBackend inner;
  const auto responses = run(plan, inner);
  EXPECT_EQ(responses.at(0).error, "no answer");
  EXPECT_TRUE(responses.at(0).stages.empty());
}

TEST(StagedBackend, LoglikelihoodsHaveNoReplyToJudge) {
  Plan plan = plan_of({"abc"}, {{"output", "test_x"}});
  plan.requests[0].kind = RequestKind::loglikelihood;
  EchoBackend inner;
  EXPECT_TRUE(run(plan, inner).at(0).stages.empty());
}

TEST(StagedBackend, IsTransparentWithoutStages) {
  const Plan plan = plan_of({"abc", "x", "y"}, {});
  EchoBackend inner;
  const auto responses = run(plan, inner);
  EXPECT_EQ(inner.seen, (std::vector<uint32_t>{2, 1, 0}));
  for (const auto& [index, response] : responses) {
    EXPECT_EQ(response.text, "echo " + plan.requests[index].context);
    EXPECT_TRUE(response.stages.empty());
  }
  StagedBackend staged(plan, inner);
  EXPECT_EQ(staged.tokenize("a", false), std::vector<int32_t>{7});
  EXPECT_EQ(&staged.model(), &inner.model());
  EXPECT_EQ(staged.observations(), inner.observations());
}

TEST(StagedBackend, BadChainsAreCodedErrors) {
  EchoBackend inner;
  const auto code = [&](StageUse use) {
    return code_of([&] { StagedBackend(plan_of({"a"}, {std::move(use)}), inner); });
  };
  EXPECT_EQ(code({"middle", "test_x"}), "E0502");
  EXPECT_EQ(code({"input", "test_z"}), "E0902");
}

}  // namespace
}  // namespace samebits
