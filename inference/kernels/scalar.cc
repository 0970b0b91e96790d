#define SAMEBITS_TIER scalar
#define SAMEBITS_LANES "inference/kernels/simd_scalar.h"
#include "inference/kernels/tier-inl.h"
