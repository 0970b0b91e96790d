// A folder of one test's own, and helpers to write task files into it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "harness/core/error.h"

namespace samebits {

class TempDir {
 public:
  TempDir() {
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string("samebits_") + test->test_suite_name() + "_" + test->name();
    for (char& c : name)
      if (c == '/') c = '_';
    for (int i = 0;; ++i) {
      dir_ = std::filesystem::path(testing::TempDir()) / (name + "_" + std::to_string(i));
      if (std::filesystem::create_directory(dir_)) return;
    }
  }
  ~TempDir() { std::filesystem::remove_all(dir_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string path(const std::string& name = "") const { return name.empty() ? dir_.string() : (dir_ / name).string(); }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories((dir_ / name).parent_path());
    std::ofstream(dir_ / name, std::ios::binary) << bytes;
    return path(name);
  }

 private:
  std::filesystem::path dir_;
};

// The code of the Error that `f` throws; "" when it throws none.
template <class F>
std::string error_code_of(F f, std::string* message = nullptr) {
  try {
    f();
  } catch (const Error& e) {
    if (message) *message = e.problem + " | " + e.where + " | " + e.hint;
    return e.code;
  }
  return "";
}

}  // namespace samebits
