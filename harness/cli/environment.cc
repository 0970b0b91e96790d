#include "harness/cli/environment.h"

#include <sys/utsname.h>

#include <filesystem>
#include <nlohmann/json.hpp>

namespace samebits {

nlohmann::json environment(const std::string& model, const std::string& runner,
                           const std::vector<LoadedPlugin>& plugins) {
  utsname system{};
  uname(&system);
  nlohmann::json loaded = nlohmann::json::array();
  for (const LoadedPlugin& plugin : plugins)
    // The file's name without its folder: where somebody keeps plugins is nobody's business; the digest says which.
    loaded.push_back({{"file", std::filesystem::path(plugin.path).filename().string()},
                      {"sha256", plugin.digest},
                      {"brings", plugin.names}});
  // "model" as the user named it: `verify` finds the file again by it, and checks the digest.
  return {{"tool", "samebits " SAMEBITS_VERSION},
          {"compiler", __VERSION__},
          {"system", std::string(system.sysname) + " " + system.release},
          {"machine", system.machine},
          {"model", model},
          {"runner", runner},
          {"plugins", loaded}};
}

}  // namespace samebits
