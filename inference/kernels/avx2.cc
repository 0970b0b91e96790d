#define SAMEBITS_TIER avx2
#define SAMEBITS_LANES "inference/kernels/simd_avx2.h"
#include "inference/kernels/tier-inl.h"
