// What a response must satisfy whatever model gave it: its parts follow from one another. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "results/read.h"
#include "results/verify.h"

namespace samebits {

// The first response of a run whose log-likelihood, greedy flag or token ids do not follow from its token scores.
std::optional<Difference> inconsistent_response(const StoredRun&);

// The first response that the safety stages of its task judge otherwise than the bundle says: stages are functions of
// the document and the text, so no model is needed. Throws E0902 for a stage that is not registered here.
std::optional<Difference> inconsistent_stages(const StoredRun&);

// The place of a request: "task arc_easy, doc 17, request 2".
std::string request_place(const Plan&, const Request&);

}  // namespace samebits
