#include "harness/numeric/statistics.h"

#include <cmath>

#include "harness/core/error.h"
#include "harness/numeric/mt19937.h"

namespace samebits {

double sum(std::span<const double> x) {
  double s = 0;
  for (double v : x) s += v;
  return s;
}

double mean(std::span<const double> x) {
  SAMEBITS_ASSERT(!x.empty());
  return sum(x) / static_cast<double>(x.size());
}

double sample_stddev(std::span<const double> x) {
  SAMEBITS_ASSERT(x.size() >= 2);
  const double mu = mean(x);
  double squares = 0;
  for (double v : x) squares += (v - mu) * (v - mu);
  return std::sqrt(squares / static_cast<double>(x.size() - 1));
}

double mean_stderr(std::span<const double> x) { return sample_stddev(x) / std::sqrt(static_cast<double>(x.size())); }

Interval wilson(uint64_t successes, uint64_t n) {
  SAMEBITS_ASSERT(n >= 1 && successes <= n);
  constexpr double kZ = 0x1.f5c0331eeff85p+0;  // 97.5 % quantile of the standard normal: sqrt(2) erfinv(0.95)
  const double trials = static_cast<double>(n);
  const double p = static_cast<double>(successes) / trials;
  const double z2n = kZ * kZ / trials;
  const double centre = p + z2n / 2;
  const double half = kZ * std::sqrt(p * (1 - p) / trials + z2n / trials / 4);
  // The bounds are exactly 0 and 1 at the ends; the subtraction would leave a rounding error there.
  return {successes == 0 ? 0 : (centre - half) / (1 + z2n), successes == n ? 1 : (centre + half) / (1 + z2n)};
}

std::vector<double> bootstrap_means(std::span<const double> x, uint32_t chunk) {
  SAMEBITS_ASSERT(!x.empty());
  PythonRandom generator(chunk);
  const double n = static_cast<double>(x.size());
  std::vector<double> means(kBootstrapChunk);
  for (double& m : means) {
    double s = 0;
    for (size_t i = 0; i < x.size(); ++i) s += x[static_cast<size_t>(generator.random() * n)];
    m = s / n;
  }
  return means;
}

double bootstrap_stderr(std::span<const double> x, const std::function<double(double)>& statistic) {
  std::vector<double> values;
  values.reserve(kBootstrapDraws);
  for (uint32_t chunk = 0; chunk < kBootstrapDraws / kBootstrapChunk; ++chunk)
    for (double m : bootstrap_means(x, chunk)) values.push_back(statistic(m));
  return sample_stddev(values);
}

}  // namespace samebits
