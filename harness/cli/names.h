// Everything that has a name on the command line: tasks and registered plugins.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/core/interfaces.h"

namespace samebits {

// {"tasks": [{"name", "doc", …}], "metrics": […], "filters", "stages", "backends", "runners", "reporters"}, each
// sorted.
nlohmann::json named_things(const PlanOptions&);

// `text` broken at blanks into lines of at most `width` columns.
std::string wrapped(const std::string& text, int width);

}  // namespace samebits
