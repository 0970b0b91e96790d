#include "results/verify.h"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "results/bundle.h"
#include "results/claims.h"
#include "results/read.h"
#include "results/show.h"
#include "tests/results/fake_run.h"
#include "tests/support/errors.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

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
  EXPECT_EQ(show_json(Bundle::open(temp / "a"))["logits_digest"], run_logits_digest(responses));
  EXPECT_FALSE(show_json(Bundle::open(temp / "b")).contains("logits_digest"));
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
  EXPECT_EQ(token.stored, "\"" + bits(0.0f) + "\"");
  EXPECT_EQ(token.computed, "\"" + bits(std::nextafter(0.0f, 100.0f)) + "\"");
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
    r[0]->context_ids[0] = 2;
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
  spew(temp / "a/claims/gates.json", "{}");
  reseal(temp / "a");
  EXPECT_EQ(verify(temp / "a", 2).difference.value().where, "claims/gates.json");
  fs::remove(temp / "a/claims/gates.json");
  fs::remove(temp / "a/claims/energy_proxies.json");
  reseal(temp / "a");
  EXPECT_EQ(verify(temp / "a", 2).difference.value().where, "claims/energy_proxies.json");
}

TEST(Verify, EveryWordAboutTheModelIsComparedWithTheModel) {
  TempDir temp;
  const Plan plan = fake_plan();
  const Responses responses = fake_responses(plan);
  const Scores scores = score(plan, responses);
  const auto found = [&](const std::function<void(ModelInfo&)>& forge) {
    ModelInfo forged = fake_model();
    forge(forged);
    fs::remove_all(temp / "a");
    write_bundle(temp / "a", {{plan, responses, scores, forged}, {}, {}});
    EXPECT_TRUE(verify(temp / "a", 2).equal());  // nothing without the model says otherwise
    FakeBackend backend;
    return verify(temp / "a", 3, &backend, 1).difference.value_or(Difference{});
  };
  const Difference arch = found([](ModelInfo& m) { m.arch = "gemma3"; });
  EXPECT_EQ(arch.where, "claims/run.json");
  EXPECT_EQ(arch.field, "model/arch");
  EXPECT_EQ(arch.stored, "\"gemma3\"");
  EXPECT_EQ(arch.computed, "\"llama\"");
  EXPECT_EQ(found([](ModelInfo& m) { m.quantisation = "F16"; }).field, "model/quantisation");
  EXPECT_EQ(found([](ModelInfo& m) { m.bos = "x"; }).field, "model/bos");
  EXPECT_EQ(found([](ModelInfo& m) { m.eos = "x"; }).field, "model/eos");
  EXPECT_EQ(found([](ModelInfo& m) { m.context_length = 131072; }).field, "model/context_length");
  EXPECT_EQ(found([](ModelInfo& m) { m.chat_template = "x"; }).field, "model/pins/0/digest");
  EXPECT_EQ(found([](ModelInfo& m) { m.details["tokenizer"]["digest"] = "x"; }).field, "model/pins/1/digest");
  EXPECT_EQ(found([](ModelInfo& m) { m.evidence = "recorded"; }).field, "evidence");
}

TEST(Verify, RecordedAnswersNeverBecomeExact) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  FakeBackend backend;
  backend.info.evidence = "recorded";
  const Difference found = verify(temp / "a", 4, &backend).difference.value();
  EXPECT_EQ(found.field, "evidence");
  EXPECT_EQ(found.stored, "\"exact\"");
  EXPECT_EQ(found.computed, "\"recorded\"");
}

