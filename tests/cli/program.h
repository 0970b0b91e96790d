// Runs the samebits program as a user's shell does, and keeps what it printed.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cli/source_tree.h"

namespace samebits {

inline std::string quoted(const std::string& word) {
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// A folder of the running test's own, empty at its start, removed at its end.
class Scratch {
 public:
  Scratch() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::path(testing::TempDir()) /
            ("samebits-" + std::string(test->test_suite_name()) + "." + test->name());
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

struct Outcome {
  int exit = -1;  // 128 + signal when it was killed
  std::string out, err;
  nlohmann::json json() const { return nlohmann::json::parse(out, nullptr, /*allow_exceptions=*/false); }
};

// Runs shell in which `samebits` is the program ($SAMEBITS its path: a background job of it has the program's own pid).
// stdout and stderr are files, so no terminal.
inline Outcome shell(const Scratch& scratch, const std::string& line) {
  const std::string out = scratch / "stdout", err = scratch / "stderr";
  const std::string whole = "SAMEBITS=" + quoted(SAMEBITS_PROGRAM) + "\nsamebits() { \"$SAMEBITS\" \"$@\"; }\n" + line;
  const int status = std::system(("sh -c " + quoted(whole) + " >" + quoted(out) + " 2>" + quoted(err)).c_str());
  Outcome result;
  result.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = read_text(out);
  result.err = read_text(err);
  return result;
}

inline Outcome samebits(const Scratch& scratch, const std::vector<std::string>& arguments) {
  std::string line = "samebits";
  for (const std::string& argument : arguments) line += " " + quoted(argument);
  return shell(scratch, line);
}

// The outcome is a coded error: nothing on stdout but with --json the error; code, fix and pointer to the explanation
// on stderr.
inline void expect_error(const Outcome& o, const std::string& code, int exit) {
  EXPECT_EQ(o.exit, exit) << o.err;
  EXPECT_TRUE(o.out.empty() || o.json()["error"]["code"] == code) << o.out;
  EXPECT_TRUE(o.err.starts_with("error[" + code + "]: ")) << o.err;
  EXPECT_NE(o.err.find("samebits explain " + code), std::string::npos) << o.err;
}

}  // namespace samebits
