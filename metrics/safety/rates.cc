#include "metrics/safety/rates.h"

#include "metrics/aggregate.h"
#include "metrics/safety.h"

namespace samebits {
namespace {

constexpr std::string_view kNotApplicable = "not applicable: ";

}  // namespace

Known<std::string> labelled_outcome(const Sample& sample, std::string_view label, std::span<const Answer> answers) {
  const auto slice = sample.slices.find("label");
  if (slice == sample.slices.end()) return Unknown{"the sample has no label"};
  if (slice->second != label) return Unknown{std::string(kNotApplicable) + "the prompt is " + slice->second};
  if (answers.empty()) return Unknown{"no answer"};
  return known_outcome(*answers.front().response);
}

Estimate estimate_rate(std::span<const Known<Statistic>> row) {
  std::vector<Known<Statistic>> applicable;
  for (const Known<Statistic>& statistic : row)
    if (is_known(statistic) || !std::get<Unknown>(statistic).reason.starts_with(kNotApplicable))
      applicable.push_back(statistic);
  Estimate estimate = mean_estimate(applicable);
  estimate.method += "; " + refusal_scorer();
  return estimate;
}

}  // namespace samebits
