// lighteval's published metric cases, for the metrics that both have.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/text/python_text.h"
#include "tests/metrics/fixtures.h"
#include "tests/shared_data.h"

namespace samebits {
namespace {

using nlohmann::json;

const std::string kCases = "data/metric-cases/";

json cases(const std::string& name) {
  return json::parse(std::ifstream(shared_path(kCases + name + ".json"))).at("test_cases");
}

TEST(MetricCases, LoglikelihoodAcc) {
  SAMEBITS_NEEDS_SHARED(kCases + "loglikelihood_acc.json");
  for (const json& c : cases("loglikelihood_acc")) {
    SCOPED_TRACE(c.at("name"));
    const json& gold = c.at("doc").at("gold_index");
    const Sample sample =
        choice_sample(c.at("doc").at("choices"),
                      gold.is_array() ? gold.get<std::vector<int32_t>>() : std::vector<int32_t>{gold.get<int32_t>()});
    Answers answers;
    for (double logprob : c.at("model_response").at("logprobs")) answers.loglikelihood(logprob);
    EXPECT_EQ(value(score("acc", sample, answers)), c.at("expected_output").at("acc"));
  }
}

TEST(MetricCases, ExactMatch) {
  SAMEBITS_NEEDS_SHARED(kCases + "exact_match.json");
  for (const json& c : cases("exact_match")) {
    SCOPED_TRACE(c.at("name"));
    Sample sample;
    sample.targets = {c.at("doc").at("choices").at(c.at("doc").at("gold_index").get<size_t>())};
    const Answers answers = Answers().text(c.at("model_response").at("text").at(0));
    EXPECT_EQ(value(score("exact_match", sample, answers)), c.at("expected_output").at("em"));
  }
}

TEST(MetricCases, WordPerplexity) {
  SAMEBITS_NEEDS_SHARED(kCases + "word_perplexity.json");
  for (const json& c : cases("word_perplexity")) {
    SCOPED_TRACE(c.at("name"));
    std::vector<Known<Statistic>> row;
    for (size_t i = 0; i < c.at("docs").size(); ++i) {
      Sample sample;
      sample.words = py_count_words(c.at("docs")[i].at("query").get<std::string>());
      double sum = 0;
      for (double logprob : c.at("model_responses")[i].at("logprobs")) sum += logprob;
      row.push_back(score("word_perplexity", sample, Answers().loglikelihood(sum)));
    }
    EXPECT_DOUBLE_EQ(std::get<double>(aggregate("word_perplexity", row).value), c.at("expected_output"));
  }
}

}  // namespace
}  // namespace samebits