TEST(Verify, WhatFollowsFromTheTokenScoresIsCheckedWithoutAModel) {
  TempDir temp;
  const auto found = [&](uint32_t index, const std::function<void(Response&)>& forge) {
    fs::remove_all(temp / "a");
    write_forged(temp / "a", [&](Responses& r, Scores& s) {
      forge(*r[index]);
      s = score(fake_plan(), r);
    });
    return verify(temp / "a", 2).difference.value_or(Difference{});
  };
  const Difference sum = found(3, [](Response& r) { r.loglikelihood = -0.1; });
  EXPECT_EQ(sum.where, "task choice, doc 1, request 1");
  EXPECT_EQ(sum.field, "loglikelihood");
  EXPECT_EQ(sum.stored, bits(-0.1));
  EXPECT_EQ(sum.computed, bits(-0.1 * 4));
  EXPECT_EQ(found(8, [](Response& r) { r.loglikelihood = -0.1; }).where, "task rolling, doc 0, request 0");
  EXPECT_EQ(found(3, [](Response& r) { r.loglikelihood = Unknown{"x"}; }).field, "loglikelihood");
  EXPECT_EQ(found(3, [](Response& r) { r.greedy = false; }).field, "greedy");
  const Difference above = found(3, [](Response& r) { r.tokens[1].max_logit = -1.0f; });
  EXPECT_EQ(above.where, "task choice, doc 1, request 1, token 1");
  EXPECT_EQ(above.field, "logit");
  EXPECT_EQ(found(3, [](Response& r) { r.tokens[1].max_logit = 1.0f; }).field, "logit");  // it is the argmax
  EXPECT_EQ(found(3, [](Response& r) { r.output_ids[1] = 99; }).field, "id");
  EXPECT_EQ(found(3, [](Response& r) { r.tokens.clear(); }).field, "tokens");
  const Difference none = found(3, [](Response& r) {  // of no token: 0, greedy
    r.tokens.clear();
    r.output_ids.clear();
    r.loglikelihood = 0.0;
  });
  EXPECT_EQ(none.where, "") << none.field;
}

TEST(Verify, ReportsAreRenderedAgain) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  const std::string honest = slurp(temp / "a/reports/report.txt");
  std::string forged = honest;
  forged.replace(forged.find("-0.3500"), 7, "-0.0001");
  spew(temp / "a/reports/report.txt", forged);
  reseal(temp / "a");
  const Difference found = verify(temp / "a", 2).difference.value();
  EXPECT_EQ(found.where, "reports/report.txt");
  EXPECT_NE(found.stored.find("-0.0001"), std::string::npos);
  EXPECT_NE(found.computed.find("-0.3500"), std::string::npos);
}

// Its plugin may be anywhere; what the scores follow from is here all the same.
TEST(Verify, AReportWithoutItsReporterIsNotComparedAndKeepsNothingElseFromIt) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  spew(temp / "a/reports/report.abc", "");
  reseal(temp / "a");
  FakeBackend backend;
  const VerifyReport honest = verify(temp / "a", 4, &backend);
  EXPECT_TRUE(honest.equal());
  EXPECT_EQ(honest.items_rerun, 6u);
  EXPECT_EQ(verify_json(honest)["reports_not_compared"], json({"reports/report.abc"}));
  EXPECT_NE(verify_text(honest).find("NOT compared: reports/report.abc"), std::string::npos) << verify_text(honest);
  EXPECT_EQ(why_unchecked(temp / "a"), "");
  spew(temp / "a/reports/report.txt", "forged");
  reseal(temp / "a");
  EXPECT_EQ(verify(temp / "a", 2).difference.value().where, "reports/report.txt");
}

TEST(Verify, ObservationsMustBeThereButAreNotProven) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  for (const char* name :
       {"energy.json", "engine.json", "environment.json", "latency.json", "time.json", "requests.jsonl"}) {
    fs::remove_all(temp / "b");
    fs::copy(temp / "a", temp / "b", fs::copy_options::recursive);
    fs::remove((temp / "b/observations/") + name);
    reseal(temp / "b");
    EXPECT_EQ(code_of([&] { verify(temp / "b", 0); }), "E0609") << name;
  }
  EXPECT_NE(verify_text(verify(temp / "a", 2)).find("no level proves them"), std::string::npos);
}

TEST(Verify, AnEmptyFolderIsRefused) {
  TempDir temp;
  for (const char* name : {"empty", "claims/empty", "claims/tasks/choice/a"}) {
    fs::remove_all(temp / "a");
    write_fake_bundle(temp / "a");
    fs::create_directories((temp / "a/") + name);
    EXPECT_EQ(code_of([&] { verify(temp / "a", 0); }), "E0609") << name;
  }
}

