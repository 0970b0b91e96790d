#include "tests/support/reference64.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "harness/core/error.h"
#include "inference/quants.h"

namespace samebits {
namespace {

using Vector = std::vector<double>;
using Matrix = std::vector<Vector>;  // (token, feature)

struct Shape {
  explicit Shape(const Gguf& file)
      : arch(file.string("general.architecture")),
        layers(u64(file, "block_count")),
        heads(u64(file, "attention.head_count")),
        kv_heads(file.u64(arch + ".attention.head_count_kv", heads)),
        head(file.u64(arch + ".attention.key_length", u64(file, "embedding_length") / heads)),
        rotated(file.u64(arch + ".rope.dimension_count", head)),
        eps(file.f64(arch + ".attention.layer_norm_rms_epsilon")),
        rope_base(file.f64(arch + ".rope.freq_base", 10000)),
        window(file.u64(arch + ".attention.sliding_window", 0)) {}
  uint64_t u64(const Gguf& file, const char* key) const { return file.u64(arch + "." + key); }

  std::string arch;
  uint64_t layers, heads, kv_heads, head, rotated;
  double eps, rope_base;
  uint64_t window;
};

void rms_norm(std::span<double> x, const Vector& weight, double eps) {
  double squares = 0;
  for (const double v : x) squares += v * v;
  const double scale = 1 / std::sqrt(squares / static_cast<double>(x.size()) + eps);
  for (size_t i = 0; i < x.size(); ++i) x[i] *= scale * weight[i];
}

double silu(double x) { return x / (1 + std::exp(-x)); }

double gelu_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

class Reference {
 public:
  explicit Reference(const Gguf& file) : file_(file), shape_(file), gemma_(shape_.arch == "gemma3") {
    SAMEBITS_ASSERT(gemma_ || shape_.arch == "llama");
  }

  Matrix logits(std::span<const int32_t> tokens) const {
    Matrix x = embed(tokens);
    for (uint64_t layer = 0; layer < shape_.layers; ++layer) {
      const auto name = [&](const char* part) { return fmt::format("blk.{}.{}.weight", layer, part); };
      Matrix branch = attention(normed(x, name("attn_norm")), layer);
      if (gemma_) branch = normed(branch, name("post_attention_norm"));
      add(x, branch);
      branch = feed_forward(normed(x, name("ffn_norm")), layer);
      if (gemma_) branch = normed(branch, name("post_ffw_norm"));
      add(x, branch);
    }
    const bool tied = !file_.find("output.weight");
    return linear(tied ? "token_embd.weight" : "output.weight", normed(x, "output_norm.weight"));
  }

 private:
  const Tensor& tensor(const std::string& name) const {
    const Tensor* t = file_.find(name);
    SAMEBITS_ASSERT(t);
    return *t;
  }

  // Row `i` of a matrix; a vector's only row is 0.
  Vector row(const Tensor& t, uint64_t i) const {
    std::vector<float> values(t.cols());
    dequantize(t.type, t.data + t.bytes / t.rows() * i, t.cols(), values.data());
    return {values.begin(), values.end()};
  }

  Matrix embed(std::span<const int32_t> tokens) const {
    const Tensor& table = tensor("token_embd.weight");
    const double scale = gemma_ ? std::sqrt(static_cast<double>(table.cols())) : 1;
    Matrix x;
    for (const int32_t token : tokens) {
      Vector& v = x.emplace_back(row(table, static_cast<uint64_t>(token)));
      for (double& value : v) value *= scale;
    }
    return x;
  }

  Matrix normed(Matrix x, const std::string& name) const {
    const Vector weight = row(tensor(name), 0);
    for (Vector& v : x) rms_norm(v, weight, shape_.eps);
    return x;
  }

  // Each row of the weights is unpacked once and used for all tokens.
  Matrix linear(const std::string& name, const Matrix& x) const {
    const Tensor& t = tensor(name);
    const size_t n = x.size();
    Vector by_feature(t.cols() * n);  // (feature, token): the inner loop runs over tokens
    for (size_t token = 0; token < n; ++token)
      for (size_t k = 0; k < t.cols(); ++k) by_feature[k * n + token] = x[token][k];
    Matrix y(n, Vector(t.rows()));
    Vector sums(n);
    for (uint64_t r = 0; r < t.rows(); ++r) {
      const Vector weights = row(t, r);
      std::fill(sums.begin(), sums.end(), 0);
      for (size_t k = 0; k < weights.size(); ++k)
        for (size_t token = 0; token < n; ++token) sums[token] += weights[k] * by_feature[k * n + token];
      for (size_t token = 0; token < n; ++token) y[token][r] = sums[token];
    }
    return y;
  }

  // Five local layers with plain base 10000, then a global one.
  bool local(uint64_t layer) const { return gemma_ && layer % 6 != 5; }

