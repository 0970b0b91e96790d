// sin and cos in binary64 from IEEE operations alone, for rotary angles.
//
// x = n pi/2 + r with pi/2 in three doubles, then Taylor's polynomials of r, |r| <= pi/4. For |x| <= 2^20 the error is
// below 2 ulp of a double; the float32 that rope uses is thus the correctly rounded one but for rare midpoints.
// Thread rules: pure. Round to nearest even assumed (NUMERICS.md, rule 1).
#pragma once

namespace samebits {

struct SinCos {
  double sin, cos;
};

// |x| <= 2^20; beyond, and for NaN, both are NaN.
SinCos sincos64(double x);

}  // namespace samebits
