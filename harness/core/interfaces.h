// What a plugin can be: a TaskSource, Backend, Runner, Stage, Filter, Metric or Reporter.
//
// Each is small, and each implementation registers itself with one line at the end of its own file
// (registry.h). Implementations must be pure in their arguments: no clocks, no locale, no global random
// state, so that a score depends on nothing but the plan and the responses.
#pragma once

#include <memory>
#include <span>

#include "harness/core/types.h"

namespace samebits {

// Everything that shapes prompts. Part of the plan, hence of the claims.
struct PlanOptions {
  std::optional<uint64_t> seed;      // few-shot draws; overrides the task's (kDefaultSeed in tasks/task_file.h)
  std::optional<int64_t> limit;      // first N documents of each task; marks the run partial
  std::optional<int> num_fewshot;    // overrides the task's
  bool apply_chat_template = false;
  bool fewshot_as_multiturn = true;
  std::string system_instruction;
  std::vector<std::string> data_dirs;      // where sets that are not shipped are looked for
  std::vector<std::string> include_paths;  // folders of the user's own task files
  const ModelInfo* model = nullptr;        // needed with apply_chat_template only
};

struct TaskSummary {
  std::string id, version, kind, language, licence, source, description;
  bool group = false;
  std::string missing;  // why it cannot run here (data not found, needs Python): empty when it can
};

// One a format of task file. Thread rules: const calls may run concurrently.
struct TaskSource {
  virtual ~TaskSource() = default;
  // All tasks and groups this source can see, sorted by id.
  virtual std::vector<TaskSummary> list(const PlanOptions&) const = 0;
  // Appends the task or group `id` to the plan. False when this source does not know the id.
  // Throws Error{E04xx} when it knows the id and cannot plan it.
  virtual bool add(std::string_view id, const PlanOptions&, Plan&) const = 0;
};

// One model. Batches, shares prefixes and reorders as it likes: the answer to a request may not depend on that.
struct Backend {
  virtual ~Backend() = default;
  virtual const ModelInfo& model() const = 0;
  // `special`: cut the texts of control tokens out of `text` (chat prompts); adds no BOS.
  virtual std::vector<int32_t> tokenize(std::string_view text, bool special) const = 0;
  // Answers every request exactly once. A request that cannot be answered gets Response::error.
  virtual void answer(std::span<const Request>, const Sink&, const Observer&) = 0;
  // What was measured since the backend was opened (threads, ISA, executed MACs, joules): an observation.
  virtual nlohmann::json observations() const { return nlohmann::json::object(); }
};

// Opens a model: "path or catalogue name" for scheme "local"; other schemes are "scheme:location".
struct BackendFactory {
  virtual ~BackendFactory() = default;
  virtual std::unique_ptr<Backend> open(const std::string& location, const nlohmann::json& options) const = 0;
};

// Places the missing part of a plan on a backend: local threads, shards, a cluster, a load scenario.
struct Runner {
  virtual ~Runner() = default;
  virtual void run(const Plan&, Backend&, std::span<const uint32_t> missing, const Sink&, const Observer&) const = 0;
};

// A step of input filter -> model -> output filter.
struct Stage {
  virtual ~Stage() = default;
  struct Verdict {
    bool block = false;
    std::string category;
  };
  virtual std::string digest() const = 0;  // sha256 of version and data: changes when the behaviour does
  virtual Verdict judge(const Sample&, std::string_view text) const = 0;
};

// Answer extraction (lm-eval's filter). `texts`: the responses of one sample, in slot order.
struct Filter {
  virtual ~Filter() = default;
  virtual std::vector<std::string> apply(const nlohmann::json& args, const Sample&,
                                         std::vector<std::string> texts) const = 0;
};

struct Metric {
  virtual ~Metric() = default;
  // `answers`: one a request of the sample, in slot order. Unknown when a needed response is missing or failed.
  virtual Known<Statistic> score(const MetricUse&, const Sample&, std::span<const Answer> answers) const = 0;
  // Pure; `in_sample_order` includes the unknown ones. `seed`: for intervals that need draws.
  virtual Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> in_sample_order,
                             uint64_t seed) const = 0;
};

// Bundle -> text. A pure function.
struct Reporter {
  virtual ~Reporter() = default;
  virtual std::string extension() const = 0;  // "md"
  virtual std::string render(const nlohmann::json& claims, const nlohmann::json& observations) const = 0;
};

}  // namespace samebits
