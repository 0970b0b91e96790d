#include "inference/archs/loading.h"

#include <cmath>
#include <cstring>
#include <map>

#include "harness/core/error.h"
#include "harness/numeric/math64.h"

namespace samebits {
namespace {

std::map<std::string, Architecture>& architectures() {
  static std::map<std::string, Architecture> all;
  return all;
}

}  // namespace

bool register_architecture(Architecture a) { return architectures().emplace(a.name, a).second; }

TransformerSpec load_transformer(const Gguf& gguf) {
  const std::string name = gguf.string("general.architecture");
  const auto found = architectures().find(name);
  if (found != architectures().end()) return found->second.load(gguf);
  std::string known;
  for (const auto& [key, a] : architectures()) known += (known.empty() ? "" : ", ") + key;
  throw Error("E0205", "the architecture \"" + name + "\" is not supported", gguf.path(), "this build runs: " + known);
}

Loading::Loading(const Gguf& gguf) : gguf_(gguf), arch_(gguf.string("general.architecture")) {}

void Loading::fail(const std::string& what, const std::string& where) const {
  throw Error("E0206", what, gguf_.path() + ", " + where,
              "the file does not describe a runnable " + arch_ + " model: download or convert it again");
}

int Loading::count(const std::string& name, int64_t max, int64_t otherwise) const {
  const std::string k = key(name);
  const uint64_t value = otherwise < 0 ? gguf_.u64(k) : gguf_.u64(k, static_cast<uint64_t>(otherwise));
  if (value < 1 || value > static_cast<uint64_t>(max))
    fail(k + " is " + std::to_string(value) + ", outside 1 … " + std::to_string(max), k);
  return static_cast<int>(value);
}

float Loading::real(const std::string& name) const {
  const double v = gguf_.f64(key(name));
  if (!std::isfinite(v)) fail(key(name) + " is not finite", key(name));
  return static_cast<float>(v);
}

float Loading::real(const std::string& name, double otherwise) const {
  return gguf_.has(key(name)) ? real(name) : static_cast<float>(otherwise);
}

const Tensor& Loading::tensor(const std::string& name, std::initializer_list<int64_t> shape) const {
  const Tensor* t = gguf_.find(name);
  if (!t) fail("the tensor \"" + name + "\" is missing", name);
  used_.insert(name);
  std::vector<uint64_t> wanted;
  for (int64_t s : shape) wanted.push_back(static_cast<uint64_t>(s));
  std::vector<uint64_t> got = t->shape;
  while (got.size() > wanted.size() && got.back() == 1) got.pop_back();
  if (got == wanted) return *t;
  const auto list = [](const std::vector<uint64_t>& v) {
    std::string s;
    for (uint64_t n : v) s += (s.empty() ? "" : " x ") + std::to_string(n);
    return s;
  };
  fail("the tensor \"" + name + "\" is " + list(got) + ", expected " + list(wanted), name);
}

Norm Loading::norm(const std::string& name, int64_t n) const {
  const Tensor& t = tensor(name, {n});
  if (t.type != TensorType::F32) fail("the tensor \"" + name + "\" must be F32", name);
  Norm out(static_cast<size_t>(pad16(n)), 0.0f);
  std::memcpy(out.data(), t.data, static_cast<size_t>(n) * 4);
  return out;
}

Linear Loading::linear(const std::string& name, int64_t rows, int64_t cols, bool wide) const {
  const Tensor& t = tensor(name, {cols, rows});
  // As it goes: otherwise the file and its packed copy would be in memory together.
  Linear out{PackedMatrix(t, [&](std::span<const uint8_t> packed) { gguf_.release(packed); }), wide};
  gguf_.release({t.data, t.bytes});  // the pages between
  return out;
}

std::vector<float> Loading::inverse_frequencies(double base, int n_rot) const {
  if (!(base > 0) || !std::isfinite(base)) fail("the rope base is not a positive number", key("rope.freq_base"));
  std::vector<float> out;
  const double log_base = log64(base);
  for (int i = 0; i < n_rot / 2; ++i)
    out.push_back(static_cast<float>(exp64(-(static_cast<double>(2 * i) / n_rot) * log_base)));
  if (has("rope_freqs.weight")) {
    const Norm factors = norm("rope_freqs.weight", n_rot / 2);
    for (size_t i = 0; i < out.size(); ++i) out[i] = out[i] / factors[i];
  }
  return out;
}

void Loading::finish() const {
  for (const Tensor& t : gguf_.tensors())
    if (!used_.contains(t.name)) fail("the tensor \"" + t.name + "\" is not supported", t.name);
}

void Loading::common(TransformerSpec& s) const {
  s.arch = arch_;
  s.n_embd = count("embedding_length", 1 << 16);
  s.n_head = count("attention.head_count", 1 << 10);
  s.n_head_kv = count("attention.head_count_kv", s.n_head, s.n_head);
  if (s.n_head % s.n_head_kv != 0)
    fail(
        "head_count " + std::to_string(s.n_head) + " is not a multiple of head_count_kv " + std::to_string(s.n_head_kv),
        key("attention.head_count_kv"));
  s.head_dim = count("attention.key_length", 1 << 10, std::max(1, s.n_embd / s.n_head));
  if (count("attention.value_length", 1 << 10, s.head_dim) != s.head_dim)
    fail("key_length and value_length differ", key("attention.value_length"));
  s.n_rot = count("rope.dimension_count", s.head_dim, s.head_dim);
  if (s.n_rot % 2 != 0) fail("rope.dimension_count is odd", key("rope.dimension_count"));
  s.n_ff = count("feed_forward_length", 1 << 20);
  s.context_length = count("context_length", 1 << 20);
  s.norm_eps = real("attention.layer_norm_rms_epsilon");
  if (const std::string scaling = gguf_.string(key("rope.scaling.type"), "none"); scaling != "none")
    fail("rope scaling \"" + scaling + "\" is not supported", key("rope.scaling.type"));
  for (const char* name : {"rope.scaling.factor", "rope.scale_linear"})
    if (const float factor = real(name, 1); factor != 0 && factor != 1)
      fail(key(name) + " is not supported", key(name));
  const Tensor* embedding = gguf_.find("token_embd.weight");
  if (!embedding) fail("the tensor \"token_embd.weight\" is missing", "token_embd.weight");
  s.n_vocab = static_cast<int>(std::min<uint64_t>(embedding->rows(), 1u << 30));
  s.embedding = tensor("token_embd.weight", {s.n_embd, s.n_vocab});
  s.output_norm = norm("output_norm.weight", s.n_embd);
  s.tied = !has("output.weight");
  s.output = linear(s.tied ? "token_embd.weight" : "output.weight", s.n_vocab, s.n_embd, true);
  s.layers.resize(static_cast<size_t>(count("block_count", 512)));
}

LayerSpec Loading::layer(const TransformerSpec& s, const std::string& blk) const {
  const int64_t q_rows = int64_t{s.n_head} * s.head_dim, kv_rows = int64_t{s.n_head_kv} * s.head_dim;
  LayerSpec l;
  l.attn_norm = norm(blk + "attn_norm.weight", s.n_embd);
  l.q = linear(blk + "attn_q.weight", q_rows, s.n_embd);
  l.k = linear(blk + "attn_k.weight", kv_rows, s.n_embd);
  l.v = linear(blk + "attn_v.weight", kv_rows, s.n_embd, true);
  l.attn_output = linear(blk + "attn_output.weight", s.n_embd, q_rows);
  l.ffn_norm = norm(blk + "ffn_norm.weight", s.n_embd);
  l.gate = linear(blk + "ffn_gate.weight", s.n_ff, s.n_embd);
  l.up = linear(blk + "ffn_up.weight", s.n_ff, s.n_embd);
  l.down = linear(blk + "ffn_down.weight", s.n_embd, s.n_ff);
  return l;
}

}  // namespace samebits
