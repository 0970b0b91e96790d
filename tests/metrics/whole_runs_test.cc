// Whole test sets from task file to score: plan, fake model, filters, metrics, groups. Every request digest, value and
// standard error must be lm-evaluation-harness 0.4.13's.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/core/digest.h"
#include "harness/core/loop.h"
#include "harness/core/registry.h"
#include "harness/core/resources.h"
#include "tasks/plan.h"
#include "tests/shared_data.h"
#include "tests/support/fake_backend.h"
#include "tests/support/read_gz.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

using nlohmann::json;

const std::string kResults = "data/lm-eval-oracle/results/";

// "arc_easy.5shot.chat_multiturn" -> {"arc_easy", 5, "chat_multiturn"}.
struct OracleRun {
  std::string name, variant;
  int shots = 0;

  explicit OracleRun(const std::string& text) {
    const size_t dot = text.find('.'), shot = text.find("shot", dot);
    name = text.substr(0, dot);
    std::from_chars(text.data() + dot + 1, text.data() + shot, shots);
    if (text.size() > shot + 4) variant = text.substr(shot + 5);
  }
};

// The template of the oracle's chat runs: ChatML with SmolLM2's default system turn.
constexpr char kChatMl[] =
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}"
    "{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

// The oracle draws gsm8k's examples from the test set and may draw the document itself; the shipped task leaves it out.
void write_oracle_gsm8k(const std::string& path) {
  json task = json::parse(std::ifstream(resource_path("tasks/packs/gsm8k.json")));
  task["fewshot"]["leave_out_document"] = false;
  std::ofstream(path) << task.dump();
}

Plan plan_run(const OracleRun& run, const json& oracle) {
  TempDir include;
  ModelInfo model;
  model.chat_template = kChatMl;
  PlanOptions options;
  options.num_fewshot = run.shots;
  options.apply_chat_template = run.variant == "chat_multiturn";
  options.model = &model;
  if (run.name == "gsm8k") {
    write_oracle_gsm8k(include / "gsm8k.json");
    options.include_paths = {include.path()};
  }
  std::vector<std::string> tasks;
  for (const auto& [task, documents] : oracle.at("per_doc").items()) tasks.push_back(task);
  Plan plan = make_plan(tasks, options, nullptr);
  if (tasks.size() > 1) plan.groups.push_back({run.name, tasks, run.name.starts_with("mmlu")});
  return plan;
}

// The oracle's digest of a document's requests.
std::string request_digest(const Plan& plan, const Sample& sample) {
  const std::string zero(1, '\0');
  std::string bytes;
  for (uint32_t i = sample.first_request; i < sample.first_request + sample.n_requests; ++i) {
    const Request& request = plan.requests[i];
    bytes += request.context + zero;
    if (request.kind != RequestKind::loglikelihood_rolling) bytes += request.continuation + zero;
    bytes += '\1';
  }
  return sha256_hex(bytes).substr(0, 8);
}

// In "gold" runs the model knows what follows the last "#### " of the target.
Sha256Backend model_of(const OracleRun& run, const Plan& plan) {
  std::map<std::string, std::string> gold;
  for (const Sample& sample : plan.samples) {
    if (run.variant != "gold") break;
    const std::string& target = sample.targets.at(0);
    gold[plan.requests[sample.first_request].context] = target.substr(target.rfind("#### ") + 5);
  }
  return Sha256Backend(std::move(gold));
}

void expect_equal(const TaskScores& scores, const json& expected) {
  for (size_t m = 0; m < scores.metrics.size(); ++m) {
    const MetricUse& use = scores.metrics[m];
    SCOPED_TRACE(scores.id + " " + use.metric + "," + use.filter);
    const Estimate& estimate = scores.estimates[m];
    ASSERT_TRUE(expected.contains(use.metric + "," + use.filter));
    EXPECT_EQ(std::get<double>(estimate.value), expected.at(use.metric + "," + use.filter).get<double>());
    const json& stderr_ = expected.at(use.metric + "_stderr," + use.filter);
    ASSERT_EQ(is_known(estimate.stderr_), stderr_.is_number());
    if (stderr_.is_number()) {
      EXPECT_EQ(std::get<double>(estimate.stderr_), stderr_.get<double>());
    }
  }
}

class WholeRun : public testing::TestWithParam<std::string> {};

TEST_P(WholeRun, ScoresEqualLmEvalsDigitForDigit) {
  SAMEBITS_NEEDS_SHARED(kResults);
  const OracleRun run(GetParam());
  const json oracle = json::parse(read_gz(shared_path(kResults + GetParam() + ".json.gz")));
  const Plan plan = plan_run(run, oracle);
  for (const Sample& sample : plan.samples) {
    const std::string& task = plan.tasks[sample.task].id;
    ASSERT_EQ(request_digest(plan, sample), oracle.at("per_doc").at(task).at("request_digest").at(sample.doc_id))
        << task << " document " << sample.doc_id;
  }
  Sha256Backend model = model_of(run, plan);
  const Responses responses = respond(plan, model, Registry<Runner>::instance().get("local"), {}, {});
  const Scores scores = score(plan, responses);
  ASSERT_EQ(scores.tasks.size(), oracle.at("per_doc").size());
  for (const TaskScores& task : scores.tasks) expect_equal(task, oracle.at("results").at(task.id));
  for (const TaskScores& group : scores.groups) expect_equal(group, oracle.at("results").at(group.id));
}

std::vector<std::string> stored_runs() {
  std::vector<std::string> runs;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(shared_path(kResults), absent))
    runs.push_back(entry.path().stem().stem().string());  // without ".json.gz"
  if (runs.empty()) runs.push_back("arc_easy.0shot");     // skips, and says why
  std::ranges::sort(runs);
  return runs;
}

INSTANTIATE_TEST_SUITE_P(LmEval, WholeRun, testing::ValuesIn(stored_runs()), [](const auto& info) {
  std::string name = info.param;
  std::ranges::replace(name, '.', '_');
  return name;
});

}  // namespace
}  // namespace samebits
