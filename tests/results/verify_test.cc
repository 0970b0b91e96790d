#include "results/verify.h"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "results/bundle.h"
#include "results/claims.h"
#include "results/read.h"
#include "tests/results/fake_run.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;

VerifyReport verify(const std::string& dir, int level, FakeBackend* backend = nullptr, uint64_t items = 0,
                    uint64_t seed = 0) {
  static const FakeRunner runner;
  return verify_bundle(dir, {level, items, seed}, backend, backend ? &runner : nullptr);
}

// A bundle of the fake run whose responses or scores `forge` changed before it was written.
void write_forged(const std::string& dir, const std::function<void(Responses&, Scores&)>& forge) {
  const Plan plan = fake_plan();
  Responses responses = fake_responses(plan);
  Scores scores = score(plan, responses);
  forge(responses, scores);
  const ModelInfo model = fake_model();
  write_bundle(dir, {{plan, responses, scores, model}, {}, {}});
}

TEST(Verify, AnHonestBundlePassesEveryLevel) {
  TempDir temp;
  const std::string digest = write_fake_bundle(temp / "a");
  FakeBackend backend;
  for (int level : {0, 2, 3, 4}) {
    const VerifyReport report = verify(temp / "a", level, &backend, 2);
    EXPECT_TRUE(report.equal()) << verify_text(report);
    EXPECT_EQ(report.claims_digest, digest);
    EXPECT_EQ(report.items, 6u);
    EXPECT_EQ(report.items_rerun, level == 3 ? 2u : level == 4 ? 6u : 0u);
  }
  EXPECT_EQ(verify_json(verify(temp / "a", 4, &backend))["difference"], nullptr);
}

TEST(Verify, ABundleRemembersThatItsResponsesCarryALogitsDigest) {
  TempDir temp;
  const Plan plan = fake_plan();
  const Responses responses = fake_responses(plan);
  const Scores scores = score(plan, responses);
  const ModelInfo model = fake_model();
  write_bundle(temp / "a", {{plan, responses, scores, model, true}, {}, {}});
  write_fake_bundle(temp / "b");
  EXPECT_TRUE(load_run(Bundle::open(temp / "a")).logits_digest);
  EXPECT_FALSE(load_run(Bundle::open(temp / "b")).logits_digest);
  EXPECT_TRUE(verify(temp / "a", 2).equal());
  EXPECT_TRUE(holds_run(temp / "a", plan, model, true));
  EXPECT_EQ(code_of([&] { holds_run(temp / "a", plan, model); }), "E0701");
}

TEST(Verify, ForgedScoresAreFoundWithoutAModel) {
  TempDir temp;
  write_forged(temp / "a", [](Responses&, Scores& s) { std::get<Statistic>(s.tasks[0].per_sample[0][1])[0] = 0; });
  const VerifyReport item = verify(temp / "a", 2);
  ASSERT_TRUE(item.difference);
  EXPECT_EQ(item.difference->where, "claims/tasks/choice/items.jsonl, line 2");
  EXPECT_EQ(item.difference->field, "scores/0/0");
  EXPECT_EQ(item.difference->stored, "\"f64:0000000000000000\"");
  write_forged(temp / "b", [](Responses&, Scores& s) { s.tasks[2].estimates[0].value = 1.0; });
  const VerifyReport estimate = verify(temp / "b", 2);
  ASSERT_TRUE(estimate.difference);
  EXPECT_EQ(estimate.difference->field, "metrics/0/value");
  write_forged(temp / "c", [](Responses&, Scores& s) { s.groups[0].estimates[0].n = 99; });
  EXPECT_EQ(verify(temp / "c", 2).difference.value().where, "claims/groups.json, line 1");
}

