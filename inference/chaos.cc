#include "inference/chaos.h"

#include <thread>

#include "harness/core/error.h"
#include "harness/numeric/philox.h"

namespace samebits {
namespace {

enum Stream : uint32_t { kChoices = 0, kStalls = 1 };

uint64_t word(uint64_t seed, uint64_t index, Stream stream, uint32_t sub = 0) {
  const auto block = philox4x32_10({static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), stream, sub},
                                   {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  return uint64_t{block[1]} << 32 | block[0];
}

}  // namespace

int64_t Chaos::draw(int64_t low, int64_t high) {
  SAMEBITS_ASSERT(low <= high);
  const auto choices = static_cast<uint64_t>(high - low) + 1;
  return low + static_cast<int64_t>(word(seed_, draws_++, kChoices) % choices);
}

void Chaos::stall(int64_t item) const {
  if (!on_) return;
  // One item in eight waits for microseconds, so that others overtake it; one in 1024 until the system comes back.
  constexpr uint64_t kOneInSpins = 8, kOneInYields = 1024, kMaxSpins = 4096;
  const uint64_t drawn = word(seed_, draws_, kStalls, static_cast<uint32_t>(item));
  if (drawn % kOneInYields == 0) return std::this_thread::yield();
  if (drawn % kOneInSpins != 0) return;
  for (uint64_t i = 0; i < drawn / kOneInSpins % kMaxSpins; ++i) asm volatile("");  // the compiler keeps the loop
}

void Chaos::litter(uint16_t* values, int64_t n) {
  if (!on_) return;
  constexpr uint16_t kFinite = 0xbfff;  // without the top bit of the exponent: below 2 in magnitude
  const uint64_t drawn = word(seed_, draws_++, kChoices);
  for (int64_t i = 0; i < n; ++i)
    values[i] = static_cast<uint16_t>(drawn * static_cast<uint64_t>(2 * i + 1) >> 48) & kFinite;
}

}  // namespace samebits
