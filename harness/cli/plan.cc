// samebits plan: every exact prompt of a run, and what the run would cost, before anything is computed.
#include "tasks/plan.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/cli/flags.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"
#include "harness/core/registry.h"
#include "inference/local_backend.h"

namespace samebits {
namespace {

struct PlanFlags {
  EvaluationFlags evaluation;
  EngineFlags engine;
  std::vector<std::string> plugins;
  bool jsonl = false, json = false;
};

constexpr double kDefaultTokensPerSecond = 300;  // a small model on two cores; stated wherever it is used
constexpr uint64_t kProbeTokens = 512;           // of the requests that measure the rate
constexpr uint64_t kBytesAToken = 4;             // of English text, about; only without a model

struct Work {
  std::vector<uint64_t> prompt_tokens;  // by request
  uint64_t prompt_total = 0, generated_most = 0;
  bool exact = false;  // counted by the model's tokenizer
};

Work work_of(const Plan& plan, const Backend* backend) {
  Work work;
  work.exact = backend != nullptr;
  for (const Request& r : plan.requests) {
    const uint64_t tokens = backend ? backend->tokenize(r.context + r.continuation, r.chat).size()
                                    : (r.context.size() + r.continuation.size()) / kBytesAToken;
    work.prompt_tokens.push_back(tokens);
    work.prompt_total += tokens;
    work.generated_most += static_cast<uint64_t>(r.max_tokens);
  }
  return work;
}

// Tokens a second over the plan's first requests, at least one of them.
double measured_rate(const Plan& plan, const Work& work, Backend& backend) {
  size_t n = 0;
  uint64_t tokens = 0;
  while (n < plan.requests.size() && (n == 0 || tokens < kProbeTokens)) tokens += work.prompt_tokens[n++];
  // Measured with the engine as it will run; the model's first touch is in it, so the estimate is on the safe side.
  const auto begin = std::chrono::steady_clock::now();
  uint64_t generated = 0;
  backend.answer(
      std::span(plan.requests).first(n),
      [&](Response&& r) { generated += r.stop == Stop::none ? 0 : r.output_ids.size(); }, [](const Observation&) {});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(tokens + generated) / std::max(took.count(), 1e-6);
}

nlohmann::json summary_of(const Plan& plan, const Work& work, double rate, bool measured) {
  nlohmann::json tasks = nlohmann::json::array();
  for (uint32_t t = 0; t < plan.tasks.size(); ++t) {
    uint64_t documents = 0, requests = 0, tokens = 0;
    for (const Sample& sample : plan.samples) documents += sample.task == t;
    for (const Request& r : plan.requests) {
      requests += r.task == t;
      tokens += r.task == t ? work.prompt_tokens[r.index] : 0;
    }
    const Task& task = plan.tasks[t];
    tasks.push_back({{"task", task.id},
                     {"version", task.version},
                     {"num_fewshot", task.num_fewshot},
                     {"documents", documents},
                     {"documents_of_the_set", task.n_docs},
                     {"requests", requests},
                     {"prompt_tokens", tokens}});
    if (task.version.empty()) tasks.back().update({{"version", nullptr}, {"version_reason", "its task file has none"}});
  }
  return {{"tasks", tasks},
          {"requests", plan.requests.size()},
          {"prompt_tokens", work.prompt_total},
          {"prompt_tokens_from", work.exact ? "the model's tokenizer" : "a quarter of the bytes"},
          {"generated_tokens_at_most", work.generated_most},
          {"tokens_per_second", rate},
          {"rate_from", measured ? "measured on the first requests" : "a default; pass -m to measure"},
          {"seconds_at_most", static_cast<double>(work.prompt_total + work.generated_most) / rate}};
}

std::string summary_text(const nlohmann::json& s) {
  std::string out;
  for (const nlohmann::json& t : s["tasks"])
    out +=
        fmt::format("{}{}: {} of {} documents, {} requests, {}-shot, {} prompt tokens\n", t["task"].get<std::string>(),
                    t["version"].is_null() ? "" : " " + t["version"].get<std::string>(), t["documents"].get<uint64_t>(),
                    t["documents_of_the_set"].get<int64_t>(), t["requests"].get<uint64_t>(),
                    t["num_fewshot"].get<int>(), t["prompt_tokens"].get<uint64_t>());
  out += fmt::format("{} requests, {} prompt tokens ({}), at most {} generated\n", s["requests"].get<uint64_t>(),
                     s["prompt_tokens"].get<uint64_t>(), s["prompt_tokens_from"].get<std::string>(),
                     s["generated_tokens_at_most"].get<uint64_t>());
  return out + fmt::format("at most {:.0f} s at {:.0f} tokens/s ({})\n", s["seconds_at_most"].get<double>(),
                           s["tokens_per_second"].get<double>(), s["rate_from"].get<std::string>());
}

std::string prompt_text(const Plan& plan, const Request& r, const Work& work) {
  std::string out = fmt::format("---- {} document {} request {}: {}, {} tokens\n{}", plan.tasks[r.task].id,
                                plan.samples[r.sample].doc_id, r.slot, request_kind_name(r.kind),
                                work.prompt_tokens[r.index], r.context);
  if (r.kind == RequestKind::loglikelihood) out += "\n---- scored:" + r.continuation;
  return out + "\n";
}

Exit plan(const PlanFlags& flags) {
  load_plugins(flags.plugins);
  if (flags.evaluation.model.empty()) parse_engine_options(engine_options(flags.engine));  // checked as `run` does
  const std::unique_ptr<Backend> backend =
      flags.evaluation.model.empty() ? nullptr : open_model(flags.evaluation.model, flags.engine);
  const Plan plan = make_plan(flags.evaluation, backend ? &backend->model() : nullptr);
  if (flags.jsonl) {  // requests only: no model work, so that plans can be compared anywhere
    for (const Request& r : plan.requests) print(request_jsonl(plan, r) + "\n");
    return Exit::success;
  }
  const Work work = work_of(plan, backend.get());
  const double rate = backend ? measured_rate(plan, work, *backend) : kDefaultTokensPerSecond;
  const nlohmann::json summary = summary_of(plan, work, rate, backend != nullptr);
  if (flags.json) {
    print(summary.dump() + "\n");
    return Exit::success;
  }
  for (const Request& r : plan.requests) print(safe_text(prompt_text(plan, r, work)));
  print(safe_text(summary_text(summary)));
  return Exit::success;
}

}  // namespace

void add_plan(CLI::App& app, Action& action) {
  auto flags = std::make_shared<PlanFlags>();
  CLI::App* verb = app.add_subcommand("plan", "every exact prompt of a run, and what the run would cost");
  verb->footer("Example:  samebits plan -t arc_easy --limit 2 --num-fewshot 1");
  add_evaluation_flags(*verb, flags->evaluation);
  add_engine_flags(*verb, flags->engine);
  add_cache_flags(*verb, flags->engine);
  add_plugin_flag(*verb, flags->plugins);
  auto* jsonl =
      verb->add_flag("--jsonl", flags->jsonl, "one request a line: task, doc_id, kind, context, continuation or until");
  add_json_flag(*verb, flags->json);
  jsonl->excludes("--json");
  verb->callback([flags, &action] { action = [flags] { return plan(*flags); }; });
}

}  // namespace samebits
