// The requests of lm-evaluation-harness 0.4.13 itself, byte for byte: every file of the oracle's `requests` folder.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "harness/core/canonical_json.h"
#include "harness/core/resources.h"
#include "tasks/data_file.h"
#include "tasks/plan.h"
#include "tests/shared_data.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr char kRequests[] = "data/lm-eval-oracle/requests";

// "arc_easy.5shot.chat_multiturn" -> task, shots, variant.
struct OracleRun {
  std::string task, variant;
  int shots = 0;
};

OracleRun parse_run(const std::string& name) {
  const size_t dot = name.find('.'), shot = name.find("shot", dot);
  OracleRun run{name.substr(0, dot), "", std::stoi(name.substr(dot + 1, shot - dot - 1))};
  if (name.size() > shot + 4) run.variant = name.substr(shot + 5);
  return run;
}

// The template that the oracle's chat runs were rendered with: ChatML with SmolLM2's default system turn.
ModelInfo chat_model() {
  ModelInfo model;
  model.chat_template =
      "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
      "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}"
      "{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
      "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
  return model;
}

// The oracle draws gsm8k's examples from the test set without leaving the document out; the shipped task leaves it
// out. Everything else of the definition is the shipped one's.
void write_oracle_gsm8k(const TempDir& dir) {
  const std::string path = resource_path("tasks/packs/gsm8k.json");
  json task = parse_json(read_data_bytes(path), path);
  task["fewshot"]["leave_out_document"] = false;
  dir.write("gsm8k.json", task.dump());
}

json expected_of(const Request& r) {
  if (r.kind == RequestKind::loglikelihood) return json::array({r.context, r.continuation});
  if (r.kind == RequestKind::loglikelihood_rolling) return json::array({r.context});
  return json::array({r.context, json{{"until", r.until}, {"do_sample", false}, {"temperature", 0.0}}});
}

// doc_to_target: an index of a choice, or a text.
bool same_target(const Sample& s, const json& target) {
  if (target.is_number()) return s.gold == std::vector<int32_t>{target.get<int32_t>()};
  if (!s.choices.empty()) return s.gold.size() == 1 && std::to_string(s.gold[0]) == target.get<std::string>();
  return s.targets == std::vector<std::string>{target.get<std::string>()};
}

class Oracle : public testing::TestWithParam<std::string> {};

TEST_P(Oracle, RequestsAreEqual) {
  SAMEBITS_NEEDS_SHARED(kRequests);
  const OracleRun run = parse_run(GetParam());
  const std::string path = shared_path(std::string(kRequests) + "/" + GetParam() + ".jsonl.gz");
  std::map<std::string, std::vector<json>> by_task;
  std::istringstream lines(read_data_bytes(path));
  for (std::string line; std::getline(lines, line);) {
    const json row = json::parse(line);
    by_task[row["task"]].push_back(row);
  }

  TempDir include;
  const ModelInfo model = chat_model();
  PlanOptions options;
  options.num_fewshot = run.shots;
  options.limit = 50;
  options.model = &model;
  options.apply_chat_template = run.variant.starts_with("chat");
  options.fewshot_as_multiturn = !run.variant.starts_with("chat_singleturn");
  if (run.variant.ends_with("system")) options.system_instruction = "Be brief.";
  if (run.variant == "seed42") options.seed = 42;
  if (run.task == "gsm8k" && run.shots > 0) {
    write_oracle_gsm8k(include);
    options.include_paths = {include.path()};
  }

  for (const auto& [task, rows] : by_task) {
    const Plan plan = make_plan({task}, options, nullptr);
    ASSERT_EQ(plan.samples.size(), rows.size()) << task;
    for (size_t i = 0; i < rows.size(); ++i) {
      const Sample& sample = plan.samples[i];
      EXPECT_TRUE(same_target(sample, rows[i]["target"])) << task << " document " << i;
      ASSERT_EQ(sample.n_requests, rows[i]["arguments"].size());
      for (uint32_t k = 0; k < sample.n_requests; ++k)
        ASSERT_EQ(expected_of(plan.requests[sample.first_request + k]), rows[i]["arguments"][k])
            << task << " document " << i << " request " << k;
    }
  }
}

std::vector<std::string> oracle_runs() {
  std::vector<std::string> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(shared_path(kRequests), error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".jsonl.gz")) out.push_back(name.substr(0, name.size() - 9));
  }
  if (out.empty()) out.push_back("arc_easy.0shot");  // skips, and says why
  std::sort(out.begin(), out.end());
  return out;
}

INSTANTIATE_TEST_SUITE_P(LmEval, Oracle, testing::ValuesIn(oracle_runs()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
});

}  // namespace
}  // namespace samebits
