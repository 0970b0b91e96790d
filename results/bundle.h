// Writing the result bundle: claims, observations, reports, SHA256SUMS.
//
//   samebits.bundle.json                        index: format, claims digest
//   claims/run.json                             contract, model, seed, tasks, suite: what decided every bit
//   claims/tasks/<id>/{task.json,items.jsonl,scores.json}
//   claims/{groups,energy_proxies,safety}.json  where there are any
//   observations/*.json, requests.jsonl         what was measured here; proven by nothing
//   reports/*                                   pure functions of the two
//   SHA256SUMS                                  every file but itself; written last
#pragma once

#include <iterator>
#include <string>
#include <vector>

#include "results/claims.h"
#include "results/limits.h"

namespace samebits {

inline constexpr const char* kSumsName = "SHA256SUMS";
inline constexpr const char* kIndexName = "samebits.bundle.json";
// Of every bundle, empty where nothing was observed: one that lacks a file was edited.
inline constexpr const char* kObservations[] = {"energy", "engine", "environment", "latency", "time"};
inline constexpr const char* kMeasuredName = "observations/requests.jsonl";
inline constexpr const char* kReporters[] = {"markdown", "text", "html"};  // of every bundle

struct BundleInput {
  ClaimsInput claims;
  // {"environment": …}: a file a key, of kObservations; the latency is computed from `measured`.
  nlohmann::json observations = nlohmann::json::object();
  std::vector<Observation> measured;                                                 // of single requests, any order
  std::vector<std::string> reporters{std::begin(kReporters), std::end(kReporters)};  // registered Reporters
};

// Writes the bundle into `dir` (created when absent; only a journal or the rest of an interrupted writing may be
// there) and returns the claims digest. Files are staged and synced in a folder inside, then moved; SHA256SUMS comes
// last, so a folder with it is complete. Interrupted at any point, calling it again gives the same bundle.
// Throws E0703 when it cannot be written, E0705 when a response is missing, E0902 for an unknown reporter,
// E0707 when a reader with these limits would refuse the bundle; the journal stays.
std::string write_bundle(const std::string& dir, const BundleInput&, const BundleLimits& = {});

std::string observation_path(const std::string& name);  // in the bundle
std::string report_path(const Reporter&);

// sha256 of those lines of SHA256SUMS whose path starts with "claims/".
std::string claims_digest_of(std::string_view sums);

}  // namespace samebits
