// Ranges of what a run is made of, for whoever reads it: the command line, task files, suites, stored runs.
#pragma once

#include <cstdint>

namespace samebits {

inline constexpr int kMaxFewshot = 1000;                     // examples before a question
inline constexpr int64_t kMaxSuiteLimit = int64_t{1} << 32;  // documents of one entry of a suite

}  // namespace samebits
