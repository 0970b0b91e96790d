// Multiple choice, as lm-evaluation-harness 0.4 decides it: which choice wins, and whether it is a right one.
//
// Thread rules: pure functions.
#pragma once

#include <span>
#include <vector>

#include "harness/core/types.h"

namespace samebits {

// (n_choices) log-likelihoods of the sample's choices. Unknown when one is unknown, or when the answers are neither one
// a choice nor two (acc_mutual_info's unconditional ones come after all conditional ones).
Known<std::vector<double>> choice_loglikelihoods(const Sample&, std::span<const Answer>);

// Index of the first maximum; the first NaN wins over everything (numpy.argmax). Needs one value.
size_t argmax(std::span<const double>);

// {1} when the choice is among the sample's gold ones, else {0}. A gold index out of range is never chosen.
Known<Statistic> judge_choice(const Sample&, size_t choice);

// judge_choice(argmax(loglikelihood / length)), for every normalisation of a multiple-choice accuracy.
template <class Length>
Known<Statistic> score_normalised(const Sample& sample, std::span<const Answer> answers, Length length) {
  Known<std::vector<double>> known = choice_loglikelihoods(sample, answers);
  if (!is_known(known)) return std::get<Unknown>(known);
  auto& values = std::get<std::vector<double>>(known);
  // An empty choice has length 0: the quotient is -inf (or NaN, which wins), as in numpy.
  for (size_t i = 0; i < values.size(); ++i) values[i] /= static_cast<double>(length(sample.choices[i]));
  return judge_choice(sample, argmax(values));
}

}  // namespace samebits
