// Nearest-rank percentiles that refuse to speak below a sample floor.
//
// Thread rules: pure functions. Determinism: integers only.
#pragma once

#include <cstdint>
#include <span>

#include "harness/core/types.h"

namespace samebits {

// A percentile and the smallest n at which it is printed. The floor is the smallest h for which one over-latency
// sample still bounds the percentile at 99 % confidence: h p^(h-1) - (h-1) p^h <= 0.01 (MLPerf's early stopping, t =
// 1).
struct Percentile {
  std::string_view name;
  int per_mille;  // p99 = 990
  uint64_t floor;
};

inline constexpr Percentile kP50 = {"p50", 500, 11};
inline constexpr Percentile kP90 = {"p90", 900, 64};
inline constexpr Percentile kP95 = {"p95", 950, 130};
inline constexpr Percentile kP99 = {"p99", 990, 662};
inline constexpr Percentile kP999 = {"p99.9", 999, 6636};

// The value of rank ceil(p n), counted from 1, of ascending `sorted`; Unknown{"n=200 < 662"} below the floor.
Known<int64_t> percentile(std::span<const int64_t> sorted, const Percentile& p);

}  // namespace samebits
