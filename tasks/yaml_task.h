// lm-eval 0.4 YAML task → samebits' own task definition, for tasks that need no Python.
//
// Thread rules: pure functions. Errors: E0415 needs Python, E0416 not supported, E0403 unknown key, E0404.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace samebits {

// `config`: the YAML file after includes (and a group's overrides), key for key as lm-eval's TaskConfig.
// `where`: the file. The result is a "samebits-task/1" definition.
nlohmann::json task_from_yaml(const nlohmann::ordered_json& config, const std::string& where);

// A YAML file with its includes merged in: included keys first, the file's own win. Throws E0405, E0417.
nlohmann::ordered_json load_yaml_config(const std::string& path);

}  // namespace samebits
