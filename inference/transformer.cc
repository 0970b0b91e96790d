#include "inference/transformer.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "harness/numeric/trig64.h"
#include "inference/quants.h"

namespace samebits {
namespace {

constexpr int64_t kAttentionChunk = 128;  // query positions a task: keys are widened once for all of them

int64_t total_rows(std::span<const BatchRun> runs) {
  int64_t n = 0;
  for (const BatchRun& r : runs) n += static_cast<int64_t>(r.tokens.size());
  return n;
}

}  // namespace

struct Transformer::Buffers {
  int64_t rows = 0;
  HugeVector<float> x, y, normed;        // (rows, padded n_embd): residual stream, branch, its input
  HugeVector<float> q, k, v;             // (rows, padded rows of the matrix)
  HugeVector<float> heads_q, heads_out;  // (rows, n_head, padded head_dim)
  HugeVector<float> joined;              // (rows, padded n_head * head_dim), where head_dim is padded
  HugeVector<float> gate, up;            // (rows, padded n_ff)
  std::vector<uint8_t> bad;               // (rows)
  QuantisedRows narrow, wide;
  struct Angles {
    const std::vector<float>* inv_freq;
    std::vector<float> cos, sin;  // (rows, n_rot / 2)
  };
  std::vector<Angles> angles;
  std::vector<size_t> angles_of_layer;
};

Transformer::Transformer(TransformerSpec spec, Isa isa, int threads, Chaos chaos)
    : spec_(std::move(spec)),
      kernels_(kernels(isa)),
      chaos_(chaos),
      workers_(threads, &chaos_),
      output_(spec_.output, spec_.n_embd, kernels_, workers_),
      kv_({static_cast<int>(spec_.layers.size()), spec_.n_head_kv, spec_.head_dim,
           static_cast<int>(pad16(spec_.head_dim))},
          chaos_),
      buffers_(std::make_unique<Buffers>()) {
  set_fp_environment();
}

Transformer::~Transformer() = default;

void Transformer::embed(std::span<const BatchRun> runs, Buffers& b) {
  const int64_t n = spec_.n_embd, stride = pad16(n);
  const uint64_t row_bytes = spec_.embedding.bytes / static_cast<uint64_t>(spec_.n_vocab);
  int64_t row = 0;
  for (const BatchRun& run : runs)
    for (int32_t token : run.tokens) {
      SAMEBITS_ASSERT(token >= 0 && token < spec_.n_vocab);
      float* x = at(b.x, row++ * stride);
      std::fill(x + n, x + stride, 0.0f);
      if (spec_.tied)
        spec_.output.w.row(token, x);
      else
        dequantize(spec_.embedding.type, spec_.embedding.data + static_cast<uint64_t>(token) * row_bytes,
                   static_cast<uint64_t>(n), x);
      if (spec_.embedding_scale != 1) kernels_.scale(x, spec_.embedding_scale, stride);
    }
}

void Transformer::rope_tables(std::span<const BatchRun> runs, Buffers& b) {
  const int64_t half = spec_.n_rot / 2;
  b.angles.clear();
  b.angles_of_layer.clear();
  for (const LayerSpec& layer : spec_.layers) {
    size_t i = 0;
    while (i < b.angles.size() && *b.angles[i].inv_freq != layer.inv_freq) ++i;
    b.angles_of_layer.push_back(i);
    if (i < b.angles.size()) continue;
    Buffers::Angles& a = b.angles.emplace_back();
    a.inv_freq = &layer.inv_freq;
    for (const BatchRun& run : runs)
      for (size_t t = 0; t < run.tokens.size(); ++t)
        for (int64_t j = 0; j < half; ++j) {
          const float position = static_cast<float>(run.first_position + static_cast<int64_t>(t));
          const SinCos sc = sincos64(position * layer.inv_freq[static_cast<size_t>(j)]);
          a.cos.push_back(static_cast<float>(sc.cos));
          a.sin.push_back(static_cast<float>(sc.sin));
        }
  }
}

void Transformer::norm_and_quantise(const Norm* norm, float* x, int64_t cols, float* to,
                                    std::span<const Product> products, Buffers& b) {
  const int64_t stride = pad16(cols);
  bool narrow = false, wide = false;
  for (const Product& p : products) (p.w->wide ? wide : narrow) |= p.w->w.quantised();
  if (narrow) b.narrow.resize(b.rows, cols, false);
  if (wide) b.wide.resize(b.rows, cols, true);
  workers_.each(b.rows, [&](int64_t r) {
    if (norm) kernels_.rms_norm(x + r * stride, norm->data(), cols, spec_.norm_eps, to + r * stride);
    const float* from = norm ? to + r * stride : x + r * stride;
    bool finite = true;
    if (narrow) finite = kernels_.quantise_row(from, cols, b.narrow.row(r)) && finite;
    if (wide) finite = kernels_.quantise_row(from, cols, b.wide.row(r)) && finite;
    if (!finite) b.bad[static_cast<size_t>(r)] = 1;
  });
}

void Transformer::multiply(std::span<const Product> products, const float* x, int64_t x_stride, int64_t rows,
                           const QuantisedRows& narrow, const QuantisedRows& wide) {
  struct Task {
    const Product* product;
    int64_t g0, g1;
    ActivationView activations;
  };
  std::vector<std::vector<int32_t>> starts(products.size());
  std::vector<Task> tasks;
  for (size_t i = 0; i < products.size(); ++i) {
    const PackedMatrix& w = products[i].w->w;
    const QuantisedRows& q = products[i].w->wide ? wide : narrow;
    ActivationView view;
    if (w.quantised()) {
      starts[i] = q.starts(w.view().offset, w.parts());
      view = q.view(w.parts(), starts[i]);
    }
    const int64_t groups = pad16(w.rows()) / 16;
    // Pairs of groups; about four tasks a thread when one matrix is large.
    const int64_t usual = std::max<int64_t>(2, groups / (workers_.threads() * 4) / 2 * 2);
    const int64_t step = chaos_.pick(usual, 1, groups);
    for (int64_t g = 0; g < groups; g += step) tasks.push_back({&products[i], g, std::min(groups, g + step), view});
    executed_macs_ += static_cast<uint64_t>(rows * w.rows() * w.cols());
  }
  workers_.each(static_cast<int64_t>(tasks.size()), [&](int64_t i) {
    const Task& t = tasks[static_cast<size_t>(i)];
    multiply_groups(kernels_, t.product->w->w.view(), t.g0, t.g1, t.activations, x, x_stride, rows, t.product->y,
                    t.product->y_stride);
  });
}

void Transformer::add_branch(const Norm& post_norm, Buffers& b) {
  const int64_t stride = pad16(spec_.n_embd);
  workers_.each(b.rows, [&](int64_t r) {
    float* y = at(b.y, r * stride);
    if (!post_norm.empty()) kernels_.rms_norm(y, post_norm.data(), spec_.n_embd, spec_.norm_eps, y);
    kernels_.add(at(b.x, r * stride), y, stride);
  });
}

// Per row: q and k heads through their norms and rope, q scaled; k and v to binary16 in the row's page.
void Transformer::rotate_and_store(int index, std::span<const BatchRun> runs, Buffers& b) {
  const LayerSpec& layer = spec_.layers[static_cast<size_t>(index)];
  const Buffers::Angles& angles = b.angles[b.angles_of_layer[static_cast<size_t>(index)]];
  const int64_t d = spec_.head_dim, padded = pad16(d), half = spec_.n_rot / 2;
  const int64_t q_stride = pad16(spec_.n_head * d), kv_stride = pad16(spec_.n_head_kv * d);
  std::vector<std::pair<uint32_t, uint8_t>> place;  // (page, lane) of each row
  for (const BatchRun& run : runs)
    for (size_t t = 0; t < run.tokens.size(); ++t)
      place.emplace_back(run.pages[t], static_cast<uint8_t>((run.first_position + static_cast<int64_t>(t)) % kPage));

  workers_.each(b.rows, [&](int64_t r) {
    const float* cos = angles.cos.data() + r * half;
    const float* sin = angles.sin.data() + r * half;
    const auto turn = [&](float* head, const Norm& norm) {
      if (!norm.empty()) kernels_.rms_norm(head, norm.data(), d, spec_.norm_eps, head);
      kernels_.rope(head, spec_.n_rot, cos, sin, spec_.rope_neox);
    };
    for (int64_t h = 0; h < spec_.n_head; ++h) {
      float* head = at(b.heads_q, (r * spec_.n_head + h) * padded);
      std::memcpy(head, at(b.q, r * q_stride + h * d), static_cast<size_t>(d) * 4);
      std::fill(head + d, head + padded, 0.0f);
      turn(head, layer.q_norm);
      kernels_.scale(head, spec_.query_scale, padded);
    }
    const auto [page, lane] = place[static_cast<size_t>(r)];
    std::vector<float> head(static_cast<size_t>(padded), 0.0f);
    for (int h = 0; h < spec_.n_head_kv; ++h) {
      std::memcpy(head.data(), at(b.k, r * kv_stride + h * d), static_cast<size_t>(d) * 4);
      turn(head.data(), layer.k_norm);
      uint16_t* keys = kv_.keys(page, index, h) + lane;
      uint16_t* values = kv_.values(page, index, h) + lane * padded;
      const bool keys_finite = kernels_.to_f16(head.data(), d, keys, kPage);
      std::memcpy(head.data(), at(b.v, r * kv_stride + h * d), static_cast<size_t>(d) * 4);
      if (kernels_.to_f16(head.data(), d, values, 1) && keys_finite) continue;
      // An infinity here would reach other rows as 0 * inf; this row is an error anyway.
      for (int64_t i = 0; i < d; ++i) keys[i * kPage] = values[i] = 0;
      b.bad[static_cast<size_t>(r)] = 1;
    }
  });
}

void Transformer::attend_rows(int index, const BatchRun& run, int kv_head, int64_t row0, int64_t rows, Buffers& b,
                              int64_t batch_row) {
  const LayerSpec& layer = spec_.layers[static_cast<size_t>(index)];
  const int64_t d = spec_.head_dim, padded = pad16(d), heads = spec_.n_head / spec_.n_head_kv;
  const int64_t first = run.first_position + row0, last = first + rows;  // query positions [first, last)
  const int64_t block0 = layer.window > 0 ? std::max<int64_t>(0, first + 1 - layer.window) / kPage : 0;
  const int64_t blocks = (last + kPage - 1) / kPage - block0;

  thread_local HugeVector<float> keys, values, scratch, lanes;
  keys.resize(static_cast<size_t>(blocks * d * kPage));
  values.resize(static_cast<size_t>(blocks * kPage * padded));
  scratch.resize(static_cast<size_t>(attention_scratch_floats(padded)));
  lanes.resize(static_cast<size_t>(d * kPage));
  for (int64_t j = 0; j < blocks; ++j) {
    float* block = at(keys, j * d * kPage);
    for (const BlockTable::Source& s : run.table->block(block0 + j)) {
      const uint16_t* from = kv_.keys(s.page, index, kv_head);
      if (s.first == 0) {
        kernels_.from_f16(from, d * kPage, block);
      } else {
        kernels_.from_f16(from, d * kPage, lanes.data());
        for (int64_t i = 0; i < d; ++i)
          for (int lane = s.first; lane < s.last; ++lane)
            block[i * kPage + lane] = lanes[static_cast<size_t>(i * kPage + lane)];
      }
      kernels_.from_f16(kv_.values(s.page, index, kv_head) + s.first * padded, (s.last - s.first) * padded,
                        at(values, (j * kPage + s.first) * padded));
    }
  }
  AttentionArgs a;
  a.head_dim = d;
  a.padded_dim = padded;
  a.k = keys.data();
  a.v = values.data();
  a.first_block = block0;
  a.first_position = first;
  a.n_rows = rows;
  a.heads = heads;
  a.window = layer.window;
  a.q_stride = a.out_stride = spec_.n_head * padded;
  a.q = at(b.heads_q, (batch_row + row0) * a.q_stride + kv_head * heads * padded);
  a.out = at(b.heads_out, (batch_row + row0) * a.out_stride + kv_head * heads * padded);
  a.scratch = scratch.data();
  kernels_.attention(a);
}

void Transformer::attend(int index, std::span<const BatchRun> runs, Buffers& b) {
  struct Task {
    const BatchRun* run;
    int kv_head;
    int64_t row0, rows, batch_row;
  };
  std::vector<Task> tasks;
  int64_t batch_row = 0;
  const int window = spec_.layers[static_cast<size_t>(index)].window;
  for (const BatchRun& run : runs) {
    const auto n = static_cast<int64_t>(run.tokens.size());
    const int64_t chunk = chaos_.pick(kAttentionChunk, 1, kAttentionChunk);
    for (int64_t row0 = 0; row0 < n; row0 += chunk)
      for (int h = 0; h < spec_.n_head_kv; ++h)
        tasks.push_back({&run, h, row0, std::min(chunk, n - row0), batch_row});
    for (int64_t p = run.first_position; p < run.first_position + n; ++p)
      executed_macs_ += 2 * static_cast<uint64_t>(spec_.n_head * spec_.head_dim *
                                                  (window > 0 ? std::min<int64_t>(p + 1, window) : p + 1));
    batch_row += n;
  }
  workers_.each(static_cast<int64_t>(tasks.size()), [&](int64_t i) {
    const Task& t = tasks[static_cast<size_t>(i)];
    attend_rows(index, *t.run, t.kv_head, t.row0, t.rows, b, t.batch_row);
  });
}

void Transformer::attention_branch(int index, std::span<const BatchRun> runs, Buffers& b) {
  const LayerSpec& layer = spec_.layers[static_cast<size_t>(index)];
  const int64_t d = spec_.head_dim, padded = pad16(d), embd = pad16(spec_.n_embd);
  const int64_t q_dim = spec_.n_head * d, kv_stride = pad16(spec_.n_head_kv * d);
  const Product qkv[] = {
      {&layer.q, b.q.data(), pad16(q_dim)}, {&layer.k, b.k.data(), kv_stride}, {&layer.v, b.v.data(), kv_stride}};
  norm_and_quantise(&layer.attn_norm, b.x.data(), spec_.n_embd, b.normed.data(), qkv, b);
  multiply(qkv, b.normed.data(), embd, b.rows, b.narrow, b.wide);
  rotate_and_store(index, runs, b);
  attend(index, runs, b);
  float* joined = b.heads_out.data();
  if (padded != d) {
    joined = b.joined.data();
    for (int64_t r = 0; r < b.rows; ++r)
      for (int64_t h = 0; h < spec_.n_head; ++h)
        std::memcpy(joined + r * pad16(q_dim) + h * d, at(b.heads_out, (r * spec_.n_head + h) * padded),
                    static_cast<size_t>(d) * 4);
  }
  const Product out[] = {{&layer.attn_output, b.y.data(), embd}};
  norm_and_quantise(nullptr, joined, q_dim, nullptr, out, b);
  multiply(out, joined, pad16(q_dim), b.rows, b.narrow, b.wide);
  add_branch(layer.post_attn_norm, b);
}

void Transformer::feed_forward_branch(int index, Buffers& b) {
  const LayerSpec& layer = spec_.layers[static_cast<size_t>(index)];
  const int64_t embd = pad16(spec_.n_embd), ff = pad16(spec_.n_ff);
  const Product gate_up[] = {{&layer.gate, b.gate.data(), ff}, {&layer.up, b.up.data(), ff}};
  norm_and_quantise(&layer.ffn_norm, b.x.data(), spec_.n_embd, b.normed.data(), gate_up, b);
  multiply(gate_up, b.normed.data(), embd, b.rows, b.narrow, b.wide);
  workers_.each(b.rows, [&](int64_t r) {
    (spec_.activation == Activation::silu ? kernels_.silu_mul : kernels_.gelu_mul)(at(b.gate, r * ff), at(b.up, r * ff),
                                                                                   ff);
  });
  const Product down[] = {{&layer.down, b.y.data(), embd}};
  norm_and_quantise(nullptr, b.gate.data(), spec_.n_ff, nullptr, down, b);
  multiply(down, b.gate.data(), ff, b.rows, b.narrow, b.wide);
  add_branch(layer.post_ffn_norm, b);
}

void Transformer::forward(std::span<const BatchRun> runs, std::vector<float>& hidden, std::vector<uint8_t>& bad) {
  Buffers& b = *buffers_;
  b.rows = total_rows(runs);
  const int64_t d = spec_.head_dim, padded = pad16(d), embd = pad16(spec_.n_embd);
  const auto size = [&](HugeVector<float>& v, int64_t cols) { v.resize(static_cast<size_t>(b.rows * cols)); };
  size(b.x, embd), size(b.y, embd), size(b.normed, embd);
  size(b.q, pad16(spec_.n_head * d)), size(b.joined, padded == d ? 0 : pad16(spec_.n_head * d));
  size(b.k, pad16(spec_.n_head_kv * d)), size(b.v, pad16(spec_.n_head_kv * d));
  size(b.heads_q, spec_.n_head * padded), size(b.heads_out, spec_.n_head * padded);
  size(b.gate, pad16(spec_.n_ff)), size(b.up, pad16(spec_.n_ff));
  b.bad.assign(static_cast<size_t>(b.rows), 0);

  embed(runs, b);
  rope_tables(runs, b);
  for (int i = 0; i < static_cast<int>(spec_.layers.size()); ++i) {
    attention_branch(i, runs, b);
    feed_forward_branch(i, b);
  }
  hidden.clear();
  int64_t row = 0;
  for (const BatchRun& run : runs)
    for (size_t t = 0; t < run.tokens.size(); ++t, ++row) {
      if (!run.wanted[t]) continue;
      hidden.resize(hidden.size() + static_cast<size_t>(embd));
      kernels_.rms_norm(at(b.x, row * embd), spec_.output_norm.data(), spec_.n_embd, spec_.norm_eps,
                        hidden.data() + hidden.size() - embd);
    }
  bad = b.bad;
}

}  // namespace samebits
