// What determinism costs: the kernels' inner loops in the contract's order (NUMERICS.md: one accumulator an output,
// blocks and positions ascending, 16 lanes) beside the same loops in a free order (several accumulators each, added at
// the end, with whichever tile is then the fastest).
//
//   bench_determinism_cost [--benchmark_repetitions=N …]
//
// Both orders run interleaved in one process on the same data; the ratio of their medians is printed at the end. Needs
// a machine with AVX-512 VNNI. Sizes: SmolLM2-135M's down projection and attention over 512 positions.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "inference/kernels/kernels.h"
#include "tests/support/random.h"

namespace samebits {
namespace {

#define SAMEBITS_VNNI
#include "inference/kernels/simd_avx512.h"

constexpr int kCols = 1536, kRows = 576, kTokens = 48, kBlocks = kCols / 32;
constexpr int kHeadDim = 64, kPositions = 512, kQueries = 6;

template <class T>
struct Aligned {
  explicit Aligned(size_t n) : size(n), data(static_cast<T*>(std::aligned_alloc(64, (n * sizeof(T) + 63) / 64 * 64))) {}
  ~Aligned() { std::free(data); }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  size_t size;
  T* data;
};

struct Data {
  Aligned<uint8_t> weights{size_t{kRows} * kCols};        // (group, block, k4, row, 4)
  Aligned<float> weight_scales{size_t{kRows} * kBlocks};  // (group, block, row)
  Aligned<int8_t> activations{size_t{kTokens} * kCols};
  Aligned<float> activation_scales{size_t{kTokens} * kBlocks};
  Aligned<int32_t> start{size_t{kTokens} * kBlocks};
  Aligned<float> keys{size_t{kPositions} * kHeadDim};    // (block of 16 positions, d, position)
  Aligned<float> values{size_t{kPositions} * kHeadDim};  // (position, d)
  Aligned<float> queries{size_t{kQueries} * kHeadDim};
  Aligned<float> scores{size_t{kQueries} * kPositions};
  Aligned<float> out{size_t{kRows} * kTokens};

