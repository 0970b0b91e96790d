#include "inference/output_layer.h"

#include <algorithm>

#include "harness/numeric/math64.h"

namespace samebits {
namespace {

constexpr int64_t kChunk = 1024;  // vocabulary rows (NUMERICS.md §6)
constexpr int64_t kStates = 192;  // hidden states that share a pass over the weights

// Chunks ascending. Not finite: the summary says so and nothing else.
void combine(std::span<const LogitChunk> chunks, LogitSummary& s) {
  double sum = 0;
  for (size_t c = 0; c < chunks.size(); ++c) {
    const LogitChunk& part = chunks[c];
    s.finite = s.finite && part.finite;
    if (!s.finite) return;
    if (c == 0 || part.max > s.max) {
      const double before = c == 0 ? 0 : sum * exp64(static_cast<double>(s.max) - static_cast<double>(part.max));
      sum = before + part.sum;
      s.max = part.max;
      s.argmax = static_cast<int32_t>(static_cast<int64_t>(c) * kChunk) + part.argmax;
      s.tie = part.holders > 1;
    } else {
      sum += part.sum * exp64(static_cast<double>(part.max) - static_cast<double>(s.max));
      s.tie = s.tie || part.max == s.max;
    }
  }
  s.logsumexp = static_cast<double>(s.max) + log64(sum);
}

}  // namespace

struct OutputLayer::Tile {
  const float* hidden;  // (rows, padded n_embd)
  int64_t rows;
  const QuantisedRows& quantised;
  std::vector<int32_t> start;
  std::vector<LogitChunk> chunks;  // (rows, chunks): each written once
};

OutputLayer::OutputLayer(const Linear& layer, int n_embd, const Kernels& kernels, Workers& workers)
    : layer_(layer), n_embd_(n_embd), kernels_(kernels), workers_(workers) {}

void OutputLayer::fold_chunk(Tile& tile, int64_t chunk, std::span<const std::vector<int32_t>> ids,
                             std::span<LogitSummary> out) const {
  const PackedMatrix& w = layer_.w;
  const int64_t base = chunk * kChunk, valid = std::min(kChunk, w.rows() - base),
                chunks = (w.rows() + kChunk - 1) / kChunk;
  thread_local HugeVector<float> y;  // (rows, 1024)
  y.resize(static_cast<size_t>(tile.rows * kChunk));
  const WeightView view = w.view(base / kLanes);
  const int64_t groups = std::min<int64_t>(view.groups, kChunk / kLanes);
  multiply_groups(kernels_, view, 0, groups, tile.quantised.view(w.parts(), tile.start), tile.hidden, pad16(n_embd_),
                  tile.rows, y.data(), kChunk);
  for (int64_t r = 0; r < tile.rows; ++r) {
    const float* logits = y.data() + r * kChunk;
    tile.chunks[static_cast<size_t>(r * chunks + chunk)] = kernels_.logit_chunk(logits, valid);
    const std::vector<int32_t>& wanted = ids[static_cast<size_t>(r)];
    for (size_t k = 0; k < wanted.size(); ++k)
      if (wanted[k] >= base && wanted[k] < base + valid)
        out[static_cast<size_t>(r)].targets[k] = logits[wanted[k] - base];
  }
}

std::vector<LogitSummary> OutputLayer::summarise(const float* hidden, int64_t n,
                                                 std::span<const std::vector<int32_t>> ids) {
  const PackedMatrix& w = layer_.w;
  const int64_t chunks = (w.rows() + kChunk - 1) / kChunk;
  std::vector<LogitSummary> out(static_cast<size_t>(n));
  for (size_t i = 0; i < out.size(); ++i) out[i].targets.resize(ids[i].size());
  for (int64_t first = 0, states = 0; first < n; first += states) {
    states = std::min(workers_.pick(kStates, 1, kStates), n - first);
    Tile tile{hidden + first * pad16(n_embd_), states, quantised_, {}, {}};
    const auto at_first = static_cast<size_t>(first), rows = static_cast<size_t>(tile.rows);
    const std::span<LogitSummary> summaries(out.data() + first, rows);
    if (w.quantised()) {
      quantised_.resize(tile.rows, n_embd_, layer_.wide);
      for (int64_t r = 0; r < tile.rows; ++r)
        summaries[static_cast<size_t>(r)].finite =
            kernels_.quantise_row(tile.hidden + r * pad16(n_embd_), n_embd_, quantised_.row(r));
      tile.start = quantised_.starts(w.view().offset, w.parts());
    }
    tile.chunks.resize(rows * static_cast<size_t>(chunks));
    workers_.each(chunks, [&](int64_t c) { fold_chunk(tile, c, ids.subspan(at_first, rows), summaries); });
    workers_.each(tile.rows, [&](int64_t r) {
      combine({at(tile.chunks, r * chunks), static_cast<size_t>(chunks)}, summaries[static_cast<size_t>(r)]);
    });
    executed_macs_ += static_cast<uint64_t>(tile.rows * w.rows() * w.cols());
  }
  return out;
}

std::vector<float> OutputLayer::logits(const float* hidden) {
  const PackedMatrix& w = layer_.w;
  std::vector<float> y(static_cast<size_t>(pad16(w.rows())));
  std::vector<int32_t> start;
  if (w.quantised()) {
    quantised_.resize(1, n_embd_, layer_.wide);
    kernels_.quantise_row(hidden, n_embd_, quantised_.row(0));
    start = quantised_.starts(w.view().offset, w.parts());
  }
  const int64_t groups = w.view().groups, step = workers_.pick(64, 1, 64);
  workers_.each((groups + step - 1) / step, [&](int64_t i) {
    multiply_groups(kernels_, w.view(), step * i, std::min(groups, step * (i + 1)), quantised_.view(w.parts(), start),
                    hidden, 0, 1, y.data(), 0);
  });
  executed_macs_ += static_cast<uint64_t>(w.rows() * w.cols());
  y.resize(static_cast<size_t>(w.rows()));
  return y;
}

}  // namespace samebits
