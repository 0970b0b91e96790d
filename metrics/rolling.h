// What word_perplexity, byte_perplexity and bits_per_byte share: log-likelihood per unit of the original document.
//
// Thread rules: pure functions.
#pragma once

#include <span>
#include <string>

#include "harness/core/types.h"

namespace samebits {

// {log-likelihood of the document, its units}. Unknown without an answer.
Known<Statistic> rolling_statistic(std::span<const Answer>, uint64_t units);

// `value` of (sum of log-likelihoods / sum of units) over the known samples. Neither a standard error nor an interval:
// lm-evaluation-harness 0.4 defines none for a ratio of sums.
Estimate ratio_estimate(std::span<const Known<Statistic>> row, std::string method, double (*value)(double ratio));

}  // namespace samebits
