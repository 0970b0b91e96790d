// Conformance vectors: what contract sb-1 gives for some models and requests (results/conformance/README.md).
//
// Thread rules: call from one thread. Determinism: vectors are a function of model and requests alone.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/core/interfaces.h"
#include "harness/core/loop.h"

namespace samebits {

inline constexpr const char* kConformanceFormat = "samebits-conformance/1";

struct ConformanceSet {
  std::string name;           // of the model; of its file beside the vectors too, or in the catalogue
  std::string model_digest;   // sha256 of the file
  std::string contract;       // "sb-1"
  std::string logits_digest;  // over all responses (run_logits_digest)
  std::vector<Request> requests;
  std::vector<nlohmann::json> responses;  // response_json of each, without its cost
};

// Every NAME.jsonl of a folder, by name: a line for the set, then one a request. Throws E0101 for a folder without
// any, E0602 and E0610 for lines of another form.
std::vector<ConformanceSet> load_conformance(const std::string& folder);

// The text of NAME.jsonl. Every request must have its response.
std::string conformance_text(const ModelInfo&, const std::vector<Request>&, const Responses&);

// Answers to all requests of a set, in their order.
Responses answer_all(Backend&, const std::vector<Request>&);

// The first field in which the backend's answers differ from the set's: "request 3: tokens". Empty when none does.
std::string conformance_difference(const ConformanceSet&, const Responses&);

}  // namespace samebits