  // llama rotates the pairs (2i, 2i + 1), gemma3 (i, i + n/2).
  void rotate(std::span<double> head, uint64_t position, uint64_t layer) const {
    const double base = local(layer) ? 10000 : shape_.rope_base;
    const uint64_t half = shape_.rotated / 2;
    const Tensor* factors = file_.find("rope_freqs.weight");  // llama 3: angles are divided by it
    const Vector divide = factors ? row(*factors, 0) : Vector(half, 1);
    for (uint64_t i = 0; i < half; ++i) {
      const double frequency = std::pow(base, -2 * static_cast<double>(i) / static_cast<double>(shape_.rotated));
      const double angle = static_cast<double>(position) * frequency / divide[i];
      double& a = head[gemma_ ? i : 2 * i];
      double& b = head[gemma_ ? i + half : 2 * i + 1];
      const double a0 = a, b0 = b;
      a = a0 * std::cos(angle) - b0 * std::sin(angle);
      b = a0 * std::sin(angle) + b0 * std::cos(angle);
    }
  }

  // Splits into heads: norms them where the model does, and rotates.
  void prepare(Matrix& x, uint64_t layer, const char* norm) const {
    const std::string name = fmt::format("blk.{}.{}.weight", layer, norm);
    const Vector weight = gemma_ ? row(tensor(name), 0) : Vector();
    for (size_t position = 0; position < x.size(); ++position)
      for (size_t at = 0; at < x[position].size(); at += shape_.head) {
        const std::span<double> head(x[position].data() + at, shape_.head);
        if (gemma_) rms_norm(head, weight, shape_.eps);
        rotate(head, position, layer);
      }
  }

  Matrix attention(const Matrix& x, uint64_t layer) const {
    const auto name = [&](const char* part) { return fmt::format("blk.{}.{}.weight", layer, part); };
    Matrix q = linear(name("attn_q"), x), k = linear(name("attn_k"), x);
    const Matrix v = linear(name("attn_v"), x);
    prepare(q, layer, "attn_q_norm");
    prepare(k, layer, "attn_k_norm");
    Matrix mixed(x.size(), Vector(shape_.heads * shape_.head));
    for (size_t token = 0; token < x.size(); ++token) {
      const size_t first = local(layer) && token >= shape_.window ? token - shape_.window + 1 : 0;
      for (uint64_t head = 0; head < shape_.heads; ++head)
        attend(q[token].data() + head * shape_.head, k, v, head / (shape_.heads / shape_.kv_heads), first, token,
               mixed[token].data() + head * shape_.head);
    }
    return linear(name("attn_output"), mixed);
  }

  // One query head over the keys `first` … `last`.
  void attend(const double* q, const Matrix& k, const Matrix& v, uint64_t kv_head, size_t first, size_t last,
              double* out) const {
    const uint64_t at = kv_head * shape_.head;
    Vector weights;
    for (size_t key = first; key <= last; ++key) {
      double dot = 0;
      for (uint64_t d = 0; d < shape_.head; ++d) dot += q[d] * k[key][at + d];
      weights.push_back(dot / std::sqrt(static_cast<double>(shape_.head)));
    }
    const double largest = *std::max_element(weights.begin(), weights.end());
    double sum = 0;
    for (double& w : weights) sum += w = std::exp(w - largest);
    for (size_t key = first; key <= last; ++key)
      for (uint64_t d = 0; d < shape_.head; ++d) out[d] += weights[key - first] / sum * v[key][at + d];
  }

  Matrix feed_forward(const Matrix& x, uint64_t layer) const {
    const auto name = [&](const char* part) { return fmt::format("blk.{}.{}.weight", layer, part); };
    Matrix gate = linear(name("ffn_gate"), x);
    const Matrix up = linear(name("ffn_up"), x);
    for (size_t token = 0; token < x.size(); ++token)
      for (size_t i = 0; i < gate[token].size(); ++i)
        gate[token][i] = (gemma_ ? gelu_tanh(gate[token][i]) : silu(gate[token][i])) * up[token][i];
    return linear(name("ffn_down"), gate);
  }

  static void add(Matrix& x, const Matrix& branch) {
    for (size_t token = 0; token < x.size(); ++token)
      for (size_t i = 0; i < x[token].size(); ++i) x[token][i] += branch[token][i];
  }

  const Gguf& file_;
  Shape shape_;
  bool gemma_;
};

}  // namespace

std::vector<std::vector<double>> reference_logits(const Gguf& file, std::span<const int32_t> tokens) {
  return Reference(file).logits(tokens);
}

double log_probability(const std::vector<double>& logits, int32_t target) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const double l : logits) sum += std::exp(l - largest);
  return logits.at(static_cast<size_t>(target)) - largest - std::log(sum);
}

}  // namespace samebits
