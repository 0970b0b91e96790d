#include "harness/numeric/trig64.h"

#include <cmath>
#include <cstdint>
#include <limits>

namespace samebits {
namespace {

// pi/2 = kHigh + kMiddle + kLow, each the double next to what the earlier ones leave.
constexpr double kHigh = 0x1.921fb54442d18p+0, kMiddle = 0x1.1a62633145c07p-54, kLow = -0x1.f1976b7ed8fbcp-110;

// Taylor coefficients 1/k!, signs alternating; Horner's rule with fma in r^2.
double sin_polynomial(double r) {
  const double z = r * r;
  double p = 1.0 / 1307674368000.0;         // 1/15!
  p = std::fma(-z, p, 1.0 / 6227020800.0);  // 1/13!
  p = std::fma(-z, p, 1.0 / 39916800.0);
  p = std::fma(-z, p, 1.0 / 362880.0);
  p = std::fma(-z, p, 1.0 / 5040.0);
  p = std::fma(-z, p, 1.0 / 120.0);
  p = std::fma(-z, p, 1.0 / 6.0);
  return std::fma(-z * r, p, r);
}

double cos_polynomial(double r) {
  const double z = r * r;
  double p = 1.0 / 20922789888000.0;         // 1/16!
  p = std::fma(-z, p, 1.0 / 87178291200.0);  // 1/14!
  p = std::fma(-z, p, 1.0 / 479001600.0);
  p = std::fma(-z, p, 1.0 / 3628800.0);
  p = std::fma(-z, p, 1.0 / 40320.0);
  p = std::fma(-z, p, 1.0 / 720.0);
  p = std::fma(-z, p, 1.0 / 24.0);
  p = std::fma(-z, p, 0.5);
  return std::fma(-z, p, 1.0);
}

}  // namespace

SinCos sincos64(double x) {
  if (!(std::fabs(x) <= 1048576.0))
    return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  const double magic = 6755399441055744.0;  // 1.5 * 2^52: rounds to an integer, half to even
  const double n = (x * 0x1.45f306dc9c883p-1 + magic) - magic;
  double r = std::fma(-n, kHigh, x);
  r = std::fma(-n, kMiddle, r);
  r = std::fma(-n, kLow, r);
  const double s = sin_polynomial(r), c = cos_polynomial(r);
  switch (static_cast<int64_t>(n) & 3) {
    case 0:
      return {s, c};
    case 1:
      return {c, -s};
    case 2:
      return {-s, -c};
    default:
      return {-c, s};
  }
}

}  // namespace samebits
