// How far the engine is from float32 on the same weights: bench_fidelity MODEL.gguf TEXT [CHUNKS] [THREADS]
//
// Runs the file twice, as it is and with its weights dequantised to F32 (then activations are not quantised either),
// over chunks of 512 tokens, second half scored. Prints one row of a Markdown table: perplexity of both, the mean and
// 99th percentile of the Kullback-Leibler divergence of the next-token distributions, and how often the argmax agrees.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "bench/wikitext.h"
#include "harness/core/error.h"
#include "inference/quants.h"

namespace samebits {
namespace {

// The same spec with every matrix dequantised.
TransformerSpec dequantised(const Gguf& gguf) {
  TransformerSpec spec = load_transformer(gguf);
  std::vector<float> values;
  const auto widen = [&](Linear& l, const std::string& name) {
    const Tensor* t = gguf.find(name);
    SAMEBITS_ASSERT(t);
    const uint64_t row_bytes = t->bytes / t->rows();
    values.resize(t->rows() * t->cols());
    for (uint64_t r = 0; r < t->rows(); ++r)
      dequantize(t->type, t->data + r * row_bytes, t->cols(), values.data() + r * t->cols());
    l.w = PackedMatrix(
        {name, TensorType::F32, t->shape, reinterpret_cast<const uint8_t*>(values.data()), values.size() * 4, 0});
  };
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    LayerSpec& l = spec.layers[i];
    const std::string blk = "blk." + std::to_string(i) + ".";
    widen(l.q, blk + "attn_q.weight"), widen(l.k, blk + "attn_k.weight"), widen(l.v, blk + "attn_v.weight");
    widen(l.attn_output, blk + "attn_output.weight");
    widen(l.gate, blk + "ffn_gate.weight"), widen(l.up, blk + "ffn_up.weight"), widen(l.down, blk + "ffn_down.weight");
  }
  widen(spec.output, gguf.find("output.weight") ? "output.weight" : "token_embd.weight");
  return spec;
}

double logsumexp(std::span<const float> logits) {
  const double max = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float l : logits) sum += std::exp(l - max);
  return max + std::log(sum);
}

// KL(p || q) of the softmaxes.
double divergence(std::span<const float> p, std::span<const float> q) {
  const double lp = logsumexp(p), lq = logsumexp(q);
  double kl = 0;
  for (size_t i = 0; i < p.size(); ++i) kl += std::exp(p[i] - lp) * ((p[i] - lp) - (q[i] - lq));
  return kl;
}

// The chunk's scored logits, in order of position.
std::vector<std::vector<float>> run_chunk(Transformer& t, const Sequence& chunk, double* nll) {
  std::vector<std::vector<float>> rows;
  SchedulerHooks hooks;
  hooks.on_logits = [&](size_t, size_t, std::span<const float> l) { rows.emplace_back(l.begin(), l.end()); };
  hooks.on_score = [&](size_t, size_t, const TokenScore& s, bool) { *nll += s.logsumexp - s.logit; };
  run_sequences(t, {&chunk, 1}, {}, hooks);
  return rows;
}

int run(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: bench_fidelity MODEL.gguf TEXT [CHUNKS] [THREADS]\n");
    return 2;
  }
  const int max_chunks = argc > 3 ? std::stoi(argv[3]) : 6, threads = argc > 4 ? std::stoi(argv[4]) : 2;
  const Gguf gguf = Gguf::open(argv[1]);
  const auto tokenizer = Tokenizer::open(gguf);
  Transformer engine(load_transformer(gguf), best_isa(), threads), exact(dequantised(gguf), best_isa(), threads);
  double nll[2] = {};
  std::vector<double> kl;
  size_t agree = 0;
  for (const Sequence& chunk : chunk_text(*tokenizer, read_text(argv[2]), 512, max_chunks)) {
    const auto ours = run_chunk(engine, chunk, &nll[0]), reference = run_chunk(exact, chunk, &nll[1]);
    for (size_t i = 0; i < ours.size(); ++i) {
      kl.push_back(divergence(reference[i], ours[i]));
      agree += std::max_element(ours[i].begin(), ours[i].end()) - ours[i].begin() ==
               std::max_element(reference[i].begin(), reference[i].end()) - reference[i].begin();
    }
    fmt::print(stderr, "{} positions\n", kl.size());
  }
  const auto n = static_cast<double>(kl.size());
  double mean = 0;
  for (double k : kl) mean += k / n;
  std::sort(kl.begin(), kl.end());
  fmt::print("| positions | perplexity | of float32 | mean KL | KL p99 | equal argmax |\n|---|---|---|---|---|---|\n");
  fmt::print("| {} | {:.3f} | {:.3f} | {:.5f} | {:.4f} | {:.1f} % |\n", kl.size(), std::exp(nll[0] / n),
             std::exp(nll[1] / n), mean, kl[static_cast<size_t>(0.99 * n)], 100.0 * static_cast<double>(agree) / n);
  return 0;
}

}  // namespace
}  // namespace samebits

int main(int argc, char** argv) {
  try {
    return samebits::run(argc, argv);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 1;
  }
}
