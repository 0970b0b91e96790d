// What a bundle may hold: a reader refuses more (E0606), so that a hostile bundle cannot exhaust the machine, and a
// writer refuses to write more (E0707), so that no run ends in a bundle that nobody can read.
#pragma once

#include <cstddef>
#include <cstdint>

namespace samebits {

struct BundleLimits {
  size_t files = 4096;  // and folders
  uint64_t file_bytes = uint64_t{1} << 30;
  uint64_t total_bytes = uint64_t{4} << 30;  // of the files that SHA256SUMS lists
  size_t line_bytes = size_t{16} << 20;      // of JSONL
};

}  // namespace samebits
