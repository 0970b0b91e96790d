#define SAMEBITS_TIER avx512vnni
#define SAMEBITS_VNNI
#define SAMEBITS_LANES "inference/kernels/simd_avx512.h"
#include "inference/kernels/tier-inl.h"
