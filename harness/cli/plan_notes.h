// What a user should know about a plan before it runs: tasks that do not follow the flags, and what that means.
#pragma once

#include <string>
#include <vector>

#include "harness/core/interfaces.h"

namespace samebits {

// One line for each kind of note, naming the tasks that it concerns; in plan order.
std::vector<std::string> plan_notes(const Plan&, const PlanOptions&);

}  // namespace samebits
