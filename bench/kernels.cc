// bench_kernels [--benchmark_filter=linear/Q4_1.*vnni …]: what each kernel reaches, on one thread, beside what the
// machine can do, measured first in the same process (bench/peaks.h).
//
// linear/TYPE/LAYER/TIER/rows:N  multiply-adds a second and their share of the int8 peak (`peak`); `bandwidth` is the
//   share of the read bandwidth at which the file's bytes of the weights pass: the limit for few rows. Weights are
//   48 MiB or more, used in turn, so that they come from memory as in a real model. A wide layer does two int8
//   multiply-adds a weight, and both count.
// float/…, attention/…           share of the FMA peak.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "bench/peaks.h"
#include "harness/core/fp_environment.h"
#include "inference/activations.h"
#include "inference/packed.h"
#include "inference/quants.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/random.h"

namespace samebits {
namespace {

using benchmark::Counter;

constexpr int64_t kMaxRows = 512;
constexpr uint64_t kResidentBytes = 48 << 20;
constexpr const char* kTypes[] = {"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q4_K", "Q5_K", "Q6_K"};

struct Layer {
  const char* name;
  int64_t rows, cols;  // of the weights
};
// SmolLM2-135M and Llama-3.2-1B. K-quants need widths that 256 divides.
constexpr Layer kLayers[] = {
    {"135m.up", 1536, 576}, {"135m.down", 576, 1536}, {"1b.up", 8192, 2048}, {"1b.down", 2048, 8192}};

struct Peaks {
  std::map<Isa, double> int8, fma;
  double bandwidth = 0;
};
Peaks peaks;

std::vector<float> random_rows(int64_t rows, int64_t cols) {
  SplitMix64 random(1);
  std::vector<float> x(static_cast<size_t>(rows * cols));
  for (float& v : x) v = random.uniform();
  return x;
}

// One layer's weights many times over, one matrix below the other.
struct Weights {
  std::vector<uint8_t> file;
  PackedMatrix packed;

