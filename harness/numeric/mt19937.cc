#include "harness/numeric/mt19937.h"

#include <unordered_set>

#include "harness/core/error.h"

namespace samebits {
namespace {

// MT19937 (Matsumoto and Nishimura 1998): sizes and masks of the reference implementation.
constexpr size_t kWords = 624, kShift = 397;
constexpr uint32_t kUpperBit = 0x80000000, kTwist = 0x9908b0df;

}  // namespace

PythonRandom::PythonRandom(uint64_t seed) {
  // CPython hands the seed to init_by_array as little-endian 32-bit words, without leading zero words.
  const std::array<uint32_t, 2> key{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  seed_with(key, key[1] != 0 ? 2 : 1);
}

// init_by_array of the reference implementation (2002 version).
void PythonRandom::seed_with(const std::array<uint32_t, 2>& key, size_t n_key) {
  state_[0] = 19650218;
  for (uint32_t i = 1; i < kWords; ++i) state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;

  size_t i = 1, j = 0;
  const auto wrap = [&] {
    if (++i == kWords) {
      state_[0] = state_[kWords - 1];
      i = 1;
    }
  };
  for (size_t k = 0; k < kWords; ++k) {
    const uint32_t previous = state_[i - 1] ^ (state_[i - 1] >> 30);
    state_[i] = (state_[i] ^ (previous * 1664525u)) + key[j] + static_cast<uint32_t>(j);
    wrap();
    if (++j == n_key) j = 0;
  }
  for (size_t k = 0; k < kWords - 1; ++k) {
    const uint32_t previous = state_[i - 1] ^ (state_[i - 1] >> 30);
    state_[i] = (state_[i] ^ (previous * 1566083941u)) - static_cast<uint32_t>(i);
    wrap();
  }
  state_[0] = kUpperBit;
  next_ = kWords;
}

void PythonRandom::refill() {
  for (size_t i = 0; i < kWords; ++i) {
    const uint32_t y = (state_[i] & kUpperBit) | (state_[(i + 1) % kWords] & ~kUpperBit);
    state_[i] = state_[(i + kShift) % kWords] ^ (y >> 1) ^ ((y & 1) != 0 ? kTwist : 0);
  }
  next_ = 0;
}

uint32_t PythonRandom::next_u32() {
  if (next_ == kWords) refill();
  uint32_t y = state_[next_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >> 18);
}

double PythonRandom::random() {
  const double high = next_u32() >> 5, low = next_u32() >> 6;  // 27 and 26 bits
  return (high * 67108864.0 + low) * 0x1p-53;
}

uint64_t PythonRandom::getrandbits(int k) {
  SAMEBITS_ASSERT(k >= 0 && k <= 64);
  if (k == 0) return 0;
  if (k <= 32) return next_u32() >> (32 - k);
  const uint64_t low = next_u32();  // CPython fills words from the least significant on
  return low | uint64_t{next_u32() >> (64 - k)} << 32;
}

uint64_t PythonRandom::randbelow(uint64_t n) {
  SAMEBITS_ASSERT(n > 0);
  const int n_bits = 64 - __builtin_clzll(n);
  uint64_t draw = getrandbits(n_bits);
  while (draw >= n) draw = getrandbits(n_bits);
  return draw;
}

int64_t PythonRandom::randint(int64_t low, int64_t high) {
  SAMEBITS_ASSERT(low <= high);
  const uint64_t width = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
  SAMEBITS_ASSERT(width != 0);  // the full 64-bit range does not fit
  return static_cast<int64_t>(static_cast<uint64_t>(low) + randbelow(width));
}

std::vector<uint64_t> PythonRandom::sample(uint64_t n, uint64_t k) {
  SAMEBITS_ASSERT(k <= n);
  // CPython swaps within a pool where that costs less memory than a set of k: 21 + 4^ceil(log4(3k)).
  uint64_t set_size = 21;
  if (k > 5) {
    uint64_t power = 1;
    while (power < 3 * k) power *= 4;
    set_size += power;
  }
  std::vector<uint64_t> drawn;
  drawn.reserve(k);
  if (n <= set_size) {
    std::vector<uint64_t> pool(n);
    for (uint64_t i = 0; i < n; ++i) pool[i] = i;
    for (uint64_t i = 0; i < k; ++i) {
      const uint64_t j = randbelow(n - i);
      drawn.push_back(pool[j]);
      pool[j] = pool[n - i - 1];
    }
    return drawn;
  }
  std::unordered_set<uint64_t> taken;  // membership only: never iterated
  while (drawn.size() < k) {
    const uint64_t j = randbelow(n);
    if (taken.insert(j).second) drawn.push_back(j);
  }
  return drawn;
}

std::vector<uint64_t> PythonRandom::choices(uint64_t n, uint64_t k) {
  SAMEBITS_ASSERT(n > 0 && n <= uint64_t{1} << 53);
  std::vector<uint64_t> drawn(k);
  for (auto& d : drawn) d = static_cast<uint64_t>(random() * static_cast<double>(n));
  return drawn;
}

}  // namespace samebits
