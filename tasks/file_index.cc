#include "tasks/file_index.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "harness/core/error.h"

namespace samebits {

std::vector<std::string> files_below(const std::string& folder, const std::vector<std::string>& extensions) {
  namespace fs = std::filesystem;
  std::vector<std::string> out;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name == "__pycache__" || name == ".ipynb_checkpoints") it.disable_recursion_pending();
    const bool wanted =
        std::find(extensions.begin(), extensions.end(), it->path().extension().string()) != extensions.end();
    if (wanted && it->is_regular_file(error)) out.push_back(it->path().string());
  }
  if (error) throw Error("E0101", "cannot read the folder: " + error.message(), folder, "Check --include-path.");
  std::sort(out.begin(), out.end());
  return out;
}

Error defined_twice(const std::string& id, const std::string& first, const std::string& second) {
  return {"E0406", fmt::format("two task files define \"{}\": {} and {}", id, first, second), second,
          "Rename one of them."};
}

std::string fingerprint(const std::vector<std::string>& files) {
  std::string out;
  for (const std::string& file : files) {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(file, ignored);
    const auto time = std::filesystem::last_write_time(file, ignored).time_since_epoch().count();
    out += fmt::format("{}\n{} {}\n", file, size, time);
  }
  return out;
}

}  // namespace samebits
