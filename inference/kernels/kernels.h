// The arithmetic of contract sb-1 (../NUMERICS.md): a table of plain functions, one table a tier.
//
// Every tier gives the same bits; the scalar tier is the definition. Bodies live once, in *-inl.h, written
// over 16 virtual lanes; a tier is a tiny TU that includes its lanes (simd_*.h) and then the bodies. Nothing
// of the standard library's templates is instantiated in those TUs: the linker could otherwise pick a copy
// that the machine cannot run.
// Thread rules: pure functions of their arguments. MXCSR/FPCR must be in the default state (fp_environment.h).
#pragma once

#include <cstdint>

#include "inference/kernels/layout.h"

namespace samebits {

inline constexpr int kLanes = 16;  // rows of a weight group, key positions of a page, lanes of a reduction

constexpr int64_t pad16(int64_t n) { return (n + 15) / 16 * 16; }

struct WeightView {
  Layout layout{};
  int32_t offset = 0;            // u - offset is the weight's integer
  int64_t groups = 0, cols = 0;  // rows = 16 * groups (the last ones may be padding: all zero)
  const uint8_t* data = nullptr;  // (groups, group_bytes(layout, cols))
};

// Rows of activations, quantised per block of 32 (NUMERICS.md §2). `lo` null: 8 bits, q = hi.
// Otherwise 16 bits: q = 256 hi + lo.
//
// Tiles of kTileRows tokens, the last one of what remains, so that a kernel reads each array as one stream.
struct ActivationView {
  int64_t tokens = 0, cols = 0;
  const int8_t* hi = nullptr;      // tiles of (blocks, token, 32)
  const int8_t* lo = nullptr;      // tiles of (blocks, token, 32)
  const float* d = nullptr;        // tiles of (blocks, token)
  const float* s = nullptr;        // tiles of (blocks, parts, token): d * float(sum of q); parts = halves ? 2 : 1
  const int32_t* start = nullptr;  // tiles of (blocks, parts, token): -offset * sum of q; unread with a minimum
};
inline constexpr int64_t kTileRows = 6;

// Writable form of one row, filled by quantise_row: what belongs to one block lies `stride` times further on than the
// block before, the number of tokens in the row's tile.
struct QuantisedRow {
  int8_t* hi;
  int8_t* lo;        // null: 8 bits
  float* d;          // (blocks)
  float* s32;        // (blocks)
  float* s16;        // (blocks * 2)
  int32_t* sum16;    // (blocks * 2)
  int64_t stride = 1;
};

// One (run of rows, KV head) of attention: n_rows query rows at consecutive positions of one sequence.
struct AttentionArgs {
  int64_t head_dim = 0;      // d
  int64_t padded_dim = 0;    // pad16(d)
  const float* k = nullptr;  // (blocks of 16 positions, d, 16): all positions first_block*16 … of the sequence
  const float* v = nullptr;  // (positions, padded_dim), the same positions
  int64_t first_block = 0;   // of k and v
  int64_t first_position = 0;  // of query row 0
  int64_t n_rows = 0;
  int64_t heads = 0;         // query heads that share this KV head
  int64_t window = 0;        // keys p1 - p0 < window are visible; 0: all
  const float* q = nullptr;  // (n_rows, heads, padded_dim), scaled
  int64_t q_stride = 0;      // floats from one row to the next
  float* out = nullptr;      // like q
  int64_t out_stride = 0;
  float* scratch = nullptr;  // attention_scratch_floats()
};
inline constexpr int64_t kSegment = 1024;  // absolute positions a softmax segment
inline constexpr int64_t kAttentionRows = 6;
inline constexpr int64_t attention_scratch_floats(int64_t padded_dim) {
  return kAttentionRows * (kSegment + 2 * padded_dim);
}

// A chunk of logits of one position. sum: of exp(logit - max).
struct LogitChunk {
  float max;
  int32_t argmax;  // lowest index of the maximum, within the chunk
  int32_t holders;  // how many share the maximum
  double sum;
  bool finite;
};

// Two groups as plain bytes with two scales and two minima a block at most, aligned to 64.
constexpr int64_t linear_scratch_bytes(int64_t cols) { return 2 * (16 * cols + cols / 32 * 256) + 64; }

struct Kernels {
  const char* name;  // "avx2"

  // y[t][16g … 16g+15] = W x for at most two groups [g0, g1) and all tokens. `scratch`: linear_scratch_bytes().
  void (*linear)(const WeightView&, int64_t g0, int64_t g1, const ActivationView&, float* y, int64_t y_stride,
                 uint8_t* scratch);
  // The same for f32, f16 and bf16 weights and plain activations x (tokens, x_stride).
  void (*linear_float)(const WeightView&, int64_t g0, int64_t g1, const float* x, int64_t x_stride, int64_t n_tokens,
                       float* y, int64_t y_stride);
  // False when a value is not finite (q and d are then 0).
  bool (*quantise_row)(const float* x, int64_t cols, const QuantisedRow&);
  // y = x * (1 / sqrt(mean(x^2) + eps)) * w. n values; x, w and y readable/writable to pad16(n), x zero there.
  void (*rms_norm)(const float* x, const float* w, int64_t n, float eps, float* y);
  void (*add)(float* x, const float* y, int64_t n);              // x += y
  void (*scale)(float* x, float by, int64_t n);                  // x *= by
  void (*silu_mul)(float* gate, const float* up, int64_t n);     // gate = silu(gate) * up
  void (*gelu_mul)(float* gate, const float* up, int64_t n);     // gate = gelu_tanh(gate) * up
  // In place on one head. cos, sin: (n_rot / 2). pairs (2i, 2i+1), or (i, i + n_rot/2) with neox.
  void (*rope)(float* head, int64_t n_rot, const float* cos, const float* sin, bool neox);
  // RNE to binary16; false when a value overflows or is not finite.
  bool (*to_f16)(const float* x, int64_t n, uint16_t* out, int64_t out_stride);
  void (*from_f16)(const uint16_t* x, int64_t n, float* out);  // n a multiple of 16
  void (*attention)(const AttentionArgs&);
  LogitChunk (*logit_chunk)(const float* logits, int64_t n);  // readable to pad16(n)
  void (*exp)(const float* x, int64_t n, float* y);             // n a multiple of 16 (tests)
};

// Of every kind of processor, the slower of each kind first. "avx512" and "neon" are without the instructions that the
// tier after them adds.
enum class Isa : uint8_t { scalar, avx2, avxvnni, avx512, avx512vnni, neon, neon_i8mm };
inline constexpr Isa kIsas[] = {Isa::scalar,     Isa::avx2, Isa::avxvnni,  Isa::avx512,
                                Isa::avx512vnni, Isa::neon, Isa::neon_i8mm};

// Whether this machine can run the tier.
bool supported(Isa);
// The fastest tier here.
Isa best_isa();
// E0220 for an unknown name, E0221 for a tier that this machine lacks. "" is $SAMEBITS_ISA, else the best.
Isa parse_isa(const char* name);
// The same for a machine that has the tiers `here`, one bit each: 1 << isa.
Isa parse_isa(const char* name, uint32_t here);
const Kernels& kernels(Isa);
const char* isa_name(Isa);

}  // namespace samebits
