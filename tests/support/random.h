// SplitMix64 (Steele, Lea, Flood 2014): seeded random bytes for tests, the same everywhere.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

namespace samebits {

class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}

  uint64_t next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  uint64_t below(uint64_t n) { return next() % n; }

  // Uniform in [-1, 1).
  float uniform() { return static_cast<float>(static_cast<int64_t>(next()) >> 40) * 0x1p-23f; }

  std::vector<uint8_t> bytes(size_t n) {
    std::vector<uint8_t> out(n);
    for (size_t i = 0; i < n; i += 8) {
      const uint64_t word = next();
      std::memcpy(out.data() + i, &word, n - i < 8 ? n - i : 8);
    }
    return out;
  }

 private:
  uint64_t state_;
};

}  // namespace samebits
