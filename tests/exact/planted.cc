// One function for each rule of the disassembly test that breaks it. Never called: some machines cannot run them.
#include <cmath>

namespace samebits::planted {

#if defined(__x86_64__)
#define SAMEBITS_PLANT(name, code) \
  extern "C" void name() { asm volatile(code); }
SAMEBITS_PLANT(plant_fma, "vfmadd231ps %ymm0, %ymm1, %ymm2")
SAMEBITS_PLANT(plant_fma_scalar, "vfnmsub132sd %xmm0, %xmm1, %xmm2")
SAMEBITS_PLANT(plant_estimate, "rcpps %xmm0, %xmm1")
SAMEBITS_PLANT(plant_estimate_512, "vrsqrt14ps %zmm0, %zmm1")
SAMEBITS_PLANT(plant_saturating, "vpdpbusds %zmm0, %zmm1, %zmm2")
SAMEBITS_PLANT(plant_bf16, "vdpbf16ps %zmm0, %zmm1, %zmm2")
SAMEBITS_PLANT(plant_fp16, "vmulph %zmm0, %zmm1, %zmm2")
SAMEBITS_PLANT(plant_control, "ldmxcsr -4(%rsp)")
SAMEBITS_PLANT(plant_x87, "faddp")
SAMEBITS_PLANT(allowed_integer_dot, "vpdpbusd %zmm0, %zmm1, %zmm2")
SAMEBITS_PLANT(allowed_conversion, "vcvtps2ph $0, %ymm0, %xmm1")
#elif defined(__aarch64__)
#define SAMEBITS_PLANT(name, code) \
  extern "C" void name() { asm volatile(".arch armv8.6-a+fp16+bf16\n" code); }
SAMEBITS_PLANT(plant_fma, "fmla v0.4s, v1.4s, v2.4s")
SAMEBITS_PLANT(plant_fma_scalar, "fnmsub d0, d1, d2, d3")
SAMEBITS_PLANT(plant_estimate, "frecpe v0.4s, v1.4s")
SAMEBITS_PLANT(plant_bf16, "bfdot v0.4s, v1.8h, v2.8h")
SAMEBITS_PLANT(plant_fp16, "fmul v0.8h, v1.8h, v2.8h")
SAMEBITS_PLANT(plant_control, "msr fpcr, x0")
SAMEBITS_PLANT(allowed_integer_dot, "sdot v0.4s, v1.16b, v2.16b")
SAMEBITS_PLANT(allowed_conversion, "fcvtn v0.4h, v1.4s")
#endif

extern "C" double plant_libm(double x) { return std::log2(x); }
extern "C" float plant_libm_tail_call(float x) { return std::tanh(x); }
extern "C" double allowed_root(double x) { return std::sqrt(x); }
extern "C" double allowed_floor(double x) { return std::floor(x); }

}  // namespace samebits::planted
