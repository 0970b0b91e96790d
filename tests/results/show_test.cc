#include "results/show.h"

#include <gtest/gtest.h>

#include "harness/core/canonical_json.h"
#include "harness/core/error.h"
#include "harness/core/registry.h"
#include "results/bundle.h"
#include "results/escape.h"
#include "results/table.h"
#include "tests/results/fake_run.h"
#include "tests/support/errors.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

using nlohmann::json;

TEST(Show, JsonGivesEveryTaskAndGroupAsNumbers) {
  TempDir temp;
  const std::string digest = write_fake_bundle(temp / "a");
  const json shown = show_json(Bundle::open(temp / "a"));
  EXPECT_EQ(shown["claims_digest"], digest);
  const json& results = shown["results"];
  EXPECT_EQ(results.size(), 4u);  // three tasks, one group
  EXPECT_NEAR(results["choice"]["results_test_mean"]["value"].get<double>(), -0.35, 1e-12);
  EXPECT_EQ(results["choice"]["results_test_mean"]["stderr"], 0.125);
  EXPECT_EQ(results["choice"]["results_test_mean"]["n"], 3);
  EXPECT_TRUE(results["Chat-Task"].contains("results_test_mean,first"));
  EXPECT_TRUE(results["both"]["results_test_mean"]["value"].is_number());
}

TEST(Show, SamplesGiveRequestsIdsAndScores) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  const Bundle bundle = Bundle::open(temp / "a");
  std::vector<json> samples;
  show_samples(bundle, "choice", [&](const json& s) { samples.push_back(s); });
  ASSERT_EQ(samples.size(), 3u);
  EXPECT_EQ(samples[1]["doc_id"], 1);
  const json& request = samples[1]["requests"][1];
  EXPECT_EQ(request["kind"], "loglikelihood");
  EXPECT_EQ(request["context"], "Question 1?\nAnswer:");
  EXPECT_EQ(request["continuation"], " no");
  EXPECT_EQ(request["token_ids"], (json{1, 11, 300, 7, 3}));
  EXPECT_EQ(request["n_context"], 3);
  EXPECT_EQ(request["loglikelihood"], -0.4);
  EXPECT_EQ(request["greedy"], true);
  EXPECT_NEAR(samples[1]["scores"]["results_test_mean"].get<double>(), -0.35, 1e-12);
  samples.clear();
  show_samples(bundle, "Chat-Task", [&](const json& s) { samples.push_back(s); });
  EXPECT_EQ(samples[1]["requests"][0]["text"], "a fine answer | with a bar");
  EXPECT_TRUE(samples[0]["requests"][0]["text"].contains("b64"));
  EXPECT_EQ(code_of([&] { show_samples(bundle, "chioce", [](const json&) {}); }), "E0616");
}

TEST(Show, AGroupHasNoSamplesAndNamesItsMembers) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  try {
    show_samples(Bundle::open(temp / "a"), "both", [](const json&) {});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "E0616");
    EXPECT_NE(e.problem.find("\"both\" is a group"), std::string::npos) << e.problem;
    EXPECT_NE(e.hint.find("choice, rolling"), std::string::npos) << e.hint;
  }
}

// Stands for the metrics of perplexity, whose statistic is a log-likelihood and a number of units.
struct FakePerplexity : Metric {
  Known<Statistic> score(const MetricUse&, const Sample& sample, std::span<const Answer> answers) const override {
    return Statistic{std::get<double>(answers[0].response->loglikelihood), static_cast<double>(sample.words)};
  }
  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>>, uint64_t) const override { return {}; }
};
SAMEBITS_REGISTER(Metric, FakePerplexity, "word_perplexity", 1, "for this test only");
struct FakeBits final : FakePerplexity {};
SAMEBITS_REGISTER(Metric, FakeBits, "bits_per_byte", 1, "for this test only");

TEST(Show, SamplesOfPerplexitiesAreLogLikelihoodsAndCounts) {
  TempDir temp;
  Plan plan = fake_plan();
  plan.tasks[2].metrics = {{.metric = "word_perplexity"}, {.metric = "bits_per_byte"}};
  plan.groups.clear();
  const Responses responses = fake_responses(plan);
  const Scores scores = score(plan, responses);
  const ModelInfo model = fake_model();
  write_bundle(temp / "a", {{plan, responses, scores, model}, {}, {}});
  std::vector<json> samples;
  show_samples(Bundle::open(temp / "a"), "rolling", [&](const json& s) { samples.push_back(s); });
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0]["scores"],
            (json{{"loglikelihood", samples[0]["requests"][0]["loglikelihood"]}, {"words", 3}, {"bytes", 17}}));
}

TEST(Show, WarningsAreCountedByTaskAndNamedInEveryReport) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  const Bundle bundle = Bundle::open(temp / "a");
  const json expected = {{"Chat-Task", {{"no_stop_reached", 2}}}};
  EXPECT_EQ(show_json(bundle)["warnings"], expected);
  for (const char* report : {"reports/report.txt", "reports/report.html"})
    EXPECT_NE(bundle.read(report).find("Chat-Task: no_stop_reached in 2 requests"), std::string::npos) << report;
  EXPECT_NE(bundle.read("reports/report.md").find("stop\\_reached in 2 requests"), std::string::npos);
}

