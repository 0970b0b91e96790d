// The built-in engine as a Backend: requests are encoded as the scoring semantics say, scheduled, and answered.
//
// Thread rules: one answer() at a time; the sink is called from the calling thread.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>

#include "harness/core/interfaces.h"
#include "inference/cost.h"
#include "inference/scheduler.h"
#include "inference/tokenizer/tokenizer.h"

namespace samebits {

struct EngineOptions {
  static constexpr int kMaxThreads = 1024, kMaxBatchTokens = 1 << 20;
  static constexpr uint64_t kMaxKvMemoryBytes = uint64_t{1} << 50;

  int threads = 0;  // 0: one a core
  Isa isa = Isa::scalar;
  SchedulerOptions schedule;
  uint64_t kv_memory_bytes = 0;  // for keys and values; 0: half of the memory that is free once the model is loaded
  bool logits_digest = false;
  std::optional<uint64_t> chaos;  // seed (chaos.h); none: off
};

// From {"threads", "isa", "batch_tokens", "kv_memory", "share_prefixes", "logits_digest", "chaos"}, all optional.
// E0222: out of range or unknown.
EngineOptions parse_engine_options(const nlohmann::json&);

class LocalBackend : public Backend {
 public:
  // Reads, checks and repacks the whole model.
  LocalBackend(const std::string& path, const EngineOptions&);

  const ModelInfo& model() const override { return info_; }
  std::vector<int32_t> tokenize(std::string_view text, bool special) const override;
  void answer(std::span<const Request>, const Sink&, const Observer&) override;
  nlohmann::json observations() const override;

  Transformer& transformer() { return transformer_; }
  const Tokenizer& tokenizer() const { return *tokenizer_; }

 private:
  class Batch;

  void check_memory(std::span<const Sequence>) const;

  EngineOptions options_;
  Gguf gguf_;
  std::future<nlohmann::json> details_;  // hashing goes on while the model is loaded
  std::unique_ptr<Tokenizer> tokenizer_;
  Transformer transformer_;
  CostModel cost_;
  ModelInfo info_;
};

}  // namespace samebits
