// The loop: plan -> responses -> scores. The first file to read.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "harness/core/interfaces.h"

namespace samebits {

// Responses by Request::index; nullopt: not answered yet.
using Responses = std::vector<std::optional<Response>>;

struct LoopHooks {
  std::function<void(const Response&)> keep;      // called once for every new response, before anything sees it
  std::function<void(const Responses&, const Response&)> progress;
  Observer observe;
};

// Answers what `known` lacks (a journal's content, or all nullopt). Returns the complete set.
// Thread rules: call from one thread; hooks are called one at a time.
Responses respond(const Plan&, Backend&, const Runner&, Responses known, const LoopHooks&);

// Scores every sample and aggregates every metric of every task and group. Needs no model.
Scores score(const Plan&, const Responses&);

}  // namespace samebits
