#define SAMEBITS_TIER neon
#define SAMEBITS_LANES "inference/kernels/simd_neon.h"
#include "inference/kernels/tier-inl.h"