TEST(Verify, LatenciesMustFollowFromWhatWasMeasured) {
  TempDir temp;
  const auto forged = [&](const std::function<void(json&)>& forge) {
    fs::remove_all(temp / "a");
    write_fake_bundle(temp / "a");
    json latency = json::parse(slurp(temp / "a/observations/latency.json"));
    forge(latency);
    spew(temp / "a/observations/latency.json", canonical(latency));
    reseal(temp / "a");
    const auto difference = verify(temp / "a", 2).difference;
    return difference ? difference->where + ": " + difference->field : "";
  };
  EXPECT_EQ(forged([](json&) {}), "");
  const std::string path = "observations/latency.json: ";
  EXPECT_EQ(forged([](json& l) { l["ttft_ns"]["p99"] = 7; }), path + "ttft_ns/p99");  // below its floor
  EXPECT_EQ(forged([](json& l) { l["ttft_ns"]["count"] = 100000; }), path + "ttft_ns/count");
  EXPECT_EQ(forged([](json& l) { l["measured_requests"] = 9; }), path + "measured_requests");
  EXPECT_EQ(forged([](json& l) { l["invented_ns"] = {{"count", 1}}; }), path + "invented_ns");
  for (const char* requests : {"{\"index\":99,\"ttft_ns\":5}\n", "{\"index\":0}\n{\"index\":0}\n",
                               "{\"index\":0,\"x\":\"y\"}\n", "{\"ttft_ns\":5}\n", "[]\n"}) {
    spew(temp / "a/observations/requests.jsonl", requests);
    reseal(temp / "a");
    EXPECT_EQ(code_of([&] { verify(temp / "a", 2); }), "E0610") << requests;
  }
}

TEST(Verify, FilesThatTheFormatDoesNotKnowAreRefusedByName) {
  TempDir temp;
  for (const std::string name :
       {"new", "new.json", "observations/new.json", "observations/a/time.json", "reports/new.txt",
        "reports/a/report.txt", "reports/report.d/report.txt", "extra/claims.json"}) {
    fs::remove_all(temp / "a");
    write_fake_bundle(temp / "a");
    spew(temp / ("a/" + name), "{}");
    reseal(temp / "a");
    try {
      verify(temp / "a", 0);
      FAIL() << name;
    } catch (const Error& e) {
      EXPECT_EQ(e.code, "E0610") << name;
      EXPECT_EQ(e.where, name);
    }
  }
}

TEST(Verify, AMissingReportIsSaid) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  EXPECT_EQ(verify_json(verify(temp / "a", 2))["missing_reports"], json::array());
  fs::remove(temp / "a/reports/report.html");
  reseal(temp / "a");
  const VerifyReport report = verify(temp / "a", 2);
  EXPECT_TRUE(report.equal());
  EXPECT_EQ(verify_json(report)["missing_reports"], json{"reports/report.html"});
  EXPECT_NE(verify_text(report).find("\nreports/report.html is missing"), std::string::npos) << verify_text(report);
}

TEST(Verify, ForgedItemsAreThoseOfTheHypergeometricLaw) {
  EXPECT_EQ(forged_items_caught(24, 24), 1u);
  EXPECT_EQ(forged_items_caught(20, 19), 1u);  // missed with 1/20, exactly
  EXPECT_EQ(forged_items_caught(20, 18), 2u);
  EXPECT_EQ(forged_items_caught(6, 3), 3u);  // missed with 3/6 * 2/5 * 1/4 = 1/20, exactly
  EXPECT_EQ(forged_items_caught(1, 1), 1u);
  EXPECT_EQ(forged_items_caught(100, 1), 95u);
  // By counting: C(items - forged, rerun) / C(items, rerun), both exact in 64 bits.
  const auto choose = [](uint64_t n, uint64_t k) {
    uint64_t c = k <= n;
    for (uint64_t i = 0; c && i < k; ++i) c = c * (n - i) / (i + 1);
    return c;
  };
  for (uint64_t items = 1; items <= 30; ++items)
    for (uint64_t rerun = 1; rerun <= items; ++rerun) {
      const uint64_t forged = forged_items_caught(items, rerun), all = choose(items, rerun);
      EXPECT_LE(20 * choose(items - forged, rerun), all) << items << " " << rerun;
      EXPECT_GT(20 * choose(items - forged + 1, rerun), all) << items << " " << rerun;
    }
  // Of very many items it is as if drawn with replacement.
  for (uint64_t k : {1, 10, 60, 300})
    EXPECT_NEAR(static_cast<double>(forged_items_caught(1000000, k)) / 1e6,
                1 - std::pow(0.05, 1.0 / static_cast<double>(k)), 1e-4)
        << k;
}

TEST(Verify, TheSeedThatChoseTheItemsIsReported) {
  VerifyReport report;
  report.level = 3;
  report.items = report.items_rerun = 24;
  report.seed = ~uint64_t{0};
  const json shown = verify_json(report);
  EXPECT_EQ(shown["seed"], "18446744073709551615");
  EXPECT_EQ(shown["forged_items_caught_95"], 1);
  EXPECT_DOUBLE_EQ(shown["forged_share_caught_95"].get<double>(), 1.0 / 24);
}

}  // namespace
}  // namespace samebits
