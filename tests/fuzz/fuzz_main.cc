// samebits_fuzz --target=NAME [--seeds=FOLDER] [libFuzzer's flags and corpus]; no target: prints their names.
//
// --seeds writes the target's seed corpus into FOLDER first.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "harness/core/error.h"
#include "tests/fuzz/fuzz.h"

namespace {

const samebits::FuzzTarget* chosen = nullptr;

void choose(std::string_view name) {
  for (const samebits::FuzzTarget& target : samebits::fuzz_targets())
    if (target.name == name) chosen = &target;
}

void write_seeds(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  int n = 0;
  for (const std::string& seed : chosen->seeds())
    std::ofstream(folder / ("seed" + std::to_string(n++)), std::ios::binary) << seed;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view kTarget = "--target=", kSeeds = "--seeds=";
  std::string_view folder;
  for (int i = 1; i < *argc; ++i) {
    const std::string_view argument = (*argv)[i];
    if (argument.starts_with(kTarget)) choose(argument.substr(kTarget.size()));
    if (argument.starts_with(kSeeds)) folder = argument.substr(kSeeds.size());
  }
  if (!chosen) {
    for (const samebits::FuzzTarget& target : samebits::fuzz_targets()) std::puts(target.name);
    std::exit(0);
  }
  if (!folder.empty()) write_seeds(folder);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    chosen->run({reinterpret_cast<const char*>(data), size});
  } catch (const samebits::Error&) {  // anything else that is thrown is a finding
  }
  return 0;
}
