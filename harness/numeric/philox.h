// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC11).
//
// A draw is a pure function of its key and counter, so it does not depend on order, batch, thread or shard.
// Thread rules: everything here is a value. Determinism: integers and one exact scaling only.
#pragma once

#include <array>
#include <cstdint>

namespace samebits {

// One block: 4 words from a counter and a key.
std::array<uint32_t, 4> philox4x32_10(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// What a draw is for; part of the key, so streams never overlap. Values are stored in bundles: only append.
enum class DrawPurpose : uint8_t { sampling = 0, few_shot = 1, bootstrap = 2, verify_items = 3, attack = 4 };

// The stream of one (seed, task, sample, purpose). Each index is an independent draw of 128 bits.
class Philox {
 public:
  // task < 2^24 (asserted).
  Philox(uint64_t seed, uint32_t task, uint32_t sample, DrawPurpose purpose);

  uint32_t u32(uint32_t index) const;
  uint64_t u64(uint32_t index) const;
  double uniform(uint32_t index) const;              // [0, 1), 53 bits
  uint64_t below(uint32_t index, uint64_t n) const;  // [0, n), n > 0; bias < n / 2^64

 private:
  std::array<uint32_t, 4> block(uint32_t index) const;
  std::array<uint32_t, 2> key_;
  uint32_t task_and_purpose_, sample_;
};

}  // namespace samebits
