#include "bench/peaks.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace samebits {
namespace {

constexpr int64_t kTurns = 4000000;
constexpr int kChains = 12;  // independent sums: latency 5 x 2 ports, and some
constexpr int kTries = 5;    // the best counts: anything else on the machine only takes away

// Of the processor, as Google Benchmark's rates: what else runs on the machine takes no part.
double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// `loop` does kTurns turns of `macs_a_turn`.
template <class Loop>
double best_rate(double macs_a_turn, const Loop& loop) {
  double best = 0;
  for (int i = 0; i < kTries; ++i) {
    const double begin = thread_seconds();
    loop();
    best = std::max(best, static_cast<double>(kTurns) * macs_a_turn / (thread_seconds() - begin));
  }
  return best;
}

#if defined(__x86_64__)
// The empty asm makes the compiler believe that every sum is used and changed: no turn can be left out. Unrolled, so
// that the sums stay in registers.
#define SAMEBITS_PEAK(name, isa, vector, zero, turn)                                                  \
  __attribute__((target(isa))) void name() {                                                          \
    vector sums[kChains];                                                                             \
    _Pragma("GCC unroll 12") for (int c = 0; c < kChains; ++c) sums[c] = zero();                      \
    for (int64_t i = 0; i < kTurns; ++i) _Pragma("GCC unroll 12") for (int c = 0; c < kChains; ++c) { \
        vector& s = sums[c];                                                                          \
        turn;                                                                                         \
        asm volatile("" : "+v"(s));                                                                   \
      }                                                                                               \
  }
SAMEBITS_PEAK(vnni_turns, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512,
              s = _mm512_dpbusd_epi32(s, _mm512_set1_epi8(3), _mm512_set1_epi8(2)))
SAMEBITS_PEAK(avx512_turns, "avx512f,avx512bw", __m512i, _mm512_setzero_si512,
              s = _mm512_add_epi32(s, _mm512_madd_epi16(_mm512_maddubs_epi16(s, _mm512_set1_epi8(2)),
                                                        _mm512_set1_epi16(1))))
SAMEBITS_PEAK(avx2_turns, "avx2", __m256i, _mm256_setzero_si256,
              s = _mm256_add_epi32(s, _mm256_madd_epi16(_mm256_maddubs_epi16(s, _mm256_set1_epi8(2)),
                                                        _mm256_set1_epi16(1))))
SAMEBITS_PEAK(fma512_turns, "avx512f", __m512, _mm512_setzero_ps,
              s = _mm512_fmadd_ps(s, _mm512_set1_ps(0.5f), _mm512_set1_ps(1.0f)))
SAMEBITS_PEAK(fma256_turns, "avx2,fma", __m256, _mm256_setzero_ps,
              s = _mm256_fmadd_ps(s, _mm256_set1_ps(0.5f), _mm256_set1_ps(1.0f)))
#undef SAMEBITS_PEAK
#endif

struct Free {
  void operator()(uint64_t* p) const { std::free(p); }
};

// One thread's share; the sum keeps the reads alive.
uint64_t read_all(const uint64_t* from, size_t words) {
  uint64_t sums[32] = {};
  for (size_t i = 0; i < words; i += 32)
    for (size_t j = 0; j < 32; ++j) sums[j] += from[i + j];
  uint64_t sum = 0;
  for (const uint64_t s : sums) sum += s;
  return sum;
}

}  // namespace

double int8_peak_macs([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::avx512vnni) return best_rate(64 * kChains, vnni_turns);
  if (isa == Isa::avx512) return best_rate(64 * kChains, avx512_turns);
  if (isa == Isa::avx2) return best_rate(32 * kChains, avx2_turns);
#endif
  return 0;
}

double fma_peak_macs([[maybe_unused]] Isa isa) {
#if defined(__x86_64__)
  if (isa == Isa::avx512vnni || isa == Isa::avx512) return best_rate(16 * kChains, fma512_turns);
  if (isa == Isa::avx2) return best_rate(8 * kChains, fma256_turns);
#endif
  return 0;
}

double read_bandwidth(int threads) {
  constexpr size_t kBytes = size_t{512} << 20, kHugePage = size_t{2} << 20;
  const std::unique_ptr<uint64_t, Free> data(static_cast<uint64_t*>(std::aligned_alloc(kHugePage, kBytes)));
  if (!data) return 0;
#if defined(__linux__)
  madvise(data.get(), kBytes, MADV_HUGEPAGE);
#endif
  std::memset(data.get(), 1, kBytes);
  const size_t words = kBytes / 8 / static_cast<size_t>(threads) / 32 * 32;
  std::vector<uint64_t> sums(static_cast<size_t>(threads));
  std::vector<double> rates(sums.size());
  double best = 0;
  for (int i = 0; i < kTries; ++i) {
    std::vector<std::thread> readers;
    for (size_t t = 0; t < sums.size(); ++t)
      readers.emplace_back([&, t] {
        const double begin = thread_seconds();
        sums[t] = read_all(data.get() + t * words, words);
        rates[t] = static_cast<double>(words * 8) / (thread_seconds() - begin);
      });
    for (std::thread& r : readers) r.join();
    best = std::max(best, std::accumulate(rates.begin(), rates.end(), 0.0));
  }
  // Read through a volatile: the sums, and so the loads, cannot be left out.
  volatile uint64_t seen = 0;
  for (const uint64_t s : sums) seen = seen + s;
  return best;
}

}  // namespace samebits
