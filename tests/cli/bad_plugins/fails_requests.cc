// A backend of which every first request of a call fails, as data: the run ends, incomplete.
#include "harness/core/registry.h"

namespace {
using namespace samebits;

struct FailingBackend final : Backend {
  FailingBackend() {
    info_.name = "failing";
    info_.digest = "00";
    info_.contract = "failing-1";
  }
  const ModelInfo& model() const override { return info_; }
  std::vector<int32_t> tokenize(std::string_view text, bool) const override {
    return std::vector<int32_t>(text.begin(), text.end());
  }
  void answer(std::span<const Request> requests, const Sink& sink, const Observer&) override {
    for (const Request& request : requests) {
      Response r;
      r.index = request.index;
      r.loglikelihood = 0.0;  // of no token, which is greedy
      r.greedy = true;
      if (&request == requests.data()) r.error = "out of luck";
      sink(std::move(r));
    }
  }

 private:
  ModelInfo info_;
};

struct FailingFactory final : BackendFactory {
  std::unique_ptr<Backend> open(const std::string&, const nlohmann::json&) const override {
    return std::make_unique<FailingBackend>();
  }
};

SAMEBITS_REGISTER(BackendFactory, FailingFactory, "failing", 1, "fails the first request");

}  // namespace

SAMEBITS_PLUGIN()
