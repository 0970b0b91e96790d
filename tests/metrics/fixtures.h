// Samples and answers in one line each, for hand-computed cases.
#pragma once

#include <string>
#include <vector>

#include "harness/core/registry.h"

namespace samebits {

// The responses of one sample, and their filtered texts.
struct Answers {
  std::vector<Response> responses;
  std::vector<std::string> texts;

  Answers& loglikelihood(double value, bool greedy = false) {
    Response& r = add();
    r.loglikelihood = value;
    r.greedy = greedy;
    return *this;
  }
  Answers& unknown(std::string reason) {
    add().loglikelihood = Unknown{std::move(reason)};
    return *this;
  }
  Answers& text(std::string text, Stop stop = Stop::eos) {
    Response& r = add();
    r.text = text;
    r.stop = stop;
    texts.back() = std::move(text);
    return *this;
  }
  Response& add() {
    texts.emplace_back();
    return responses.emplace_back();
  }
  std::vector<Answer> list() const {  // points into this object
    std::vector<Answer> answers;
    for (size_t i = 0; i < responses.size(); ++i) answers.push_back({&responses[i], texts[i]});
    return answers;
  }
};

inline Sample choice_sample(std::vector<std::string> choices, std::vector<int32_t> gold) {
  Sample sample;
  sample.choices = std::move(choices);
  sample.gold = std::move(gold);
  return sample;
}

inline Known<Statistic> score(std::string_view metric, const Sample& sample, const Answers& answers,
                              nlohmann::json args = nlohmann::json::object()) {
  const MetricUse use{std::string(metric), "none", std::move(args), true};
  return Registry<Metric>::instance().get(metric).score(use, sample, answers.list());
}

inline Estimate aggregate(std::string_view metric, const std::vector<Known<Statistic>>& row) {
  return Registry<Metric>::instance().get(metric).aggregate({std::string(metric)}, row, 1234);
}

inline double value(const Known<Statistic>& statistic) { return std::get<Statistic>(statistic).at(0); }
inline std::string reason(const Known<Statistic>& statistic) { return std::get<Unknown>(statistic).reason; }
inline std::string reason(const Known<double>& number) { return std::get<Unknown>(number).reason; }

inline std::vector<std::string> filter(std::string_view name, nlohmann::json args, std::vector<std::string> texts,
                                       const Sample& sample = {}) {
  return Registry<Filter>::instance().get(name).apply(args, sample, std::move(texts));
}

}  // namespace samebits
