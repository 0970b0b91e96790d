// YAML 1.1 text → JSON, with PyYAML's meaning of plain scalars (yes, 010, 1_000, 1:30, ~): lm-eval reads its task
// files with PyYAML.
//
// Thread rules: pure functions. Bounded: size, nesting, nodes after aliases are followed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace samebits {

// A value with a tag of its own (`!function utils.f`) becomes {"!function": "utils.f"}. Of equal keys the last wins.
// Throws E0405 with line and column. `where`: the file.
nlohmann::ordered_json parse_yaml(std::string_view text, const std::string& where);

// What a plain (unquoted) scalar means.
nlohmann::ordered_json resolve_plain_scalar(const std::string& text);

}  // namespace samebits
