// All 2^32 float32 inputs, or every n-th of them and all the edges, spread over the machine's cores.
//
// $SAMEBITS_MATH_STRIDE chooses n: unset, a dense sample of about four million inputs (seconds); 1, every input.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include "inference/kernels/kernels.h"
#include "inference/workers.h"

namespace samebits {

inline uint64_t math_stride() {
  constexpr uint64_t kDenseSample = 1021;  // a prime: every low bit pattern of the significand occurs
  const char* set = std::getenv("SAMEBITS_MATH_STRIDE");
  return set ? std::stoull(set) : kDenseSample;
}

// Around every power of two, zero, infinity and NaN, of both signs.
inline std::vector<float> edge_inputs() {
  std::vector<float> out;
  for (uint32_t top = 0; top < 512; ++top)
    for (uint32_t fraction : {0x0u, 0x1u, 0x2u, 0x3fffffu, 0x400000u, 0x400001u, 0x7ffffeu, 0x7fffffu})
      out.push_back(std::bit_cast<float>(top << 23 | fraction));
  return out;
}

inline constexpr int64_t kInputsAtATime = 1 << 14;

// body(inputs) for chunks of at most kInputsAtATime inputs, a multiple of 16 each, on all cores.
template <class Body>
void for_inputs(uint64_t stride, const Body& body) {
  const std::vector<float> edges = edge_inputs();
  body(edges);
  const uint64_t inputs = ((uint64_t{1} << 32) + stride - 1) / stride;
  Workers workers(0);
  workers.each(static_cast<int64_t>((inputs + kInputsAtATime - 1) / kInputsAtATime), [&](int64_t chunk) {
    std::vector<float> x(kInputsAtATime);
    for (int64_t i = 0; i < kInputsAtATime; ++i)
      x[static_cast<size_t>(i)] =
          std::bit_cast<float>(static_cast<uint32_t>(static_cast<uint64_t>(chunk * kInputsAtATime + i) * stride));
    body(x);
  });
}

// The largest error seen, and where.
class Worst {
 public:
  void see(double error, double at) {
    if (error <= error_) return;
    error_ = error;
    at_ = at;
  }
  void merge(const Worst& other) {
    const std::lock_guard lock(mutex_);
    see(other.error_, other.at_);
  }
  double error() const { return error_; }
  double at() const { return at_; }

 private:
  std::mutex mutex_;
  double error_ = 0, at_ = 0;
};

// |computed - exact| in units of the last place that a value of `digits` binary digits has at `exact`.
template <class Real>
double ulps(Real computed, Real exact, int digits, int least_exponent) {
  const int exponent = exact == 0 ? least_exponent : std::max(std::ilogb(exact), least_exponent);
  return static_cast<double>(std::fabs(std::ldexp(computed - exact, digits - 1 - exponent)));
}

// Every tier that this machine can run.
inline std::vector<Isa> tiers_here() {
  std::vector<Isa> out;
  for (const Isa isa : kIsas)
    if (supported(isa)) out.push_back(isa);
  return out;
}

}  // namespace samebits
