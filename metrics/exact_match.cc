// exact_match. Of a generation: the filtered text equals one of the targets after the same clean-up of both, in
// lm-evaluation-harness 0.4's order: regexes_to_ignore, ignore_case, ignore_punctuation, ignore_numbers. Of a
// multiple choice: greedy decoding would have written a gold choice.
#include <algorithm>
#include <vector>

#include "harness/core/error.h"
#include "harness/core/registry.h"
#include "harness/text/python_text.h"
#include "harness/text/regex.h"
#include "metrics/aggregate.h"
#include "metrics/arguments.h"

namespace samebits {
namespace {

struct CleanUp {
  std::vector<Regex> regexes_to_ignore;
  bool ignore_case = false;
  std::string characters_to_ignore;  // ASCII

  explicit CleanUp(const nlohmann::json& json) {
    const Arguments args("metric exact_match", json,
                         {"regexes_to_ignore", "ignore_case", "ignore_punctuation", "ignore_numbers"});
    for (const std::string& pattern : args.texts("regexes_to_ignore"))
      regexes_to_ignore.push_back(Regex::compile(pattern));
    ignore_case = args.flag("ignore_case");
    // Python's string.punctuation and string.digits.
    if (args.flag("ignore_punctuation")) characters_to_ignore += "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    if (args.flag("ignore_numbers")) characters_to_ignore += "0123456789";
  }

  std::string operator()(std::string text) const {
    for (const Regex& regex : regexes_to_ignore) text = regex.sub("", text);
    if (ignore_case) text = py_lower(text);
    std::erase_if(text, [&](char c) { return c != '\0' && characters_to_ignore.find(c) != std::string::npos; });
    return text;
  }
};

Known<Statistic> score_choices(const Sample& sample, std::span<const Answer> answers) {
  if (sample.gold.empty()) return Unknown{"the sample has neither a target nor a gold choice"};
  bool greedy = false;
  for (int32_t gold : sample.gold) {
    if (gold < 0 || static_cast<size_t>(gold) >= answers.size()) continue;  // out of range: wrong, as in lm-eval
    const Response& response = *answers[static_cast<size_t>(gold)].response;
    if (!is_known(response.loglikelihood)) return std::get<Unknown>(response.loglikelihood);
    greedy = greedy || response.greedy;
  }
  return Statistic{greedy ? 1.0 : 0.0};
}

class ExactMatch : public Metric {
 public:
  Known<Statistic> score(const MetricUse& use, const Sample& sample, std::span<const Answer> answers) const override {
    const RegexBudget budget;
    const CleanUp clean(use.args);
    if (answers.empty()) return Unknown{"no answer"};
    if (sample.targets.empty()) return score_choices(sample, answers);
    if (answers.front().response->stop == Stop::blocked) return Unknown{"a safety stage blocked the reply"};
    try {
      const std::string text = clean(answers.front().text);
      const bool equal = std::ranges::any_of(sample.targets, [&](const auto& t) { return clean(t) == text; });
      return Statistic{equal ? 1.0 : 0.0};
    } catch (const Error& error) {  // a regex that exceeds its step limit on this reply: a failed sample
      return Unknown{error.what()};
    }
  }

  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> row, uint64_t) const override {
    return mean_estimate(row);
  }
};

}  // namespace

SAMEBITS_REGISTER(Metric, ExactMatch, "exact_match", 1, "share of samples whose extracted answer equals a target");

}  // namespace samebits