  Data() {
    SplitMix64 random(1);
    const auto bytes = [&](auto& to, int range) {
      for (size_t i = 0; i < to.size; ++i)
        to.data[i] = static_cast<std::remove_pointer_t<decltype(to.data)>>(random.below(range));
    };
    const auto reals = [&](Aligned<float>& to) {
      for (size_t i = 0; i < to.size; ++i) to.data[i] = random.uniform();
    };
    bytes(weights, 128), bytes(activations, 127), bytes(start, 100000);
    reals(weight_scales), reals(activation_scales), reals(keys), reals(values), reals(queries), reals(scores);
  }
};

Data& data() {
  static Data d;
  return d;
}

// One tile of the int8 linear kernel: kGroups x 16 rows by kTile tokens. Block b is added to chain b mod kChains.
template <int kChains, int kGroups, int kTile>
void linear_tile(int g0, int t0) {
  const Data& in = data();
  F acc[kChains][kGroups][kTile];
  for (auto& chain : acc)
    for (auto& group : chain)
      for (F& a : group) a = set1(0.0f);
  for (int b0 = 0; b0 < kBlocks; b0 += kChains)
#pragma GCC unroll 4
    for (int c = 0; c < kChains; ++c) {
      const int b = b0 + c;
      I sum[kGroups][kTile];
      for (int t = 0; t < kTile; ++t)
        for (int g = 0; g < kGroups; ++g) sum[g][t] = set1(in.start.data[(t0 + t) * kBlocks + b]);
#pragma GCC unroll 8
      for (int k4 = 0; k4 < 8; ++k4) {
        B w[kGroups];
        for (int g = 0; g < kGroups; ++g) w[g] = load_bytes(in.weights.data + (((g0 + g) * kBlocks + b) * 8 + k4) * 64);
        for (int t = 0; t < kTile; ++t)
          for (int g = 0; g < kGroups; ++g)
            sum[g][t] = dot4<false>(sum[g][t], w[g], in.activations.data + (t0 + t) * kCols + 32 * b + 4 * k4);
      }
      for (int g = 0; g < kGroups; ++g) {
        const F dw = load(in.weight_scales.data + ((g0 + g) * kBlocks + b) * 16);
        for (int t = 0; t < kTile; ++t)
          acc[c][g][t] =
              fma(to_float(sum[g][t]), dw * set1(in.activation_scales.data[(t0 + t) * kBlocks + b]), acc[c][g][t]);
      }
    }
  for (int t = 0; t < kTile; ++t)
    for (int g = 0; g < kGroups; ++g) {
      for (int c = 1; c < kChains; ++c) acc[0][g][t] = acc[0][g][t] + acc[c][g][t];
      store(in.out.data + (t0 + t) * kRows + (g0 + g) * 16, acc[0][g][t]);
    }
}

template <int kChains, int kGroups, int kTile>
void linear() {
  for (int g = 0; g < kRows / 16; g += kGroups)
    for (int t = 0; t < kTokens; t += kTile) linear_tile<kChains, kGroups, kTile>(g, t);
}

// Scores of kQueries queries: lanes are keys, head dimension d goes to chain d mod kChains.
template <int kChains, int kBlocksAtATime>
void scores() {
  const Data& in = data();
  for (int b = 0; b < kPositions / 16; b += kBlocksAtATime) {
    F s[kChains][kQueries][kBlocksAtATime];
    for (auto& chain : s)
      for (auto& row : chain)
        for (F& v : row) v = set1(0.0f);
    for (int d0 = 0; d0 < kHeadDim; d0 += kChains)
      for (int c = 0; c < kChains; ++c) {
        F keys[kBlocksAtATime];
        for (int j = 0; j < kBlocksAtATime; ++j) keys[j] = load(in.keys.data + ((b + j) * kHeadDim + d0 + c) * 16);
        for (int r = 0; r < kQueries; ++r)
          for (int j = 0; j < kBlocksAtATime; ++j)
            s[c][r][j] = fma(set1(in.queries.data[r * kHeadDim + d0 + c]), keys[j], s[c][r][j]);
      }
    for (int r = 0; r < kQueries; ++r)
      for (int j = 0; j < kBlocksAtATime; ++j) {
        for (int c = 1; c < kChains; ++c) s[0][r][j] = s[0][r][j] + s[c][r][j];
        store(in.out.data + r * kPositions + (b + j) * 16, s[0][r][j]);
      }
  }
}

// Weighted values: lanes are head dimensions, position p goes to chain p mod kChains.
template <int kChains, int kVectors>
void values() {
  const Data& in = data();
  for (int d = 0; d < kHeadDim; d += 16 * kVectors) {
    F o[kChains][kQueries][kVectors];
    for (auto& chain : o)
      for (auto& row : chain)
        for (F& v : row) v = set1(0.0f);
    for (int p0 = 0; p0 < kPositions; p0 += kChains)
      for (int c = 0; c < kChains; ++c) {
        F values[kVectors];
        for (int j = 0; j < kVectors; ++j) values[j] = load(in.values.data + (p0 + c) * kHeadDim + d + 16 * j);
        for (int r = 0; r < kQueries; ++r)
          for (int j = 0; j < kVectors; ++j)
            o[c][r][j] = fma(set1(in.scores.data[r * kPositions + p0 + c]), values[j], o[c][r][j]);
      }
    for (int r = 0; r < kQueries; ++r)
      for (int j = 0; j < kVectors; ++j) {
        for (int c = 1; c < kChains; ++c) o[0][r][j] = o[0][r][j] + o[c][r][j];
        store(in.out.data + r * kHeadDim + d + 16 * j, o[0][r][j]);
      }
  }
}

float tree_sum(F x) {
  float t[16];
  store(t, x);
  for (int half = 8; half >= 1; half /= 2)
    for (int i = 0; i < half; ++i) t[i] = t[i] + t[i + half];
  return t[0];
}

// RMS norm of one row of kRows values; 16 values go to chain (i / 16) mod kChains.
template <int kChains>
void norm() {
  const float* x = data().weight_scales.data;
  F squares[kChains];
  for (F& s : squares) s = set1(0.0f);
  for (int i = 0; i < kRows; i += 16 * kChains)
    for (int c = 0; c < kChains; ++c) {
      const F v = load(x + i + 16 * c);
      squares[c] = fma(v, v, squares[c]);
    }
  for (int c = 1; c < kChains; ++c) squares[0] = squares[0] + squares[c];
  const float sum = kChains == 1 ? tree_sum(squares[0]) : _mm512_reduce_add_ps(squares[0].v);
  const F r = set1(1.0f / __builtin_sqrtf(sum / kRows + 1e-5f));
  for (int i = 0; i < kRows; i += 16) store(data().out.data + i, (load(x + i) * r) * load(x + kRows + i));
}

using Loop = void (*)();

// The contract's order first (the kernel's own tile), then candidates of the free order.
const std::map<std::string, std::vector<std::pair<std::string, Loop>>>& loops() {
  static const std::map<std::string, std::vector<std::pair<std::string, Loop>>> all = {
      {"linear int8",
       {{"contract 2x6", linear<1, 2, 6>},
        {"free 2 chains 2x3", linear<2, 2, 3>},
        {"free 2 chains 1x6", linear<2, 1, 6>},
        {"free 2 chains 2x4", linear<2, 2, 4>},
        {"free 4 chains 1x3", linear<4, 1, 3>}}},
      {"attention scores",
       {{"contract 6x2", scores<1, 2>}, {"free 2 chains 6x1", scores<2, 1>}, {"free 2 chains 6x2", scores<2, 2>}}},
      {"attention values",
       {{"contract 6x2", values<1, 2>}, {"free 2 chains 6x1", values<2, 1>}, {"free 2 chains 6x2", values<2, 2>}}},
      {"RMS norm", {{"contract", norm<1>}, {"free 2 chains", norm<2>}, {"free 4 chains", norm<4>}}},
  };
  return all;
}

void run(benchmark::State& state, Loop loop) {
  for (auto _ : state) {
    loop();
    benchmark::ClobberMemory();
  }
}

// Keeps every repetition; the table of medians is all that is printed of them.
class Collector : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& r : runs)
      if (r.run_type == Run::RT_Iteration) times_[r.run_name.function_name].push_back(r.GetAdjustedCPUTime());
  }
  double median_ns(const std::string& name) {
    std::vector<double>& t = times_.at(name);
    std::sort(t.begin(), t.end());
    return t[t.size() / 2];
  }

 private:
  std::map<std::string, std::vector<double>> times_;
};

