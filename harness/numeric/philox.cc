#include "harness/numeric/philox.h"

#include "harness/core/error.h"

namespace samebits {
namespace {

// Multipliers and Weyl increments of the paper (table 2 and section 4.2).
constexpr uint32_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

}  // namespace

std::array<uint32_t, 4> philox4x32_10(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = uint64_t{kMultiplier0} * counter[0];
    const uint64_t product1 = uint64_t{kMultiplier1} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

Philox::Philox(uint64_t seed, uint32_t task, uint32_t sample, DrawPurpose purpose)
    : key_{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)},
      task_and_purpose_(task << 8 | static_cast<uint32_t>(purpose)),
      sample_(sample) {
  SAMEBITS_ASSERT(task < (1u << 24));
}

std::array<uint32_t, 4> Philox::block(uint32_t index) const {
  return philox4x32_10({index, sample_, task_and_purpose_, 0}, key_);
}

uint32_t Philox::u32(uint32_t index) const { return block(index)[0]; }

uint64_t Philox::u64(uint32_t index) const {
  const auto words = block(index);
  return uint64_t{words[1]} << 32 | words[0];
}

double Philox::uniform(uint32_t index) const { return static_cast<double>(u64(index) >> 11) * 0x1p-53; }

uint64_t Philox::below(uint32_t index, uint64_t n) const {
  SAMEBITS_ASSERT(n > 0);
  __extension__ using Wide = unsigned __int128;  // a scaled draw, so one block is one draw whatever n is
  return static_cast<uint64_t>((Wide{u64(index)} * n) >> 64);
}

}  // namespace samebits
