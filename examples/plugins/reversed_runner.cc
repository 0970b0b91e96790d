// Runner "reversed": asks for one response at a time, last request first. Slow, and a proof: no score may change.
#include "harness/core/interrupt.h"
#include "harness/core/registry.h"

namespace {
using namespace samebits;

struct Reversed final : Runner {
  void run(const Plan& plan, Backend& backend, std::span<const uint32_t> missing, const Sink& sink,
           const Observer& observe) const override {
    for (auto index = missing.rbegin(); index != missing.rend() && !interrupt_requested(); ++index)
      backend.answer({&plan.requests[*index], 1}, sink, observe);
  }
};

SAMEBITS_REGISTER(Runner, Reversed, "reversed", 1, "one request at a time, the last one first");

}  // namespace

SAMEBITS_PLUGIN()
