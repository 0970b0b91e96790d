// Runner "shuffled": the requests in a drawn order, a few a call. No score may change.
#include "harness/core/interrupt.h"
#include "harness/core/registry.h"
#include "tests/support/random.h"

namespace {
using namespace samebits;

struct Shuffled final : Runner {
  void run(const Plan& plan, Backend& backend, std::span<const uint32_t> missing, const Sink& sink,
           const Observer& observer) const override {
    const Observer observe = observer ? observer : [](const Observation&) {};
    SplitMix64 random(20240601);
    std::vector<Request> requests;
    for (const uint32_t index : missing) requests.push_back(plan.requests[index]);
    for (size_t i = requests.size(); i > 1; --i) std::swap(requests[i - 1], requests[random.below(i)]);
    for (size_t first = 0; first < requests.size() && !interrupt_requested();) {
      const size_t n = std::min<size_t>(1 + random.below(9), requests.size() - first);
      backend.answer({&requests[first], n}, sink, observe);
      first += n;
    }
  }
};

SAMEBITS_REGISTER(Runner, Shuffled, "shuffled", 1, "the requests in a drawn order, a few a call");

}  // namespace

SAMEBITS_PLUGIN()
