// The floating-point state that the numerics contract assumes: round to nearest even, no flush-to-zero, no
// denormals-are-zero, exceptions masked. Libraries loaded into the process may change it: one linked with
// -ffast-math does. It belongs to a thread; a new thread inherits it.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace samebits {

// Never inlined: the disassembly test allows writes to the control register here and nowhere else.
[[gnu::noinline]] inline void set_fp_environment() {
#if defined(__x86_64__)
  _mm_setcsr(0x1f80);
#elif defined(__aarch64__)
  const uint64_t zero = 0;
  asm volatile("msr fpcr, %0" ::"r"(zero));
#endif
}

inline bool fp_environment_is_default() {
#if defined(__x86_64__)
  return (_mm_getcsr() & ~0x3fu) == 0x1f80;  // the low bits are sticky flags
#elif defined(__aarch64__)
  uint64_t fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  return fpcr == 0;
#else
  return true;
#endif
}

}  // namespace samebits
