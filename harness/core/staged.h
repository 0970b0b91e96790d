// The safety chain as a decorator of a Backend: input stages -> model -> output stages. For tasks without stages it is
// transparent.
//
// Input stages judge Sample::input; the first that blocks ends the chain: the model is not called, the response has
// Stop::blocked and an empty text. Output stages judge the generated text; the first that blocks withholds delivery:
// Stop::blocked, and the text stays in the response as evidence of what was held back. Every verdict that was reached
// is a StageRecord, in order. Failed replies (Response::error) are not judged.
//
// Thread rules: as the inner backend's. Determinism: verdicts are pure functions of sample and text.
#pragma once

#include <memory>
#include <vector>

#include "harness/core/interfaces.h"

namespace samebits {

class StagedBackend : public Backend {
 public:
  // Both must outlive this object. Throws E0902 when a task names a stage that is not registered, E0502 when a
  // stage's point is neither "input" nor "output".
  StagedBackend(const Plan&, Backend& inner);

  const ModelInfo& model() const override { return inner_.model(); }
  std::vector<int32_t> tokenize(std::string_view text, bool special) const override {
    return inner_.tokenize(text, special);
  }
  // `requests` come from the plan given to the constructor.
  void answer(std::span<const Request> requests, const Sink&, const Observer&) override;
  nlohmann::json observations() const override { return inner_.observations(); }

 private:
  // Runs the stages of `point` until one blocks and appends their verdicts. True when one blocked.
  bool judge(const Request&, std::string_view point, std::string_view text, std::vector<StageRecord>&) const;

  struct BoundStage {
    const Stage* stage;
    StageRecord record;  // name, point and digest; no verdict yet
  };
  const Plan& plan_;
  Backend& inner_;
  std::vector<std::vector<BoundStage>> stages_;  // by task
};

}  // namespace samebits
