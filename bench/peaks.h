// What this machine can do at most, measured in this process: the denominators of bench/kernels.
#pragma once

#include "inference/kernels/kernels.h"

namespace samebits {

// Multiply-adds of u8 x i8 a second into int32 by one thread, registers only: vpdpbusd, or vpmaddubsw + vpmaddwd where
// the tier has no such instruction. 0 for the scalar tier.
double int8_peak_macs(Isa);
// Fused multiply-adds of float32 a second by one thread, registers only. 0 for the scalar tier.
double fma_peak_macs(Isa);
// Bytes a second that `threads` threads read together from 512 MiB, in huge pages where the kernel grants them.
double read_bandwidth(int threads);

}  // namespace samebits