TEST(Verify, ReRunningNamesTaskDocRequestFieldAndBothValues) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  FakeBackend backend;
  const auto first = [&](auto tamper) {
    backend.tamper = [=](Response& r) {
      if (r.index == 3) tamper(r);
    };
    const VerifyReport report = verify(temp / "a", 4, &backend);
    EXPECT_TRUE(report.difference);
    return report.difference.value_or(Difference{});
  };
  const Difference token =
      first([](Response& r) { r.tokens[1].max_logit = std::nextafter(r.tokens[1].max_logit, 100.0f); });
  EXPECT_EQ(token.where, "task choice, doc 1, request 1");
  EXPECT_EQ(token.field, "tokens/1/3");
  EXPECT_EQ(token.stored, "\"" + bits(6.0f) + "\"");
  EXPECT_EQ(token.computed, "\"" + bits(std::nextafter(6.0f, 100.0f)) + "\"");
  EXPECT_NE(token.cause.find("arithmetic"), std::string::npos);
  const Difference ids = first([](Response& r) { r.context_ids.insert(r.context_ids.begin(), 1); });
  EXPECT_EQ(ids.field, "context_ids/1");
  EXPECT_NE(ids.cause.find("BOS"), std::string::npos);
  EXPECT_EQ(first([](Response& r) { r.greedy = !r.greedy; }).field, "greedy");
  EXPECT_EQ(first([](Response& r) { r.loglikelihood = -0.5; }).field, "loglikelihood");
  EXPECT_EQ(first([](Response& r) { r.cost = Cost{}; }).field, "cost/kv_bytes");
  EXPECT_EQ(first([](Response& r) { r.error = "too long"; }).field, "error");
  EXPECT_EQ(first([](Response& r) { r.warnings = {"truncated"}; }).field, "warnings");
}

TEST(Verify, OneForgedItemIsFoundExactlyWhenItIsChosen) {
  TempDir temp;
  write_forged(temp / "a", [](Responses& r, Scores& s) {
    r[0]->loglikelihood = 0.0;
    s = score(fake_plan(), r);
  });
  FakeBackend backend;
  EXPECT_TRUE(verify(temp / "a", 2).equal());
  EXPECT_FALSE(verify(temp / "a", 4, &backend).equal());
  int caught = 0;
  for (uint64_t seed = 0; seed < 600; ++seed) caught += !verify(temp / "a", 3, &backend, 1, seed).equal();
  EXPECT_NEAR(caught, 100, 40);  // 1 of 6 samples is forged
}

TEST(Verify, AnotherModelIsRefusedBeforeAnythingRuns) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  FakeBackend backend;
  backend.tamper = [](Response&) { FAIL() << "must not run"; };
  backend.info.digest = "77";
  EXPECT_EQ(code_of([&] { verify(temp / "a", 4, &backend); }), "E0612");
  backend.info = fake_model();
  backend.info.contract = "sb-2";
  EXPECT_EQ(code_of([&] { verify(temp / "a", 3, &backend, 1); }), "E0612");
  backend.info = fake_model();
  backend.info.name = "another path";
  backend.tamper = nullptr;
  EXPECT_TRUE(verify(temp / "a", 4, &backend).equal());
}

TEST(Verify, LevelsThatCannotBeDoneAreRefused) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  FakeBackend backend;
  for (int level : {-1, 1, 5}) EXPECT_EQ(code_of([&] { verify(temp / "a", level, &backend); }), "E0613") << level;
  EXPECT_EQ(code_of([&] { verify(temp / "a", 3, &backend, 0); }), "E0613");
  EXPECT_EQ(code_of([&] { verify(temp / "a", 4); }), "E0613");
  FakeRunner stops;
  stops.limit = 1;
  EXPECT_EQ(code_of([&] { verify_bundle(temp / "a", {4, 0, 0}, &backend, &stops); }), "E0615");
}

TEST(Verify, AddedOrLeftOutClaimsAreFound) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  const auto resum = [&] {
    std::string sums;
    for (int pass = 0; pass < 2; ++pass) {
      sums.clear();
      for (const auto& [path, bytes] : tree(temp / "a"))
        if (path != kSumsName) sums += sha256_hex(bytes) + "  " + path + "\n";
      spew(temp / "a/samebits.bundle.json",
           canonical({{"format", "samebits-bundle/1"}, {"claims_digest", claims_digest_of(sums)}}));
    }
    sums.clear();
    for (const auto& [path, bytes] : tree(temp / "a"))
      if (path != kSumsName) sums += sha256_hex(bytes) + "  " + path + "\n";
    spew(temp / "a/SHA256SUMS", sums);
  };
  spew(temp / "a/claims/gates.json", "{}");
  resum();
  EXPECT_EQ(verify(temp / "a", 2).difference.value().where, "claims/gates.json");
  fs::remove(temp / "a/claims/gates.json");
  fs::remove(temp / "a/claims/energy_proxies.json");
  resum();
  EXPECT_EQ(verify(temp / "a", 2).difference.value().where, "claims/energy_proxies.json");
}

TEST(Verify, ForgedShareIsThatOfTheFormula) {
  for (uint64_t k : {1, 10, 60, 300, 100000})
    EXPECT_NEAR(forged_share_caught(k), 1 - std::pow(0.05, 1.0 / static_cast<double>(k)), 1e-12) << k;
}

}  // namespace
}  // namespace samebits
