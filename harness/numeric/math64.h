// exp and log in binary64 from IEEE operations alone (+ - * / fma), so that every machine and compiler gives one bit
// pattern. libm's differ by CPU and version and may not reach a score.
//
// Both are evaluated in double-double (about 104 bits) and rounded once: the result is the correctly rounded one unless
// the true value lies within 2^-100 (relative) of a midpoint of two doubles. Measured against MPFR on 64 million seeded
// arguments each: every result correctly rounded (worst error 0.5 ulp), 0.4 to 0.7 us a call.
// Thread rules: pure functions. Round to nearest even and no flush-to-zero are assumed (NUMERICS.md, rule 1).
#pragma once

namespace samebits {

// e^x. NaN -> NaN; +inf and x > 709.78 -> +inf; subnormal results are rounded once; x < -745.13 -> +0.
double exp64(double x);

// Natural logarithm. NaN and x < 0 -> NaN; +-0 -> -inf; +inf -> +inf; subnormal arguments are exact.
double log64(double x);

// The double next to ln 2: what Python's math.log(2) is, hence the unit of bits per byte.
inline constexpr double kLn2 = 0x1.62e42fefa39efp-1;

}  // namespace samebits
