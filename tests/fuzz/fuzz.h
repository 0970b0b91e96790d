// One fuzz target: a parser of what a stranger wrote. Any bytes must end in a value or a coded Error.
//
// Each NAME_fuzz.cc registers one. fuzz_main.cc runs them under libFuzzer, fuzz_test.cc in every test run on their
// seeds and a few mutations. A target returns normally, throws Error, or has found a bug.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace samebits {

struct FuzzTarget {
  const char* name;
  std::vector<std::string> (*seeds)();  // sound inputs, from the tests' own writers
  void (*run)(std::string_view input);
};

std::vector<FuzzTarget>& fuzz_targets();  // sorted by name once main has begun

struct FuzzRegistration {
  explicit FuzzRegistration(FuzzTarget);
};

// Plans every task of a folder that holds this one task file beside data.jsonl (two documents of a question), without
// the shipped tasks. `extension`: ".json" or ".yaml".
void plan_task_text(std::string_view text, const std::string& extension);

}  // namespace samebits

#define SAMEBITS_FUZZ_TARGET(name, seeds, run) \
  static const ::samebits::FuzzRegistration registered_##name({#name, seeds, run})
