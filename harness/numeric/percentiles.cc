#include "harness/numeric/percentiles.h"

#include <fmt/format.h>

namespace samebits {

Known<int64_t> percentile(std::span<const int64_t> sorted, const Percentile& p) {
  const uint64_t n = sorted.size();
  if (n < p.floor) return Unknown{fmt::format("n={} < {}", n, p.floor)};
  const uint64_t rank = (n * static_cast<uint64_t>(p.per_mille) + 999) / 1000;
  return sorted[rank - 1];
}

}  // namespace samebits
