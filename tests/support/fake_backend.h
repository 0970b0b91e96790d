// Backend "sha256": answers every request from a hash of its text, as the fake model of the lm-evaluation-harness
// oracle does (its README, "The fake model"), so that prompts, scores and standard errors can be compared whole.
//
// Thread rules: const after construction; `answer` may be called from several threads.
#pragma once

#include <map>
#include <string>

#include "harness/core/interfaces.h"

namespace samebits {

class Sha256Backend : public Backend {
 public:
  // `gold`: context -> right answer; with it every second generation (by hash) knows the answer (the oracle's "gold"
  // runs). Token ids, token scores and cost stay empty: there is no tokenizer and no work.
  explicit Sha256Backend(std::map<std::string, std::string> gold = {});

  const ModelInfo& model() const override { return info_; }
  std::vector<int32_t> tokenize(std::string_view text, bool special) const override;  // one id a byte
  void answer(std::span<const Request>, const Sink&, const Observer&) override;

 private:
  Response respond(const Request&) const;
  std::string generate(const Request&) const;

  std::map<std::string, std::string> gold_;
  ModelInfo info_;
};

}  // namespace samebits
