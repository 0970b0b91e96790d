// Runs a TransformerSpec over batches of tokens, in the arithmetic of contract sb-1.
//
// A row's results depend on its token, its position and the keys and values of its own sequence: never on the other
// rows of the batch, on how positions were cut into batches, on threads or on the tier.
// Thread rules: one caller at a time; the work inside is spread over the Workers.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "inference/activations.h"
#include "inference/chaos.h"
#include "inference/kernels/kernels.h"
#include "inference/kv_cache.h"
#include "inference/output_layer.h"
#include "inference/transformer_spec.h"
#include "inference/workers.h"

namespace samebits {

// Consecutive positions of one sequence. table->length() covers them; earlier positions were computed before, or are
// rows of an earlier run of the same batch.
struct BatchRun {
  std::vector<int32_t> tokens;
  int64_t first_position = 0;
  const BlockTable* table = nullptr;
  std::vector<uint32_t> pages;  // page that position first_position + i is written to
  std::vector<uint8_t> wanted;  // 1: the hidden state after this token is needed (it predicts a scored token)
};

class Transformer {
 public:
  Transformer(TransformerSpec, Isa, int threads, Chaos = {});
  ~Transformer();

  const TransformerSpec& spec() const { return spec_; }
  KvPool& kv() { return kv_; }
  const KvPool& kv() const { return kv_; }
  const Workers& workers() const { return workers_; }

  // Writes keys and values of every row. `hidden`: the normalised output states of the wanted rows, in row order,
  // (n_wanted, padded n_embd). `bad`: 1 for each row (all rows, in order) with a value that is not finite.
  void forward(std::span<const BatchRun> runs, std::vector<float>& hidden, std::vector<uint8_t>& bad);

  OutputLayer& output() { return output_; }
  Chaos& chaos() { return chaos_; }

  uint64_t executed_macs() const {
    return executed_macs_ + output_.executed_macs();
  }  // since construction; linear layers and attention

 private:
  struct Buffers;
  struct Product {  // y (rows of x, padded rows of w) = w x
    const Linear* w;
    float* y;
    int64_t y_stride;
  };

  void embed(std::span<const BatchRun>, Buffers&);
  void rope_tables(std::span<const BatchRun>, Buffers&);
  void attention_branch(int layer, std::span<const BatchRun>, Buffers&);
  void feed_forward_branch(int layer, Buffers&);
  void rotate_and_store(int layer, std::span<const BatchRun>, Buffers&);
  void attend(int layer, std::span<const BatchRun>, Buffers&);
  void attend_rows(int layer, const BatchRun&, int kv_head, int64_t row0, int64_t rows, Buffers&, int64_t batch_row);
  // Norms x into `to` and quantises it as the products that follow need it.
  void norm_and_quantise(const Norm*, float* x, int64_t cols, float* to, std::span<const Product>, Buffers&);
  void multiply(std::span<const Product>, const float* x, int64_t x_stride, int64_t rows, const QuantisedRows& narrow,
                const QuantisedRows& wide);
  void add_branch(const Norm& post_norm, Buffers&);  // x += post_norm(y)

  TransformerSpec spec_;
  const Kernels& kernels_;
  Chaos chaos_;
  Workers workers_;
  OutputLayer output_;
  KvPool kv_;
  std::unique_ptr<Buffers> buffers_;
  uint64_t executed_macs_ = 0;
};

}  // namespace samebits
