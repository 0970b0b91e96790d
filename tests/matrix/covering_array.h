// Pairwise covering arrays: few rows in which every two settings of any two factors meet at least once.
//
// Most faults need one or two settings together (Kuhn, Wallace, Gallo 2004), so the array finds them with a number of
// runs near the product of the two largest factors instead of the product of all.
// Thread rules: pure. Determinism: a function of its arguments; ties go to the lowest setting.
#pragma once

#include <functional>
#include <vector>

namespace samebits {

using ArrayRow = std::vector<int>;  // a setting in [0, levels[f]) of every factor f

// Whether these settings may stand in one row; -1 marks a factor that has none yet. Forbidding a partial row must
// forbid all that complete it.
using RowAllowed = std::function<bool(const ArrayRow&)>;

// Greedy, a row at a time. Every pair that an allowed row can hold is in some row; all rows are allowed.
std::vector<ArrayRow> covering_array(const std::vector<int>& levels, const RowAllowed& allowed);

}  // namespace samebits
