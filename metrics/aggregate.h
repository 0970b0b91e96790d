// What the metrics share: known scores out of a row, and the estimates that lm-evaluation-harness 0.4 makes of them.
//
// Thread rules: pure functions. Unknown samples are counted in Estimate::unknown and left out of every sum.
#pragma once

#include <span>
#include <vector>

#include "harness/core/types.h"

namespace samebits {

// Entry `entry` of every known statistic, in sample order.
std::vector<double> known_values(std::span<const Known<Statistic>> row, size_t entry = 0);

// n, unknown and method filled; value still Unknown ("no samples", or the first reason when all are unknown).
Estimate empty_estimate(std::span<const Known<Statistic>> row, std::string method);

// Mean, sample stderr (n >= 2) and, when every score is 0 or 1, Wilson's 95 % interval.
Estimate mean_estimate(std::span<const Known<Statistic>> row);

// Finite values as they are; Unknown{"beyond the range of a double"} otherwise (a score must be writable as JSON).
Known<double> finite(double value);

}  // namespace samebits
