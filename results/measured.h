// What was measured of single requests, and the latencies that follow from it: observations, but arithmetic is checked.
//
// Thread rules: pure functions. Determinism: the order of the observations does not matter.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/types.h"

namespace samebits {

// observations/requests.jsonl: one line a request, ascending: {"index":7,"ttft_ns":…}.
std::string requests_jsonl(std::vector<Observation>);

// observations/latency.json of that text, for a run of so many requests (harness/numeric/latency.h). Throws E0610 for
// a text of another form.
nlohmann::json latency_json(std::string_view requests_jsonl, uint64_t total_requests);

}  // namespace samebits
