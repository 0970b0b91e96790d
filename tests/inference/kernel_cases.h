// What the kernel tests share: seeded shapes and values with every kind of edge, and comparison by bits.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "inference/kernels/kernels.h"
#include "tests/support/random.h"

namespace samebits {

// Real values of mixed magnitudes, one in eight an edge: zeros of both signs, subnormals, the threshold of
// quantisation, the limits of exp, huge ones.
struct Cases : SplitMix64 {
  using SplitMix64::SplitMix64;

  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(below(static_cast<uint64_t>(high - low + 1)));
  }
  float sign() { return below(2) ? 1.0f : -1.0f; }
  float real() { return uniform() * static_cast<float>(1 << below(7)); }
  float bits(uint32_t low_exponent, uint32_t high_exponent) {
    const uint64_t exponent = low_exponent + below(high_exponent - low_exponent + 1);
    return std::bit_cast<float>(static_cast<uint32_t>(exponent << 23 | (next() & 0x807fffff)));
  }
  float edge() {
    switch (below(7)) {
      case 0:
        return sign() * 0.0f;
      case 1:
        return bits(0, 0);  // subnormal
      case 2:
        return bits(230, 254);  // up to the largest
      case 3:
        return sign() * std::nextafter(0x1p-100f, below(2) ? 0.0f : 1.0f);
      case 4:
        return sign() * std::nextafter(below(2) ? 87.0f : 88.0f, below(2) ? 0.0f : 100.0f);
      case 5:
        return sign() * (static_cast<float>(below(256)) + 0.5f);  // halves: ties of rounding
      default:
        return bits(1, 254);
    }
  }
  std::vector<float> reals(int64_t n) {
    std::vector<float> v(static_cast<size_t>(n));
    for (float& x : v) x = real();
    return v;
  }
  std::vector<float> mixed(int64_t n) {
    std::vector<float> v = reals(n);
    for (float& x : v)
      if (below(8) == 0) x = edge();
    return v;
  }
};

inline std::vector<Isa> tiers_here() {
  std::vector<Isa> out;
  for (Isa isa : kIsas)
    if (supported(isa)) out.push_back(isa);
  return out;
}

// Any NaN equals any other: the contract makes them errors, and processors differ in the bits of those they make.
template <class T>
void expect_same_bits(const std::vector<T>& expected, const std::vector<T>& actual, const std::string& what) {
  ASSERT_EQ(expected.size(), actual.size()) << what;
  if (std::memcmp(expected.data(), actual.data(), expected.size() * sizeof(T)) == 0) return;
  for (size_t i = 0; i < expected.size(); ++i) {
    const bool both_nan = expected[i] != expected[i] && actual[i] != actual[i];
    ASSERT_TRUE(both_nan || std::memcmp(&expected[i], &actual[i], sizeof(T)) == 0)
        << what << ": value " << i << " is " << +actual[i] << " instead of " << +expected[i];
  }
}

}  // namespace samebits
