// Where a run took place: observations, never claims.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/core/plugin_loader.h"

namespace samebits {

// {"tool", "compiler", "system", "machine", "model", "runner", "plugins": [{"file", "sha256", "brings"}]}.
// `model`: as the user typed it.
nlohmann::json environment(const std::string& model, const std::string& runner, const std::vector<LoadedPlugin>&);

}  // namespace samebits
