// What can be found wrong with the scoring of a plan before any model runs: hours of answers must not end in "unknown
// metric".
//
// Thread rules: pure function.
#pragma once

#include "harness/core/types.h"

namespace samebits {

// Scores the first sample of every task on empty replies, by every metric. Throws what scoring would throw: E0902 for
// a name that is not registered, E0501 for arguments that are not understood, E0313 for a pattern that is none; E0504
// when a metric names a pipeline that its task does not define.
void preflight(const Plan&);

}  // namespace samebits
