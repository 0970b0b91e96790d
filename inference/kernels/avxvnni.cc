#define SAMEBITS_TIER avxvnni
#define SAMEBITS_VNNI
#define SAMEBITS_LANES "inference/kernels/simd_avx2.h"
#include "inference/kernels/tier-inl.h"
