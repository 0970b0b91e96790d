// A `python3` of the test's own, first on the PATH while the object lives.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temp_dir.h"

namespace samebits {

class FakePython {
 public:
  // `script`: the body of a shell script that gets python3's arguments. Empty: no python3 anywhere on the PATH.
  explicit FakePython(const std::string& script) : old_path_(std::getenv("PATH")) {
    if (!script.empty()) {
      const std::string program = dir_ / "python3";
      std::ofstream(program) << "#!/bin/sh\n" << script;
      std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    }
    ::setenv("PATH", script.empty() ? dir_.path().c_str() : (dir_.path() + ":" + old_path_).c_str(), 1);
  }
  ~FakePython() { ::setenv("PATH", old_path_.c_str(), 1); }

 private:
  std::string old_path_;
  TempDir dir_;
};

}  // namespace samebits
