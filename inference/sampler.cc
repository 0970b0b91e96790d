#include "inference/sampler.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "harness/core/error.h"
#include "harness/numeric/math64.h"

namespace samebits {

int32_t sample_token(std::span<const float> logits, const Sampling& sampling, double uniform) {
  SAMEBITS_ASSERT(sampling.temperature > 0 && !logits.empty());
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const float x = logits[static_cast<size_t>(a)], y = logits[static_cast<size_t>(b)];
    return x != y ? x > y : a < b;
  });
  if (sampling.top_k > 0 && static_cast<size_t>(sampling.top_k) < order.size())
    order.resize(static_cast<size_t>(sampling.top_k));

  const double max = logits[static_cast<size_t>(order.front())];
  std::vector<double> cumulative;  // of e^((logit - max) / temperature), best first
  double total = 0;
  for (int32_t id : order) {
    total += exp64((static_cast<double>(logits[static_cast<size_t>(id)]) - max) / sampling.temperature);
    cumulative.push_back(total);
  }
  size_t kept = order.size();  // the shortest prefix with at least top_p of the mass
  if (sampling.top_p < 1)
    kept = static_cast<size_t>(std::lower_bound(cumulative.begin(), cumulative.end(), sampling.top_p * total) -
                               cumulative.begin()) +
           1;
  kept = std::min(kept, order.size());
  const double threshold = uniform * cumulative[kept - 1];
  const auto chosen = std::upper_bound(cumulative.begin(), cumulative.begin() + static_cast<int64_t>(kept), threshold);
  return order[std::min(static_cast<size_t>(chosen - cumulative.begin()), kept - 1)];
}

}  // namespace samebits
