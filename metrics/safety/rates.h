// A rate over the prompts of one label: over_refusal counts the safe ones, leak the unsafe ones.
//
// Thread rules: pure functions.
#pragma once

#include <span>
#include <string_view>

#include "harness/core/types.h"

namespace samebits {

// The outcome of a sample whose slices["label"] is `label`. Unknown without a reply or an outcome; samples of the other
// label are Unknown{"not applicable: …"}, which estimate_rate does not count.
Known<std::string> labelled_outcome(const Sample&, std::string_view label, std::span<const Answer>);

// Mean of the applicable samples with Wilson's interval; the method names the refusal scorer.
Estimate estimate_rate(std::span<const Known<Statistic>> row);

}  // namespace samebits
