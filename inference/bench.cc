#include "inference/bench.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "harness/numeric/philox.h"

namespace samebits {
namespace {

constexpr uint64_t kSeed = 1;

double seconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// One prompt of n random tokens whose last position is scored, as a chat server would.
void run_prompt(Transformer& t, int n, const SchedulerOptions& options) {
  const Philox draws(kSeed, 0, 0, DrawPurpose::sampling);
  Sequence s;
  for (int i = 0; i < n; ++i)
    s.tokens.push_back(
        static_cast<int32_t>(draws.below(static_cast<uint32_t>(i), static_cast<uint64_t>(t.spec().n_vocab))));
  s.first_scored = n - 1;
  s.targets = {0};
  SchedulerHooks hooks;
  hooks.on_score = [](size_t, size_t, const TokenScore&, bool) {};
  run_sequences(t, {&s, 1}, options, hooks);
}

// n tokens by each of n_sequences, each after another prompt of one token.
void run_generation(Transformer& t, int n, int n_sequences, SchedulerOptions options) {
  options.max_generating = std::max<int64_t>(options.max_generating, n_sequences);
  std::vector<Sequence> sequences(static_cast<size_t>(n_sequences));
  for (size_t i = 0; i < sequences.size(); ++i) {
    sequences[i].tokens = {static_cast<int32_t>(i % static_cast<size_t>(t.spec().n_vocab))};
    sequences[i].generate = true;
  }
  std::vector<int> made(sequences.size(), 0);
  SchedulerHooks hooks;
  hooks.on_token = [&](size_t s, int32_t) { return ++made[s] < n; };
  run_sequences(t, sequences, options, hooks);
}

BenchRow measure(BenchRow row, int repetitions, const std::function<void()>& work) {
  work();  // warm-up: page faults, clock
  std::vector<double> rates;
  for (int i = 0; i < repetitions; ++i)
    rates.push_back((row.n_prompt + row.n_gen) * row.n_sequences / seconds(work));
  for (double r : rates) row.avg_ts += r / static_cast<double>(rates.size());
  for (double r : rates) row.stddev_ts += (r - row.avg_ts) * (r - row.avg_ts);
  row.stddev_ts = rates.size() > 1 ? std::sqrt(row.stddev_ts / static_cast<double>(rates.size() - 1)) : 0;
  return row;
}

}  // namespace

std::vector<BenchRow> bench_model(const Gguf& gguf, const BenchOptions& bench, const EngineOptions& options) {
  Transformer t(load_transformer(gguf), options.isa, options.threads);
  const int threads = t.workers().threads();
  std::vector<BenchRow> rows;
  if (bench.n_prompt > 0)
    rows.push_back(measure({.n_prompt = bench.n_prompt, .n_threads = threads}, bench.repetitions,
                           [&] { run_prompt(t, bench.n_prompt, options.schedule); }));
  if (bench.n_gen > 0)
    rows.push_back(measure({.n_gen = bench.n_gen, .n_threads = threads, .n_sequences = bench.n_sequences},
                           bench.repetitions,
                           [&] { run_generation(t, bench.n_gen, bench.n_sequences, options.schedule); }));
  return rows;
}

}  // namespace samebits