void print_ratios(Collector& times) {
  fmt::print("\n| loop | contract, us | best free order, us | cost of the order |\n|---|---|---|---|\n");
  for (const auto& [loop, variants] : loops()) {
    const double contract = times.median_ns(loop + "/" + variants[0].first);
    double best = INFINITY;
    std::string name;
    for (size_t i = 1; i < variants.size(); ++i) {
      const double t = times.median_ns(loop + "/" + variants[i].first);
      if (t < best) best = t, name = variants[i].first;
    }
    fmt::print("| {} | {:.2f} | {:.2f} ({}) | {:+.1f} % |\n", loop, contract / 1000, best / 1000, name,
               100 * (contract / best - 1));
  }
}

}  // namespace
}  // namespace samebits

int main(int argc, char** argv) {
  if (!samebits::supported(samebits::Isa::avx512vnni)) {
    fmt::print("this machine has no AVX-512 VNNI\n");
    return 0;
  }
  std::vector<std::string> arguments(argv, argv + argc);
  for (const char* ours :
       {"--benchmark_enable_random_interleaving=true", "--benchmark_repetitions=9", "--benchmark_min_time=0.02"})
    arguments.insert(arguments.begin() + 1, ours);
  std::vector<char*> pointers;
  for (std::string& a : arguments) pointers.push_back(a.data());
  int n = static_cast<int>(pointers.size());
  benchmark::Initialize(&n, pointers.data());
  for (const auto& [loop, variants] : samebits::loops())
    for (const auto& [name, function] : variants)
      benchmark::RegisterBenchmark((loop + "/" + name).c_str(), samebits::run, function);
  samebits::Collector times;
  benchmark::RunSpecifiedBenchmarks(&times);
  samebits::print_ratios(times);
}
