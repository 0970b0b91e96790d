// What a bundle says about its plan: that its parts follow from one another, and that it is the plan which the tasks
// and data at hand give. Golds, documents and prompts come from the bundle itself, so re-scoring alone proves none of
// them. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "results/verify.h"

namespace samebits {

// The first place where the tasks, items, groups and suite of a plan contradict each other: definitions and their
// digests, items of a complete run that are missing, moved or doubled, a suite's tasks, limits and seed.
std::optional<Difference> inconsistent_plan(const Plan&);

// The first place where task `task` of the bundle's plan is not the task of the same id in `here`: its record, then
// each document with its gold answer, then each prompt.
std::optional<Difference> task_difference(const Plan& stored, uint32_t task, const Plan& here);

std::optional<Difference> group_difference(const Group& stored, const Group& here);

// `here`: the shipped suite of the same id and version.
std::optional<Difference> suite_difference(const Plan& stored, const nlohmann::json& here);

std::string suite_name(const Plan&);  // its id; "" when it has none

}  // namespace samebits
