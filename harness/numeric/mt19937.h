// CPython's random.Random(seed), draw for draw: lm-eval's few-shot samples and bootstraps depend on it.
//
// Thread rules: one generator a thread. Determinism: integer arithmetic and exact divisions only; no
// std::*_distribution, no libm.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace samebits {

class PythonRandom {
 public:
  explicit PythonRandom(uint64_t seed);  // random.Random(seed); CPython seeds with |seed|

  uint32_t next_u32();                         // one word of MT19937
  double random();                             // [0, 1), 53 bits
  uint64_t getrandbits(int k);                 // 0 <= k <= 64
  uint64_t randbelow(uint64_t n);              // [0, n); n > 0
  int64_t randint(int64_t low, int64_t high);  // [low, high]

  // random.sample(range(n), k): k distinct positions in draw order; k <= n.
  std::vector<uint64_t> sample(uint64_t n, uint64_t k);
  // random.choices(range(n), k=k): positions with replacement; 0 < n <= 2^53.
  std::vector<uint64_t> choices(uint64_t n, uint64_t k);

  template <class T>
  void shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i-- > 1;) std::swap(items[i], items[randbelow(i + 1)]);
  }

 private:
  void seed_with(const std::array<uint32_t, 2>& key, size_t n_key);
  void refill();

  std::array<uint32_t, 624> state_;
  size_t next_ = 624;
};

}  // namespace samebits
