// What word_perplexity, byte_perplexity and bits_per_byte share: log-likelihood per unit of the original document.
//
// Thread rules: pure functions.
#pragma once

#include <span>

#include "harness/core/types.h"

namespace samebits {

// {log-likelihood of the document, its units}. Unknown without an answer.
Known<Statistic> rolling_statistic(std::span<const Answer>, uint64_t units);

// sum of log-likelihoods / sum of units over the known samples; Unknown when there are none.
Known<double> loglikelihood_per_unit(std::span<const Known<Statistic>> row);

}  // namespace samebits
