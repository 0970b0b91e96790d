// NUMERICS.md §7: one sequence through a whole model.
#include <fmt/format.h>

#include <cmath>

#include "harness/core/error.h"
#include "inference/quants.h"
#include "tests/exact/contract.h"

namespace samebits::contract {
namespace {

class Model {
 public:
  explicit Model(const Gguf& file)
      : file_(file),
        arch_(file.string("general.architecture")),
        gemma_(arch_ == "gemma3"),
        layers_(u64("block_count")),
        heads_(u64("attention.head_count")),
        kv_heads_(file.u64(arch_ + ".attention.head_count_kv", heads_)),
        width_(u64("embedding_length")),
        head_dim_(file.u64(arch_ + ".attention.key_length", width_ / heads_)),
        eps_(static_cast<float>(file.f64(arch_ + ".attention.layer_norm_rms_epsilon"))) {
    SAMEBITS_ASSERT(gemma_ || arch_ == "llama");
  }

  Matrix logits(std::span<const int32_t> tokens) const {
    Matrix x;
    for (const int32_t token : tokens) x.push_back(embed(token));
    for (uint64_t layer = 0; layer < layers_; ++layer) {
      add_branch(x, attention_branch(layer, x), layer, "post_attention_norm");
      add_branch(x, feed_forward_branch(layer, x), layer, "post_ffw_norm");
    }
    const Tensor* output = file_.find("output.weight");
    Matrix out;
    for (const Vector& v : x)
      out.push_back(linear(output ? *output : tensor("token_embd.weight"), normed(v, "output_norm.weight"), true));
    return out;
  }

 private:
  uint64_t u64(const char* key) const { return file_.u64(arch_ + "." + key); }
  const Tensor& tensor(const std::string& name) const {
    const Tensor* t = file_.find(name);
    SAMEBITS_ASSERT(t);
    return *t;
  }
  static std::string name(uint64_t layer, const char* part) { return fmt::format("blk.{}.{}.weight", layer, part); }

  Vector vector(const std::string& name) const {
    const Tensor& t = tensor(name);
    Vector out(t.cols());
    dequantize(t.type, t.data, t.cols(), out.data());
    return out;
  }
  Vector normed(const Vector& x, const std::string& name) const { return rms_norm(x, vector(name), eps_); }

  Vector embed(int32_t token) const {
    const Tensor& t = tensor("token_embd.weight");
    const QuantType& type = *quant_type(t.type);
    const uint8_t* row = t.data + t.bytes / t.rows() * static_cast<uint64_t>(token);
    Vector x(t.cols());
    if (!type.quantised) {
      dequantize(t.type, row, t.cols(), x.data());
    } else {
      std::vector<Block32> blocks(static_cast<size_t>(type.values) / 32);
      for (size_t i = 0; i < x.size(); ++i) {
        const auto values = static_cast<size_t>(type.values);
        type.unpack(row + i / values * static_cast<size_t>(type.bytes), blocks.data());
        const Block32& b = blocks[i % values / 32];
        x[i] = std::fma(static_cast<float>(b.q[i % 32] - type.offset), b.d[i % 32 / 16], b.m[i % 32 / 16]);
      }
    }
    if (gemma_)
      for (float& v : x) v = v * std::sqrt(static_cast<float>(width_));
    return x;
  }

  void add_branch(Matrix& x, const Matrix& branch, uint64_t layer, const char* post_norm) const {
    for (size_t p = 0; p < x.size(); ++p) {
      const Vector y = gemma_ ? normed(branch[p], name(layer, post_norm)) : branch[p];
      for (size_t i = 0; i < y.size(); ++i) x[p][i] = x[p][i] + y[i];
    }
  }

  bool local(uint64_t layer) const { return gemma_ && layer % 6 < 5; }

  // One projection cut into heads, each through its norm and rope where it has them: (position, head, head_dim).
  std::vector<Matrix> heads(const Matrix& x, uint64_t layer, const char* weight, const char* norm, bool turn) const {
    const uint64_t n_rot = file_.u64(arch_ + ".rope.dimension_count", head_dim_);
    const Vector factors = file_.find("rope_freqs.weight") ? vector("rope_freqs.weight") : Vector();
    const double base = local(layer) ? 10000 : static_cast<float>(file_.f64(arch_ + ".rope.freq_base"));
    const Vector frequencies = inverse_frequencies(base, static_cast<int64_t>(n_rot), factors);
    std::vector<Matrix> out;
    for (size_t p = 0; p < x.size(); ++p) {
      const Vector y = linear(tensor(name(layer, weight)), x[p], !turn);
      Matrix& row = out.emplace_back();
      for (size_t at = 0; at < y.size(); at += head_dim_) {
        Vector head(y.begin() + static_cast<int64_t>(at), y.begin() + static_cast<int64_t>(at + head_dim_));
        if (gemma_ && turn) head = normed(head, name(layer, norm));
        if (turn) rope(head, static_cast<int64_t>(p), frequencies, gemma_);
        row.push_back(head);
      }
    }
    return out;
  }

  // (position, head_dim) of one head, as the cache holds it.
  static Matrix stored(const std::vector<Matrix>& rows, uint64_t head) {
    Matrix out;
    for (const Matrix& row : rows) {
      Vector& v = out.emplace_back(row[head]);
      for (float& value : v) value = round_to_binary16(value);
    }
    return out;
  }

  Matrix attention_branch(uint64_t layer, const Matrix& x) const {
    Matrix in;
    for (const Vector& v : x) in.push_back(normed(v, name(layer, "attn_norm")));
    const std::vector<Matrix> q = heads(in, layer, "attn_q", "attn_q_norm", true);
    const std::vector<Matrix> k = heads(in, layer, "attn_k", "attn_k_norm", true);
    const std::vector<Matrix> v = heads(in, layer, "attn_v", "", false);
    const float query_scale = 1 / std::sqrt(static_cast<float>(head_dim_));
    const int64_t window = local(layer) ? static_cast<int64_t>(u64("attention.sliding_window")) : 0;
    Matrix joined(x.size());
    for (uint64_t h = 0; h < heads_; ++h) {
      const uint64_t kv = h / (heads_ / kv_heads_);
      const Matrix keys = stored(k, kv), values = stored(v, kv);
      for (size_t p = 0; p < x.size(); ++p) {
        Vector scaled = q[p][h];
        for (float& value : scaled) value = value * query_scale;
        const Vector o = attention(scaled, keys, values, static_cast<int64_t>(p), window);
        joined[p].insert(joined[p].end(), o.begin(), o.end());
      }
    }
    for (Vector& row : joined) row = linear(tensor(name(layer, "attn_output")), row, false);
    return joined;
  }

  Matrix feed_forward_branch(uint64_t layer, const Matrix& x) const {
    Matrix out;
    for (const Vector& v : x) {
      const Vector in = normed(v, name(layer, "ffn_norm"));
      Vector gate = linear(tensor(name(layer, "ffn_gate")), in, false);
      const Vector up = linear(tensor(name(layer, "ffn_up")), in, false);
      for (size_t i = 0; i < gate.size(); ++i) gate[i] = (gemma_ ? gelu(gate[i]) : silu(gate[i])) * up[i];
      out.push_back(linear(tensor(name(layer, "ffn_down")), gate, false));
    }
    return out;
  }

  const Gguf& file_;
  std::string arch_;
  bool gemma_;
  uint64_t layers_, heads_, kv_heads_, width_, head_dim_;
  float eps_;
};

}  // namespace

Matrix logits(const Gguf& file, std::span<const int32_t> tokens) { return Model(file).logits(tokens); }

}  // namespace samebits::contract
