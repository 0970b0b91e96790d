// A plan of one generation task with one request a sample, and test stages that block by a word.
#pragma once

#include <string>
#include <vector>

#include "harness/core/interfaces.h"

namespace samebits {

inline Plan plan_of(const std::vector<std::string>& inputs, std::vector<StageUse> stages) {
  Plan plan;
  Task& task = plan.tasks.emplace_back();
  task.id = "t";
  task.stages = std::move(stages);
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    Sample& sample = plan.samples.emplace_back();
    sample.input = inputs[i];
    sample.first_request = i;
    sample.n_requests = 1;
    Request& request = plan.requests.emplace_back();
    request.index = request.sample = i;
    request.kind = RequestKind::generate;
    request.context = inputs[i];
  }
  return plan;
}

// Answers with "echo " + context; counts the requests that reach it; answers in reverse order.
class EchoBackend : public Backend {
 public:
  const ModelInfo& model() const override { return info_; }
  std::vector<int32_t> tokenize(std::string_view, bool) const override { return {7}; }
  void answer(std::span<const Request> requests, const Sink& sink, const Observer& observer) override {
    for (size_t i = requests.size(); i-- > 0;) {
      seen.push_back(requests[i].index);
      observer({requests[i].index, "total_ns", 5});
      Response response;
      response.index = requests[i].index;
      if (requests[i].context == "fails")
        response.error = "no answer";
      else
        response.text = "echo " + requests[i].context;
      response.stop = Stop::eos;
      sink(std::move(response));
    }
  }
  nlohmann::json observations() const override { return {{"isa", "test"}}; }

  std::vector<uint32_t> seen;

 private:
  ModelInfo info_;
};

}  // namespace samebits
