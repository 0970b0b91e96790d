// The words of samebits as plain values: Plan, Task, Sample, Request, Response, Estimate.
//
// Every station of the flow (plan -> responses -> scores -> bundle) hands one of these on; each can be
// written to disk and read again, so each station can be replayed and compared alone. Values only: nothing
// here knows threads, files or clocks. Measurements (times, joules, ISA) are Observations and never enter a
// Plan, a Response or a score. What is not known carries its reason instead of a number.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace samebits {

// ---- Known<T>: a value, or the reason why there is none (printed as null + reason) ----

struct Unknown {
  std::string reason;
  bool operator==(const Unknown&) const = default;
};

template <class T>
using Known = std::variant<T, Unknown>;

template <class T>
bool is_known(const Known<T>& k) {
  return std::holds_alternative<T>(k);
}

// ---- The plan: exact text, no model needed ----

enum class RequestKind : uint8_t { loglikelihood, loglikelihood_rolling, generate };

struct Sampling {
  double temperature = 0;  // 0: greedy, the argmax with ties to the lowest id
  int top_k = 0;           // 0: off
  double top_p = 1;        // 1: off
  uint64_t seed = 0;       // Philox key, hashed from run seed, task, document and slot; the counter is the token
  bool operator==(const Sampling&) const = default;
};

struct Request {
  uint32_t index = 0;   // position in Plan::requests: the only order there is
  uint32_t task = 0;    // index into Plan::tasks
  uint32_t sample = 0;  // index into Plan::samples
  uint32_t slot = 0;    // choice, repeat or attack within the sample
  RequestKind kind = RequestKind::loglikelihood;
  std::string context;       // rolling: the text itself
  std::string continuation;  // loglikelihood only
  bool chat = false;  // context was rendered by a chat template: special tokens in it are cut out, no BOS added twice
  std::vector<std::string> until;  // generate: stop strings, tried in this order
  int max_tokens = 0;              // generate
  Sampling sampling;               // generate
};

// One use of a metric by a task: metric name, the filter pipeline whose text it sees, and its arguments.
struct MetricUse {
  std::string metric;           // registered name: "acc", "acc_norm", "exact_match", …
  std::string filter = "none";  // name of one of Task::filters
  nlohmann::json args = nlohmann::json::object();
  bool higher_is_better = true;
};

// A named pipeline of answer filters (lm-eval's meaning): regex, take_first, …
struct FilterPipeline {
  struct Step {
    std::string function;  // registered Filter
    nlohmann::json args = nlohmann::json::object();
  };
  std::string name = "none";
  std::vector<Step> steps;
};

// One safety stage of a task's chain, before ("input") or after ("output") the model.
struct StageUse {
  std::string point;  // "input" | "output"
  std::string stage;  // registered Stage
};

struct Task {
  std::string id;       // "arc_easy"
  std::string version;  // the task's own: "1.0"; empty when its file gives none
  std::string scoring = "lm-eval/0.4";
  std::string digest;   // sha256 of the canonical definition
  nlohmann::json definition;  // the task file as used, its data pinned by sha256
  int num_fewshot = 0;
  int64_t n_docs = 0;  // documents of the whole set; samples.size() is less when --limit cut it
  bool partial = false;       // cut by --limit: can never pass as the official run
  std::vector<MetricUse> metrics;
  std::vector<FilterPipeline> filters;
  std::vector<StageUse> stages;
};

struct Group {
  std::string id;                  // "mmlu"
  std::vector<std::string> tasks;  // ids, in plan order
  bool weight_by_size = true;
};

// One document of a task, as far as scoring needs it.
struct Sample {
  uint32_t task = 0;
  uint32_t doc_id = 0;               // position in the data file
  std::string doc_digest;            // sha256 of the canonical JSON of the document
  std::string input;                 // what a user typed (safety stages judge it); empty where there is none
  std::vector<std::string> choices;  // without delimiter
  std::vector<int32_t> gold;         // indices into choices; several: any of them is right
  std::vector<std::string> targets;  // reference texts of a generation
  uint64_t words = 0, bytes = 0;     // of the original document (perplexities)
  std::map<std::string, std::string> slices;  // "category" -> "biology", "label" -> "unsafe", …
  uint32_t first_request = 0, n_requests = 0;  // its requests: Plan::requests[first, first + n)
};

