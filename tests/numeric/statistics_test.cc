#include "harness/numeric/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "harness/numeric/math64.h"
#include "harness/numeric/percentiles.h"

namespace samebits {
namespace {

std::vector<double> zeros_and_ones(size_t ones, size_t n) {
  std::vector<double> x(n, 0.0);
  std::fill_n(x.begin(), ones, 1.0);
  return x;
}

TEST(Statistics, SumsRunLeftToRight) {
  // Any other order or a compensated sum keeps the 1.
  EXPECT_EQ(sum(std::vector<double>{1e16, 1, -1e16}), 0);
  EXPECT_EQ(sum(std::vector<double>{1e16, -1e16, 1}), 1);
  EXPECT_EQ(sum({}), 0);
}

TEST(Statistics, StandardErrorOfFourIsHandComputed) {
  const std::vector<double> x = {0, 1, 1, 0};  // mean 1/2, squares 1, variance 1/3, stderr sqrt(1/12)
  EXPECT_EQ(mean(x), 0.5);
  EXPECT_DOUBLE_EQ(sample_stddev(x), 0.57735026918962573);
  EXPECT_DOUBLE_EQ(mean_stderr(x), 0.28867513459481287);
  EXPECT_EQ(mean_stderr(std::vector<double>{3, 3}), 0);
}

// Python 3.11: sqrt(sum((x - mu) ** 2) / (n - 1)) / sqrt(n), n = 1319, one right answer in place 5: the sum's order
// decides the last digits.
TEST(Statistics, StandardErrorKeepsThePlaceOfTheOne) {
  std::vector<double> x(1319, 0.0);
  x[5] = 1;
  std::vector<double> y(1319, 0.0);
  y[1318] = 1;
  EXPECT_EQ(mean(x), 0.000758150113722517);
  EXPECT_NE(mean_stderr(x), mean_stderr(y));
}

TEST(Statistics, WilsonEqualsPublishedValues) {
  // Newcombe, Statistics in Medicine 17, 1998, table I: 81/263 and 15/148, 0/20, 1/29 by the score method.
  const struct {
    uint64_t successes, n;
    double low, high;
  } cases[] = {{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0.0000, 0.1611}, {1, 29, 0.0061, 0.1718}};
  for (const auto& c : cases) {
    EXPECT_NEAR(wilson(c.successes, c.n).low, c.low, 5e-5);
    EXPECT_NEAR(wilson(c.successes, c.n).high, c.high, 5e-5);
  }
}

TEST(Statistics, WilsonIsSymmetricAndInsideTheUnitInterval) {
  for (uint64_t n : {1, 2, 7, 50, 1000})
    for (uint64_t k = 0; k <= n; k += std::max<uint64_t>(1, n / 10)) {
      const Interval a = wilson(k, n), b = wilson(n - k, n);
      EXPECT_NEAR(a.low, 1 - b.high, 1e-15);
      EXPECT_GE(a.low, 0);
      EXPECT_LE(a.high, 1);
      EXPECT_LT(a.low, a.high);
      EXPECT_LE(a.low, static_cast<double>(k) / static_cast<double>(n));
      EXPECT_GE(a.high, static_cast<double>(k) / static_cast<double>(n));
    }
  EXPECT_EQ(wilson(0, 5).low, 0);
  EXPECT_EQ(wilson(5, 5).high, 1);
}

// import random; r = random.Random(3); [sum(r.choices([1.0, 2.0, 4.0, 8.0], k=4)) / 4 for _ in range(1000)][:5]
TEST(Statistics, BootstrapDrawsAsPythonDoes) {
  const std::vector<double> x = {1, 2, 4, 8};
  const std::vector<double> means = bootstrap_means(x, 3);
  ASSERT_EQ(means.size(), 1000u);
  const double expected[] = {2.75, 3.5, 3.25, 3.75, 5.0, 4.25};
  for (size_t i = 0; i < std::size(expected); ++i) EXPECT_EQ(means[i], expected[i]);
  EXPECT_EQ(means.back(), 5.0);
}

// The standard error of a mean by resampling is the plug-in one: sqrt(p (1 - p) / n), here 0.05.
TEST(Statistics, BootstrapOfTheMeanAgreesWithTheClosedForm) {
  const std::vector<double> x = zeros_and_ones(50, 100);
  EXPECT_NEAR(bootstrap_stderr(x, [](double m) { return m; }), 0.05, 5e-4);
  // Equal values leave nothing but the rounding of the mean of 100,000 equal numbers.
  EXPECT_NEAR(bootstrap_stderr(std::vector<double>(10, 2.5), [](double m) { return exp64(-m); }), 0, 1e-12);
}

TEST(Percentiles, AreNearestRank) {
  std::vector<int64_t> x;
  for (int64_t i = 1; i <= 1000; ++i) x.push_back(i);
  EXPECT_EQ(std::get<int64_t>(percentile(x, kP50)), 500);
  EXPECT_EQ(std::get<int64_t>(percentile(x, kP90)), 900);
  EXPECT_EQ(std::get<int64_t>(percentile(x, kP95)), 950);
  EXPECT_EQ(std::get<int64_t>(percentile(x, kP99)), 990);
  x.resize(11);
  EXPECT_EQ(std::get<int64_t>(percentile(x, kP50)), 6);  // ceil(5.5)
}

TEST(Percentiles, BelowTheFloorThereIsAReasonInsteadOfANumber) {
  const std::vector<int64_t> x(200, 7);
  EXPECT_EQ(std::get<Unknown>(percentile(x, kP99)).reason, "n=200 < 662");
  EXPECT_EQ(std::get<int64_t>(percentile(x, kP95)), 7);
  EXPECT_EQ(std::get<Unknown>(percentile({}, kP50)).reason, "n=0 < 11");
}

// The floors follow from the binomial tail that the header names.
TEST(Percentiles, FloorsAreTheSmallestThatBoundTheTail) {
  for (const Percentile& p : {kP50, kP90, kP95, kP99, kP999}) {
    const double q = p.per_mille / 1000.0;
    const auto tail = [&](uint64_t h) {
      double power = 1;
      for (uint64_t i = 1; i < h; ++i) power *= q;
      return static_cast<double>(h) * power - static_cast<double>(h - 1) * power * q;
    };
    EXPECT_LE(tail(p.floor), 0.01) << p.name;
    EXPECT_GT(tail(p.floor - 1), 0.01) << p.name;
  }
}

}  // namespace
}  // namespace samebits
