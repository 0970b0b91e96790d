// Metric "margin": by how many nats the right choice beats the best wrong one; positive means right.
// A mean over the samples, with the standard error of a mean.
#include <algorithm>
#include <cmath>

#include "harness/core/registry.h"

namespace {
using namespace samebits;

struct Margin final : Metric {
  Known<Statistic> score(const MetricUse&, const Sample& sample, std::span<const Answer> answers) const override {
    double right = -INFINITY, wrong = -INFINITY;
    for (size_t choice = 0; choice < answers.size(); ++choice) {
      const double* loglikelihood = std::get_if<double>(&answers[choice].response->loglikelihood);
      if (!loglikelihood) return Unknown{"a choice has no log-likelihood"};
      const bool is_gold = std::count(sample.gold.begin(), sample.gold.end(), static_cast<int32_t>(choice)) > 0;
      (is_gold ? right : wrong) = std::max(is_gold ? right : wrong, *loglikelihood);
    }
    if (std::isinf(right) || std::isinf(wrong)) return Unknown{"needs a right and a wrong choice"};
    return Statistic{right - wrong};
  }

  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> scores, uint64_t) const override {
    Estimate out;
    out.method = "mean; sample standard deviation / sqrt(n)";
    double sum = 0, squares = 0;
    for (const auto& score : scores) {
      const Statistic* s = std::get_if<Statistic>(&score);
      if (!s) {
        ++out.unknown;
        continue;
      }
      ++out.n;
      sum += s->front();
    }
    if (out.n == 0) return out;
    const double n = static_cast<double>(out.n), mean = sum / n;
    for (const auto& score : scores)
      if (const Statistic* s = std::get_if<Statistic>(&score)) squares += (s->front() - mean) * (s->front() - mean);
    out.value = mean;
    if (out.n > 1) out.stderr_ = std::sqrt(squares / (n - 1)) / std::sqrt(n);
    return out;
  }
};

SAMEBITS_REGISTER(Metric, Margin, "margin", 1, "nats between the right choice and the best wrong one");

}  // namespace

SAMEBITS_PLUGIN()
