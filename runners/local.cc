// Runner "local": this process, one backend. The whole missing part goes to the backend in one call, so that it can
// pack batches and share prefixes over all of it.
#include <vector>

#include "harness/core/interrupt.h"
#include "harness/core/registry.h"

namespace samebits {
namespace {

class LocalRunner : public Runner {
 public:
  void run(const Plan& plan, Backend& backend, std::span<const uint32_t> missing, const Sink& sink,
           const Observer& observer) const override {
    const Observer observe = observer ? observer : [](const Observation&) {};
    if (interrupt_requested()) return;
    if (missing.size() == plan.requests.size()) return backend.answer(plan.requests, sink, observe);
    std::vector<Request> requests;
    requests.reserve(missing.size());
    for (uint32_t index : missing) requests.push_back(plan.requests[index]);
    backend.answer(requests, sink, observe);
  }
};

}  // namespace

SAMEBITS_REGISTER(Runner, LocalRunner, "local", 1, "this process: threads of one machine");

}  // namespace samebits