struct Plan {
  std::vector<Task> tasks;
  std::vector<Group> groups;
  std::vector<Sample> samples;    // grouped by task, in document order
  std::vector<Request> requests;  // grouped by sample, in slot order
  uint64_t seed = 0;
  nlohmann::json suite;         // the suite file as used; null without one
  nlohmann::json chat;          // {template_sha256, system_instruction, …}; null without a chat template
};

// ---- Responses ----

// One scored position. In claims the three floats are bit strings.
struct TokenScore {
  int32_t id = 0;         // the target
  int32_t argmax_id = 0;  // ties: lowest id
  float logit = 0;        // of the target
  float max_logit = 0;
  double logsumexp = 0;  // over all logits
  bool operator==(const TokenScore&) const = default;
};

enum class Stop : uint8_t { none, until, eos, length, blocked, error };

// Exact work of a request as if it were computed alone: the same on every machine, hence a claim.
struct Cost {
  uint64_t macs = 0;          // multiply-accumulates
  uint64_t weight_bytes = 0;  // weights read, once a forward pass
  uint64_t kv_bytes = 0;      // KV cache read and written
  bool operator==(const Cost&) const = default;
};

// What one safety stage said.
struct StageRecord {
  std::string stage, digest, point;  // digest: of the stage's version and data
  bool block = false;
  std::string category;  // why it blocked; empty when it did not
  bool operator==(const StageRecord&) const = default;
};

struct Response {
  uint32_t index = 0;  // of its Request
  std::vector<int32_t> context_ids;
  std::vector<int32_t> output_ids;  // continuation (loglikelihood), generated (generate), scored (rolling)
  std::vector<TokenScore> tokens;   // one an output id, in order; empty for generate
  Known<double> loglikelihood = Unknown{"not requested"};
  bool greedy = false;  // every target was the argmax
  std::string text;     // generate: decoded, cut at the first stop string
  Stop stop = Stop::none;
  Known<Cost> cost = Unknown{"not computed"};
  std::vector<StageRecord> stages;
  std::vector<std::string> warnings;  // truncation, shifted continuation, argmax tie, …: codes of lower_snake words
  std::string error;                  // a failed sample is data, not an exception
  std::string logits_digest;          // with --logits-digest: sha256 over the f32 bits of all scored rows
};

// ---- Scores ----

// A response after a filter pipeline: what metrics see.
struct Answer {
  const Response* response = nullptr;
  std::string text;  // filtered text of a generation
};

// A metric's sufficient statistic of one sample. The first entry is the sample's own score.
using Statistic = std::vector<double>;

struct Estimate {
  Known<double> value = Unknown{"no samples"};
  Known<double> stderr_ = Unknown{"not defined for this metric"};
  std::optional<double> low, high;  // interval, where the metric has one (level 0.95)
  uint64_t n = 0;                   // samples with a known score
  uint64_t unknown = 0;             // samples without (errors): counted, never scored 0
  std::string method;               // how value, stderr and interval were computed
};

struct TaskScores {
  std::string id;  // of a task or a group
  std::vector<MetricUse> metrics;
  std::vector<std::vector<Known<Statistic>>> per_sample;  // (metric, sample); empty for groups
  std::vector<Estimate> estimates;                        // (metric)
};

struct Scores {
  std::vector<TaskScores> tasks, groups;
};

// ---- The model, as far as plans and bundles need it ----

struct ModelInfo {
  std::string name;           // as the user typed it: an observation
  std::string digest;         // sha256 of the file
  std::string arch;           // "llama"
  std::string quantisation;   // "Q4_K_M": as the file declares, or its main tensor type
  std::string chat_template;  // empty: none
  std::string bos, eos;       // token texts
  std::string contract;       // "sb-1"
  int context_length = 0;
  std::string evidence = "exact";  // "exact" | "recorded" | "imported"
  nlohmann::json details;          // architecture, tensors, tokenizer digests: what `model info` prints
};

// ---- Observations: what was measured here ----

struct Observation {
  uint32_t index = 0;        // request
  std::string_view field;    // unit in the name: "ttft_ns", "queue_ns"
  int64_t value = 0;
};
using Observer = std::function<void(const Observation&)>;
using Sink = std::function<void(Response&&)>;  // any order, one call at a time

}  // namespace samebits
