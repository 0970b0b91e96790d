// Latencies of a run, per field: counts, nearest-rank percentiles, the maximum. Observations, never claims.
//
// Fields that the engine emits, one value a request: queue_ns (handed over -> first computed), ttft_ns (handed over ->
// first token), tpot_ns ((last - first token) / (tokens - 1)), total_ns, output_tokens. All stamps are monotonic.
// Thread rules: one caller at a time.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/core/types.h"

namespace samebits {

class Latency {
 public:
  void add(const Observation&);

  // {"ttft_ns": {"count": 90, "max": …, "p50": …, "p90": …, "p99": null, "p99_reason": "n=90 < 662"}, …}: the
  // percentiles below their sample floor (harness/numeric/percentiles.h) are null with the reason.
  nlohmann::json summary() const;

 private:
  std::map<std::string, std::vector<int64_t>, std::less<>> values_;  // by field
};

}  // namespace samebits
