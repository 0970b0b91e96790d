// What a reader must know beside the scores: warnings of the engine, few-shot examples from another split.
//
// `claims` as Bundle::claims() gives them. Pure functions. Errors: E0610 when the JSON has another shape.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace samebits {

// {TASK: {CODE: requests}}, of the tasks that have any. Codes: "truncated_left", "argmax_tie", …
nlohmann::json warnings_json(const nlohmann::json& claims);

// (name, value): one a task and kind of warning, one a task whose few-shot examples stand in for another split.
std::vector<std::pair<std::string, std::string>> run_notes(const nlohmann::json& claims);

}  // namespace samebits