  Weights(const QuantType& type, const Layer& layer) {
    const uint64_t layer_bytes = static_cast<uint64_t>(layer.rows * layer.cols / type.values * type.bytes);
    const uint64_t rows = static_cast<uint64_t>(layer.rows) * (kResidentBytes / layer_bytes + 1);
    Tensor t;
    t.name = layer.name;
    t.type = type.type;
    t.shape = {static_cast<uint64_t>(layer.cols), rows};
    file = random_tensor(type.type, rows, static_cast<uint64_t>(layer.cols), 1, 0.05f);
    t.data = file.data();
    t.bytes = file.size();
    packed = PackedMatrix(t);
  }
};

// The weights of the benchmark before are kept for the next one of the same type and layer.
const Weights& weights_of(const QuantType& type, const Layer& layer) {
  static std::string made;
  static std::unique_ptr<Weights> kept;
  const std::string wanted = fmt::format("{} {}", type.name, layer.name);
  if (made != wanted) {
    kept.reset();
    kept = std::make_unique<Weights>(type, layer);
    made = wanted;
  }
  return *kept;
}

void linear(benchmark::State& state, const QuantType& type, const Layer& layer, Isa isa, bool wide) {
  set_fp_environment();
  const Kernels& k = kernels(isa);
  const int64_t rows = state.range(0), groups = layer.rows / kLanes;
  const Weights& weights = weights_of(type, layer);
  const PackedMatrix& w = weights.packed;
  const std::vector<float> x = random_rows(rows, layer.cols);
  QuantisedRows quantised;
  std::vector<int32_t> starts;
  if (w.quantised()) {
    quantised.resize(rows, layer.cols, wide);
    for (int64_t r = 0; r < rows; ++r) k.quantise_row(x.data() + r * layer.cols, layer.cols, quantised.row(r));
    starts = quantised.starts(w.view().offset, w.parts());
  }
  const ActivationView view = quantised.view(w.parts(), starts);
  HugeVector<float> y(static_cast<size_t>(rows * layer.rows));
  int64_t group = 0;
  for (auto _ : state) {
    multiply_groups(k, w.view(group), 0, groups, view, x.data(), layer.cols, rows, y.data(), layer.rows);
    benchmark::ClobberMemory();
    group = group + 2 * groups <= w.rows() / kLanes ? group + groups : 0;
  }
  const double macs = static_cast<double>(rows * layer.rows * layer.cols) * (wide ? 2 : 1);
  const double peak = w.quantised() ? peaks.int8[isa] : peaks.fma[isa];
  const double bytes = static_cast<double>(layer.rows * layer.cols / type.values * type.bytes);
  state.counters["GMAC/s"] = Counter(macs / 1e9, Counter::kIsIterationInvariantRate);
  state.counters["peak"] = Counter(macs / peak, Counter::kIsIterationInvariantRate);
  state.counters["bandwidth"] = Counter(bytes / peaks.bandwidth, Counter::kIsIterationInvariantRate);
}

// A causal prompt of n positions: one KV head and its three query heads, head size 64.
void attention(benchmark::State& state, Isa isa) {
  set_fp_environment();
  const int64_t n = state.range(0), head_dim = 64, heads = 3;
  const std::vector<float> k = random_rows(n, head_dim), v = k, q = random_rows(n, heads * head_dim);
  std::vector<float> out(q.size()), scratch(static_cast<size_t>(attention_scratch_floats(head_dim)));
  AttentionArgs a;
  a.head_dim = a.padded_dim = head_dim;
  a.k = k.data();
  a.v = v.data();
  a.n_rows = n;
  a.heads = heads;
  a.q = q.data();
  a.out = out.data();
  a.q_stride = a.out_stride = heads * head_dim;
  a.scratch = scratch.data();
  for (auto _ : state) {
    kernels(isa).attention(a);
    benchmark::ClobberMemory();
  }
  const double macs = 2.0 * static_cast<double>(heads * head_dim * n * (n + 1) / 2);
  state.counters["GMAC/s"] = Counter(macs / 1e9, Counter::kIsIterationInvariantRate);
  state.counters["peak"] = Counter(macs / peaks.fma[isa], Counter::kIsIterationInvariantRate);
}

// Element-wise kernels: values a second.
template <class Work>
void elements(benchmark::State& state, const Work& work) {
  set_fp_environment();
  const int64_t n = 8192;
  std::vector<float> x = random_rows(1, n), y = x;
  for (auto _ : state) {
    work(x.data(), y.data(), n);
    benchmark::ClobberMemory();
  }
  state.counters["Gvalues/s"] = Counter(static_cast<double>(n) / 1e9, Counter::kIsIterationInvariantRate);
}

template <class Lambda>
benchmark::internal::Benchmark* add(const std::string& name, const Lambda& body) {
  return benchmark::RegisterBenchmark(name.c_str(), body)->MinTime(0.03)->Unit(benchmark::kMicrosecond);
}

void add_rows(const std::string& name, const QuantType& type, const Layer& layer, Isa isa, bool wide) {
  auto* b = add(name, [&type, &layer, isa, wide](benchmark::State& s) { linear(s, type, layer, isa, wide); });
  b->ArgName("rows");
  for (const int64_t rows : {1, 4, 8, 32, 128, 512}) b->Arg(rows);
}

void add_linear(const std::vector<Isa>& tiers) {
  for (const char* name : kTypes)
    for (const Layer& layer : kLayers)
      for (const Isa isa : tiers) {
        const QuantType& type = *quant_type(name);
        if (layer.cols % type.values != 0) continue;
        add_rows(fmt::format("linear/{}/{}/{}", name, layer.name, isa_name(isa)), type, layer, isa, false);
        if (std::string(name) == "Q8_0" || std::string(name) == "Q6_K")  // the types of real output layers
          add_rows(fmt::format("linear/{}-wide/{}/{}", name, layer.name, isa_name(isa)), type, layer, isa, true);
      }
}

void add_floats(const std::vector<Isa>& tiers) {
  for (const Isa isa : tiers) {
    const std::string tier = isa_name(isa);
    const Kernels& k = kernels(isa);
    for (const char* name : {"F32", "F16", "BF16"})
      add_rows(fmt::format("float/{}/135m.up/{}", name, tier), *quant_type(name), kLayers[0], isa, false);
    add("attention/" + tier, [isa](benchmark::State& s) { attention(s, isa); })
        ->ArgName("positions")
        ->Arg(128)
        ->Arg(512)
        ->Arg(2048);
    const auto add_elements = [&](const char* name, auto work) {
      add(fmt::format("elements/{}/{}", name, tier), [work](benchmark::State& s) { elements(s, work); });
    };
    add_elements("rms_norm", [&k](float* x, float* y, int64_t n) { k.rms_norm(x, x, n, 1e-5f, y); });
    add_elements("silu_mul", [&k](float* x, float* y, int64_t n) {
      std::copy(x, x + n, y);  // in place again and again it would end in denormals
      k.silu_mul(y, x, n);
    });
    add_elements("exp", [&k](float* x, float* y, int64_t n) { k.exp(x, n, y); });
    add_elements("quantise_row", [&k](float* x, float*, int64_t n) {
      static QuantisedRows rows;
      rows.resize(1, n, false);
      k.quantise_row(x, n, rows.row(0));
    });
  }
}

void measure_peaks(const std::vector<Isa>& tiers) {
  for (const Isa isa : tiers) {
    peaks.int8[isa] = int8_peak_macs(isa);
    peaks.fma[isa] = fma_peak_macs(isa);
    const auto note = [&](const char* what, double rate) {
      benchmark::AddCustomContext(fmt::format("{} peak, {}", what, isa_name(isa)),
                                  fmt::format("{:.1f} GMAC/s", rate / 1e9));
    };
    note("int8", peaks.int8[isa]);
    note("float32", peaks.fma[isa]);
  }
  peaks.bandwidth = read_bandwidth(1);
  benchmark::AddCustomContext("read bandwidth, 1 thread", fmt::format("{:.1f} GB/s", peaks.bandwidth / 1e9));
  benchmark::AddCustomContext("read bandwidth, 2 threads", fmt::format("{:.1f} GB/s", read_bandwidth(2) / 1e9));
}

}  // namespace
}  // namespace samebits

int main(int argc, char** argv) {
  using samebits::Isa;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  std::vector<Isa> tiers;
  for (const Isa isa : {Isa::avx2, Isa::avx512, Isa::avx512vnni})
    if (samebits::supported(isa)) tiers.push_back(isa);
  samebits::measure_peaks(tiers);
  samebits::add_linear(tiers);
  samebits::add_floats(tiers);
  benchmark::RunSpecifiedBenchmarks();
}
