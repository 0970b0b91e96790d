// Perplexity of a text as llama-perplexity measures it: bench_perplexity MODEL.gguf TEXT [CHUNKS] [THREADS] [ISA]
#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "bench/wikitext.h"

int main(int argc, char** argv) {
  using namespace samebits;
  if (argc < 3) {
    fmt::print(stderr, "usage: bench_perplexity MODEL.gguf TEXT [CHUNKS] [THREADS] [ISA]\n");
    return 2;
  }
  try {
    const Gguf gguf = Gguf::open(argv[1]);
    const auto tokenizer = Tokenizer::open(gguf);
    Transformer t(load_transformer(gguf), parse_isa(argc > 5 ? argv[5] : ""), argc > 4 ? std::stoi(argv[4]) : 2);
    const std::vector<Sequence> chunks =
        chunk_text(*tokenizer, read_text(argv[2]), 512, argc > 3 ? std::stoi(argv[3]) : 40);
    double nll = 0;
    size_t n = 0;
    SchedulerHooks hooks;
    hooks.on_score = [&](size_t, size_t, const TokenScore& s, bool) { nll += s.logsumexp - s.logit, ++n; };
    const auto begin = std::chrono::steady_clock::now();
    run_sequences(t, chunks, {}, hooks);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    fmt::print("perplexity {:.4f} over {} chunks of 512 ({} tokens scored), {:.1f} s\n",
               std::exp(nll / static_cast<double>(n)), chunks.size(), n, seconds);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
  }
}
