#include "inference/bench.h"

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

// n tokens after a prompt of one.
void run_generation(Transformer& t, int n, const SchedulerOptions& options) {
  Sequence s;
  s.tokens = {0};
  s.generate = true;
  int made = 0;
  SchedulerHooks hooks;
  hooks.on_token = [&](size_t, int32_t) { return ++made < n; };
  run_sequences(t, {&s, 1}, options, hooks);
}

BenchRow measure(int n_prompt, int n_gen, int threads, int repetitions, const std::function<void()>& work) {
  work();  // warm-up: page faults, clock
  BenchRow row{n_prompt, n_gen, threads};
  std::vector<double> rates;
  for (int i = 0; i < repetitions; ++i) rates.push_back((n_prompt + n_gen) / seconds(work));
  for (double r : rates) row.avg_ts += r / static_cast<double>(rates.size());
  for (double r : rates) row.stddev_ts += (r - row.avg_ts) * (r - row.avg_ts);
  row.stddev_ts = rates.size() > 1 ? std::sqrt(row.stddev_ts / static_cast<double>(rates.size() - 1)) : 0;
  return row;
}

}  // namespace

std::vector<BenchRow> bench_model(const std::string& path, int n_prompt, int n_gen, const EngineOptions& options,
                                  int repetitions) {
  const Gguf gguf = Gguf::open(path);
  Transformer t(load_transformer(gguf), options.isa, options.threads);
  std::vector<BenchRow> rows;
  if (n_prompt > 0)
    rows.push_back(
        measure(n_prompt, 0, t.workers().threads(), repetitions, [&] { run_prompt(t, n_prompt, options.schedule); }));
  if (n_gen > 0)
    rows.push_back(
        measure(0, n_gen, t.workers().threads(), repetitions, [&] { run_generation(t, n_gen, options.schedule); }));
  return rows;
}

}  // namespace samebits
