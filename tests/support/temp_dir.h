// A folder of its own for a test, removed afterwards.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "harness/core/error.h"

namespace samebits {

class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "samebits-test-XXXXXX").string();
    SAMEBITS_ASSERT(::mkdtemp(name.data()) != nullptr);
    root_ = name;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  std::string path() const { return root_.string(); }
  std::string operator/(const std::string& name) const { return (root_ / name).string(); }
  // Writes a file, and the folders above it. Returns its path.
  std::string write(const std::string& name, std::string_view bytes) const {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << bytes;
    return *this / name;
  }

 private:
  std::filesystem::path root_;
};

}  // namespace samebits
