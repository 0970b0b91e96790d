// The whole of a tier: include this after naming it.
//   #define SAMEBITS_TIER avx2
//   #define SAMEBITS_LANES "inference/kernels/simd_avx2.h"
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "inference/kernels/kernels.h"

namespace samebits {
namespace SAMEBITS_TIER {
namespace {

#include SAMEBITS_LANES
#include "inference/kernels/math-inl.h"
#include "inference/kernels/rows-inl.h"
#include "inference/kernels/linear-inl.h"
#include "inference/kernels/attention-inl.h"

}  // namespace

#define SAMEBITS_STRING_2(x) #x
#define SAMEBITS_STRING(x) SAMEBITS_STRING_2(x)
extern const Kernels table;
const Kernels table = {SAMEBITS_STRING(SAMEBITS_TIER), linear, linear_float, quantise_row, rms_norm, add, scale,
                       silu_mul, gelu_mul, rope, to_f16, from_f16, attention, logit_chunk, exp_row};

}  // namespace SAMEBITS_TIER
}  // namespace samebits
