#include "harness/numeric/math64.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace samebits {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// An unevaluated sum hi + lo with |lo| <= ulp(hi)/2. Operations after Dekker (1971) and Knuth (TAOCP 2, 4.2.2);
// error bounds of the product and quotient: Joldes, Muller, Popescu, "Tight and rigorous error bounds", 2017.
struct DoubleDouble {
  double hi = 0, lo = 0;
};

DoubleDouble fast_two_sum(double a, double b) {  // |a| >= |b|: exact
  const double s = a + b;
  return {s, b - (s - a)};
}

DoubleDouble two_sum(double a, double b) {  // exact for any order
  const double s = a + b;
  const double t = s - a;
  return {s, (a - (s - t)) + (b - t)};
}

DoubleDouble add(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble s = two_sum(a.hi, b.hi);
  const DoubleDouble t = two_sum(a.lo, b.lo);
  const DoubleDouble u = fast_two_sum(s.hi, s.lo + t.hi);
  return fast_two_sum(u.hi, u.lo + t.lo);
}

DoubleDouble multiply(DoubleDouble a, DoubleDouble b) {
  const double p = a.hi * b.hi;
  const double error = std::fma(a.hi, b.hi, -p);  // exact
  return fast_two_sum(p, error + std::fma(a.hi, b.lo, a.lo * b.hi));
}

DoubleDouble divide(DoubleDouble a, DoubleDouble b) {
  const double q = a.hi / b.hi;
  const double rest = std::fma(-q, b.hi, a.hi);  // exact
  return fast_two_sum(q, ((rest + a.lo) - q * b.lo) / b.hi);
}

// ln 2 to 107 bits, and cut after 32 bits so that k * kLn2Head is exact for |k| < 2^21. Source: the digits of
// OEIS A002162 in 400-bit arithmetic.
constexpr DoubleDouble kLn2Wide = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};
constexpr double kLn2Head = 0x1.62e42fee00000p-1;
constexpr DoubleDouble kLn2Tail = {0x1.a39ef35793c76p-33, 0x1.cc01f97b57a08p-87};
constexpr double kInverseLn2 = 0x1.71547652b82fep+0;

double power_of_two(int k) { return std::bit_cast<double>(static_cast<uint64_t>(k + 1023) << 52); }

// (hi + lo) * 2^k, rounded once. hi + lo in (0.7, 1.5), k in [-1080, 1024].
double scale(DoubleDouble v, int k) {
  double rounded = v.hi;  // |lo| <= ulp/2: hi is the nearest double of the sum
  const double big = k < -1021 ? power_of_two(-1022 - k) : 0;
  if (v.hi < big) {  // subnormal: the last bit that survives is ulp(big), so adding big rounds there
    const DoubleDouble s = two_sum(big, v.hi);
    rounded = (s.hi + (s.lo + v.lo)) - big;
  }
  return rounded * power_of_two(k / 2) * power_of_two(k - k / 2);  // exact, or overflows to infinity
}

}  // namespace

// k = round(x / ln 2), r = x - k ln 2 in [-0.3466, 0.3466]; the Taylor series 1 + r/1 (1 + r/2 (1 + ...)) to r^27,
// whose rest is below 2^-134; e^x = 2^k e^r.
double exp64(double x) {
  if (x != x) return x;
  if (x > 709.79) return kInfinity;
  if (x < -745.2) return 0;
  constexpr double kRound = 0x1.8p52;  // the 1.5 * 2^52 rule: round half to even
  const double k = (x * kInverseLn2 + kRound) - kRound;
  const DoubleDouble r = add(two_sum(x, -k * kLn2Head), multiply({-k, 0}, kLn2Tail));
  DoubleDouble sum = {1, 0};
  for (int n = 27; n >= 1; --n) sum = add({1, 0}, divide(multiply(r, sum), {static_cast<double>(n), 0}));
  return scale(sum, static_cast<int>(k));
}

// x = 2^e m with m in [sqrt(1/2), sqrt(2)); s = (m - 1) / (m + 1), |s| < 0.1716;
// ln x = e ln 2 + 2 s (1 + s^2/3 + s^4/5 + ...) to s^46, whose rest is below 2^-117 of the sum.
double log64(double x) {
  if (x != x || x == kInfinity) return x;
  if (x == 0) return -kInfinity;
  if (x < 0) return kNan;
  int e = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    e = -54;
  }
  const uint64_t word = std::bit_cast<uint64_t>(x);
  e += static_cast<int>(word >> 52) - 1023;
  double m = std::bit_cast<double>((word & 0x000fffffffffffffu) | 0x3ff0000000000000u);  // [1, 2)
  if (m > 0x1.6a09e667f3bcdp0) {                                                         // sqrt(2)
    m *= 0.5;
    ++e;
  }
  const DoubleDouble s = divide(two_sum(m, -1), two_sum(m, 1));
  const DoubleDouble square = multiply(s, s);
  DoubleDouble series = {0, 0};
  for (int n = 47; n >= 1; n -= 2) series = add(divide({1, 0}, {static_cast<double>(n), 0}), multiply(square, series));
  const DoubleDouble fraction = multiply({2 * s.hi, 2 * s.lo}, series);
  const DoubleDouble sum = add(multiply({static_cast<double>(e), 0}, kLn2Wide), fraction);
  return sum.hi + sum.lo;
}

}  // namespace samebits