TEST(Show, AFewShotPoolThatStandsInForAnotherSplitIsNamed) {
  TempDir temp;
  Plan plan = fake_plan();
  for (Task& task : plan.tasks) task.definition = {{"fewshot", {{"pool", "test"}, {"pool_stands_in_for", "train"}}}};
  plan.tasks[0].num_fewshot = 5;
  const Responses responses = fake_responses(plan);
  const Scores scores = score(plan, responses);
  const ModelInfo model = fake_model();
  write_bundle(temp / "a", {{plan, responses, scores, model}, {}, {}});
  const std::string text = Bundle::open(temp / "a").read("reports/report.txt");
  EXPECT_NE(text.find("choice: few-shot examples from test, standing in for train\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("rolling: few-shot"), std::string::npos) << text;  // no shots
}

TEST(Table, EveryScoreRowStartsWithItsEvidence) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  const Bundle bundle = Bundle::open(temp / "a");
  const std::string text = render_run(bundle.claims(), bundle.observations(), TableStyle::terminal);
  for (const char* start : {"\nexact     choice", "\nexact     Chat-Task", "\nexact     rolling", "\nexact     both"})
    EXPECT_NE(text.find(start), std::string::npos) << text;
  EXPECT_NE(text.find("-0.3500"), std::string::npos) << text;
  EXPECT_NE(text.find("[-1.0000, 1.0000]"), std::string::npos) << text;
}

TEST(Table, LatencyBelowItsFloorIsNullWithTheReason) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  const json observations = {{"latency",
                              {{"ttft_ns",
                                {{"count", 90},
                                 {"max", 2203440000},
                                 {"p50", 42000},
                                 {"p90", 17312000},
                                 {"p99", nullptr},
                                 {"p99_reason", "n=90 < 662"}}}}},
                             {"energy", {{"value_uj", nullptr}, {"reason", "a virtual machine"}}}};
  const std::string text = render_run(Bundle::open(temp / "a").claims(), observations, TableStyle::markdown);
  EXPECT_NE(text.find("| ttft\\_ms | 90 | 0.042 | 17.31 | null (n=90 &lt; 662) | 2203.4 |"), std::string::npos) << text;
  EXPECT_NE(text.find("null (a virtual machine)"), std::string::npos) << text;
}

TEST(Table, ARunThatTimedNothingSaysWhy) {
  TempDir temp;
  const Plan plan = fake_plan();
  const Responses responses = fake_responses(plan);
  const Scores scores = score(plan, responses);
  const ModelInfo model = fake_model();
  write_bundle(temp / "a", {{plan, responses, scores, model}, {}, {}});
  const std::string text = Bundle::open(temp / "a").read("reports/report.txt");
  EXPECT_NE(text.find("Latency (measured here on 0 of 9 requests"), std::string::npos) << text;
  EXPECT_NE(text.find("null (none was timed in this run"), std::string::npos) << text;
}

TEST(Escape, ActiveCharactersBecomeVisible) {
  EXPECT_EQ(printable("a\x1b[31m\n\u202e\u0085\xff\u00e9"), "a\\x1b[31m\\x0a\\u202e\\u0085\\xff\u00e9");
  EXPECT_EQ(printable(std::string("\xe2\x80", 2)), "\\xe2\\x80");
  EXPECT_EQ(markdown_cell("a|b\n<c>`*"), "a\\|b\\x0a&lt;c>\\`\\*");
  EXPECT_EQ(html_text("<script>'\"&"), "&lt;script&gt;&#39;&quot;&amp;");
}

TEST(Reporters, ArePureAndLetNoActiveTextThrough) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  const Bundle bundle = Bundle::open(temp / "a");
  json claims = bundle.claims();
  const std::string evil = "<script>alert(1)</script>\x1b]0;x\x07|`\n::error::";
  claims["run"]["evidence"] = evil;
  claims["tasks"][0]["scores"]["id"] = evil;
  for (const char* name : {"html", "markdown", "text", "json"}) {
    const Reporter& reporter = Registry<Reporter>::instance().get(name);
    const std::string report = reporter.render(claims, bundle.observations());
    EXPECT_EQ(report, reporter.render(claims, bundle.observations()));
    EXPECT_EQ(report.find('\x1b'), std::string::npos) << name;
    EXPECT_EQ(report.find("\n::error::"), std::string::npos) << name;
    if (std::string(name) == "html" || std::string(name) == "markdown") {
      EXPECT_EQ(report.find("<script"), std::string::npos) << name;
    }
  }
  const std::string html = Registry<Reporter>::instance().get("html").render(claims, bundle.observations());
  for (const char* outside : {"http://", "https://", "src=", "url("}) EXPECT_EQ(html.find(outside), std::string::npos);
}

TEST(Reporters, ClaimsOfAnotherShapeAreACodedError) {
  for (const json& claims :
       {json(), json::object(), json::array(), json{{"run", 1}}, json{{"run", json::object()}, {"tasks", 5}}})
    for (const char* name : {"html", "markdown", "text", "json"})
      EXPECT_EQ(code_of([&] { Registry<Reporter>::instance().get(name).render(claims, json::object()); }), "E0610")
          << claims.dump();
}

}  // namespace
}  // namespace samebits
