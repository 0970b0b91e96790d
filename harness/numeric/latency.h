// Latencies of a run, per field: counts, nearest-rank percentiles, the maximum. Observations, never claims.
//
// Fields that the engine emits, one value a request: queue_ns (handed over -> first computed), ttft_ns (handed over ->
// first token), tpot_ns ((last - first token) / (tokens - 1)), total_ns, output_tokens. All stamps are monotonic.
// Thread rules: a pure function. Determinism: integers only; the order of the observations does not matter.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>

#include "harness/core/types.h"

namespace samebits {

// {"measured_requests": 90, "total_requests": 100,
//  "ttft_ns": {"count": 90, "max": …, "p50": …, "p90": …, "p99": null, "p99_reason": "n=90 < 662"}, …}
// Percentiles below their sample floor (percentiles.h) are null with the reason. Of nothing measured:
// {"measured_requests": 0, "total_requests": 100, "value": null, "value_reason": …}.
nlohmann::json latency_summary(std::span<const Observation> measured, uint64_t total_requests);

}  // namespace samebits
