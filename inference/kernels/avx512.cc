#define SAMEBITS_TIER avx512
#define SAMEBITS_LANES "inference/kernels/simd_avx512.h"
#include "inference/kernels/tier-inl.h"
