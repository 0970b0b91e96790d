#include "harness/core/resources.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "harness/core/error.h"

namespace samebits {
namespace fs = std::filesystem;
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::string resource_path(std::string_view relative) {
  std::vector<fs::path> roots;
  if (const std::string home = environment("SAMEBITS_HOME"); !home.empty()) roots.emplace_back(home);
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  if (!program.empty()) roots.push_back(program.parent_path() / ".." / "share" / "samebits");
  roots.emplace_back(SAMEBITS_SOURCE_DIR);
  for (const fs::path& root : roots)
    if (const fs::path path = root / relative; fs::exists(path, ignored)) return path.lexically_normal().string();
  throw Error("E0102", "the shipped file \"" + std::string(relative) + "\" is missing", roots.front().string(),
              "set SAMEBITS_HOME to the folder that holds it, or install samebits again");
}

std::string cache_dir() {
  fs::path dir = environment("SAMEBITS_CACHE");
  if (dir.empty()) {
    fs::path base = environment("XDG_CACHE_HOME");
    const fs::path home = environment("HOME");
    if (base.empty() && home.empty())
      throw Error("E0103", "nothing says where the cache is: SAMEBITS_CACHE, XDG_CACHE_HOME and HOME are not set",
                  "SAMEBITS_CACHE", "set SAMEBITS_CACHE to a folder that you may write to");
    if (base.empty()) base = home / ".cache";
    dir = base / "samebits";
  }
  std::error_code failed;
  fs::create_directories(dir, failed);
  if (failed)
    throw Error("E0103", "the cache folder cannot be created: " + failed.message(), dir.string(),
                "set SAMEBITS_CACHE to a folder that you may write to");
  return dir.string();
}

}  // namespace samebits
