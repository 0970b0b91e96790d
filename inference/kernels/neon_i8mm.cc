#define SAMEBITS_TIER neon_i8mm
#define SAMEBITS_I8MM
#define SAMEBITS_LANES "inference/kernels/simd_neon.h"
#include "inference/kernels/tier-inl.h"
