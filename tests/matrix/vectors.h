// The requests of the conformance vectors.
#pragma once

#include <vector>

#include "harness/core/types.h"

namespace samebits {

// Choices with and without shared beginnings, an empty context, pages (one longer than a tiny model's window, one
// of a single token), greedy and sampled continuations.
std::vector<Request> tiny_vector_requests();
// Few tokens: a real model on the scalar tier must answer them in seconds.
std::vector<Request> real_vector_requests();

}  // namespace samebits
