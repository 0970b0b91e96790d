// Scores and standard errors against lm-evaluation-harness 0.4.13, digit for digit, on the fake model of the oracle.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/metrics/fixtures.h"
#include "tests/shared_data.h"
#include "tests/support/fake_backend.h"
#include "tests/support/read_gz.h"

namespace samebits {
namespace {

using nlohmann::json;

const std::string kOracle = "data/lm-eval-oracle/";

// "101…" or [numbers] or [[log-likelihood, units], …] -> one statistic a document.
std::vector<Known<Statistic>> statistics(const json& scores) {
  std::vector<Known<Statistic>> row;
  if (scores.is_string())
    for (char c : scores.get<std::string>()) row.push_back(Statistic{c == '1' ? 1.0 : 0.0});
  else
    for (const json& entry : scores) row.push_back(entry.is_array() ? entry.get<Statistic>() : Statistic{entry});
  return row;
}

// Every task and metric of every stored run: from lm-eval's own per-document scores to its value and standard error.
TEST(Oracle, AggregatesEqualEveryDigit) {
  SAMEBITS_NEEDS_SHARED(kOracle + "results");
  size_t checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(shared_path(kOracle + "results"))) {
    const json run = json::parse(read_gz(entry.path().string()));
    for (const auto& [task, documents] : run.at("per_doc").items()) {
      for (const auto& [key, scores] : documents.at("scores").items()) {
        SCOPED_TRACE(entry.path().filename().string() + " " + task + " " + key);
        const size_t comma = key.find(',');
        const std::string metric = key.substr(0, comma), filter = key.substr(comma);
        const Estimate e = aggregate(metric, statistics(scores));
        const json& expected = run.at("results").at(task);
        EXPECT_EQ(std::get<double>(e.value), expected.at(key).get<double>());
        const json& stderr_ = expected.at(metric + "_stderr" + filter);
        ASSERT_EQ(is_known(e.stderr_), stderr_.is_number());
        if (stderr_.is_number()) {
          EXPECT_EQ(std::get<double>(e.stderr_), stderr_.get<double>());
        }
        ++checked;
      }
    }
  }
  EXPECT_EQ(checked, 50u);
}

// The requests of a run's first 50 documents a task, as samples of one plan.
struct StoredRun {
  std::deque<Sample> samples;
  std::vector<std::vector<Request>> requests;  // by sample
  std::vector<std::string> tasks;              // by sample
  json results;
};

StoredRun read_run(const std::string& name) {
  StoredRun run;
  run.results = json::parse(read_gz(shared_path(kOracle + "results/" + name + ".json.gz")));
  std::istringstream lines(read_gz(shared_path(kOracle + "requests/" + name + ".jsonl.gz")));
  for (std::string line; std::getline(lines, line);) {
    const json row = json::parse(line);
    Sample& sample = run.samples.emplace_back();
    sample.doc_id = row.at("doc_id");
    run.tasks.push_back(row.at("task"));
    auto& requests = run.requests.emplace_back();
    const bool several = row.at("arguments").size() > 1;
    if (row.at("target").is_number()) sample.gold = {row.at("target").get<int32_t>()};
    for (const json& arguments : row.at("arguments")) {
      Request& request = requests.emplace_back();
      request.context = arguments.at(0);
      if (arguments.size() == 1) {
        request.kind = RequestKind::loglikelihood_rolling;
      } else if (arguments.at(1).is_object()) {
        request.kind = RequestKind::generate;
        request.until = arguments.at(1).at("until").get<std::vector<std::string>>();
        sample.targets = {row.at("target").get<std::string>()};
      } else {
        request.continuation = arguments.at(1);
        const size_t delimiter = request.continuation.starts_with(" ") && !name.ends_with("turn") ? 1 : 0;
        if (several) sample.choices.push_back(request.continuation.substr(delimiter));
      }
    }
  }
  return run;
}

Answers ask(Sha256Backend& model, std::span<const Request> requests) {
  Answers answers;
  model.answer(requests,
               [&](Response&& response) {
                 Response& kept = answers.add();
                 kept = std::move(response);
                 answers.texts.back() = kept.text;
               },
               {});
  return answers;
}

class OracleChoices : public testing::TestWithParam<const char*> {};

// Per document: what acc, acc_norm and perplexity make of the fake model's answers to the stored requests.
TEST_P(OracleChoices, SampleScoresEqualLmEvals) {
  SAMEBITS_NEEDS_SHARED(kOracle + "requests");
  const StoredRun run = read_run(GetParam());
  Sha256Backend model;
  for (size_t i = 0; i < run.samples.size(); ++i) {
    const Answers answers = ask(model, run.requests[i]);
    for (const auto& [key, scores] : run.results.at("per_doc").at(run.tasks[i]).at("scores").items()) {
      SCOPED_TRACE(run.tasks[i] + " " + key + " document " + std::to_string(run.samples[i].doc_id));
      const std::string metric = key.substr(0, key.find(','));
      const Known<Statistic> expected = statistics(scores).at(run.samples[i].doc_id);
      EXPECT_EQ(value(score(metric, run.samples[i], answers)), value(expected));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Runs, OracleChoices,
                         testing::Values("arc_easy.0shot", "arc_easy.5shot", "arc_easy.5shot.chat_multiturn",
                                         "boolq.5shot", "hellaswag.0shot", "hellaswag.5shot", "lambada_openai.0shot",
                                         "mmlu_first7.5shot", "blimp_first6.0shot", "wikitext.0shot"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

// Generations: the text after the stop strings, what both filter pipelines extract, and exact_match.
TEST(Oracle, Gsm8kTextsFiltersAndScoresEqualLmEvals) {
  SAMEBITS_NEEDS_SHARED(kOracle + "requests");
  const std::map<std::string, json> patterns = {
      {"strict-match", {{"regex_pattern", "#### (\\-?[0-9\\.\\,]+)"}}},
      {"flexible-extract", {{"regex_pattern", "(-?[$0-9.,]{2,})|(-?[0-9]+)"}, {"group_select", -1}}}};
  const json args = {
      {"ignore_case", true}, {"ignore_punctuation", false}, {"regexes_to_ignore", {",", "\\$", "(?s).*#### ", "\\.$"}}};
  for (const char* name : {"gsm8k.0shot", "gsm8k.5shot", "gsm8k.5shot.gold", "gsm8k.5shot.chat_multiturn"}) {
    const bool gold = std::string(name).ends_with("gold");
    StoredRun run = read_run(gold ? "gsm8k.5shot" : name);
    run.results = json::parse(read_gz(shared_path(kOracle + "results/" + std::string(name) + ".json.gz")));
    std::map<std::string, std::string> answers_of;  // the oracle's gold runs know what follows the last "#### "
    for (size_t i = 0; gold && i < run.samples.size(); ++i) {
      const std::string& target = run.samples[i].targets[0];
      answers_of[run.requests[i][0].context] = target.substr(target.rfind("#### ") + 5);
    }
    Sha256Backend model(answers_of);
    const json& documents = run.results.at("per_doc").at("gsm8k");
    for (size_t i = 0; i < run.samples.size(); ++i) {
      SCOPED_TRACE(std::string(name) + " document " + std::to_string(i));
      const Answers answers = ask(model, run.requests[i]);
      ASSERT_EQ(answers.texts[0], documents.at("responses").at(i));
      for (const auto& [pipeline, filter_args] : patterns) {
        Answers filtered = answers;
        filtered.texts = filter("regex", filter_args, answers.texts);
        EXPECT_EQ(filtered.texts[0], documents.at("filtered").at(pipeline).at(i));
        const std::string scores = documents.at("scores").at("exact_match," + pipeline);
        EXPECT_EQ(value(score("exact_match", run.samples[i], filtered, args)), scores[i] - '0');
      }
    }
  }
}

}  // namespace
}  // namespace samebits
