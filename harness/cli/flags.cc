#include "harness/cli/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <filesystem>
#include <limits>

#include "harness/cli/plan_notes.h"
#include "harness/cli/terminal.h"
#include "harness/core/error.h"
#include "harness/core/limits.h"
#include "harness/core/registry.h"
#include "harness/core/utf8.h"
#include "inference/local_backend.h"
#include "tasks/plan.h"
#include "tasks/suite.h"

namespace samebits {
namespace {

// "1536", "512M", "2G" -> bytes in decimal; units are powers of 1024. Returns what is wrong.
std::string to_bytes(std::string& text) {
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, value);
  const std::string_view unit(stop, static_cast<size_t>(end - stop));
  const size_t power = std::string_view("KMG").find(unit) + !unit.empty();  // npos + 1 is 0
  if (status != std::errc() || unit.size() > 1 || (power == 0) != unit.empty() || value == 0 ||
      value > EngineOptions::kMaxKvMemoryBytes >> 10 * power)
    return fmt::format("\"{}\" is no size; give bytes, or a number with K, M or G, e.g. 512M", text);
  text = fmt::to_string(value << 10 * power);
  return "";
}

// Empty, or what is wrong: prompts are text, and stand in the claims as such.
std::string not_utf8(const std::string& text) {
  const size_t at = find_invalid_utf8(text);
  return at == std::string_view::npos ? "" : fmt::format("not valid UTF-8 at its byte {}", at);
}

}  // namespace

// Lower-case letters before the first colon; "C:model.gguf" and a file whose name holds a colon stay paths.
std::string scheme_of(const std::string& model) {
  const size_t colon = model.find(':');
  if (colon == std::string::npos || colon == 0) return "";
  const std::string scheme = model.substr(0, colon);
  if (scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") != std::string::npos) return "";
  std::error_code ignored;
  return std::filesystem::exists(model, ignored) ? "" : scheme;
}

CLI::Option* bounded(CLI::Option* option, uint64_t least, uint64_t most) {
  const auto check = [least, most](std::string& text) -> std::string {
    uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, status] = std::from_chars(text.data(), end, value);
    if (text.empty() || stop != end || status != std::errc() || value < least || value > most)
      return fmt::format("\"{}\" is no whole number from {} to {}", text, least, most);
    text = fmt::to_string(value);  // CLI11 would read a leading zero as octal
    return "";
  };
  return option->transform(CLI::Validator(check, ""))->type_name("N");
}

CLI::Option* not_empty(CLI::Option* option) {
  return option->check(
      CLI::Validator([](const std::string& text) { return std::string(text.empty() ? "it is empty" : ""); }, ""));
}

void add_engine_flags(CLI::App& verb, EngineFlags& flags) {
  bounded(
      verb.add_option("-j,--threads", flags.threads, "threads that answer (default: every core); cannot change a bit"),
      1, EngineOptions::kMaxThreads);
  not_empty(verb.add_option("--isa", flags.isa,
                            "kernels: scalar, avx2, avx512, … (default: the best here); cannot change a bit"));
  bounded(verb.add_option("--batch-tokens", flags.batch_tokens, "tokens in one forward pass; cannot change a bit"), 1,
          EngineOptions::kMaxBatchTokens);
}

void add_cache_flags(CLI::App& verb, EngineFlags& flags) {
  verb.add_option("--kv-memory", flags.kv_memory_bytes,
                  "for keys and values (default: half of the free memory); cannot change a bit")
      ->transform(CLI::Validator(to_bytes, ""))
      ->type_name("SIZE");
  verb.add_flag("--no-prefix-sharing", flags.no_prefix_sharing,
                "compute every prompt from its first token; cannot change a bit");
  bounded(verb.add_option("--chaos", flags.chaos), 0, std::numeric_limits<uint64_t>::max())->group("");
}

void add_evaluation_flags(CLI::App& verb, EvaluationFlags& flags) {
  PlanOptions& plan = flags.plan;
  not_empty(verb.add_option("-m,--model", flags.model, "a catalogue name, a GGUF path, or scheme:location"))
      ->type_name("MODEL");
  // Not CLI11's delimiter: where nothing stands between the commas, it takes the next flag for a task.
  verb.add_option("-t,--task,--tasks", flags.tasks, "tasks or groups, separated by commas (repeatable)")
      ->type_name("TASK[,TASK]")
      ->allow_extra_args(false)
      ->take_all();
  not_empty(
      verb.add_option("--suite", flags.suite, "a suite: one file that pins tasks, shots and seeds, or a shipped name"))
      ->type_name("FILE")
      ->excludes("--task");
  bounded(verb.add_option("--limit", plan.limit, "the first N documents of each task; marks the run partial"), 1,
          uint64_t{1} << 53);
  bounded(verb.add_option("--num-fewshot", plan.num_fewshot, "examples before the question (default: the task's)"), 0,
          kMaxFewshot);
  bounded(verb.add_option("--seed", plan.seed, "of the few-shot draws (default: 1234, lm-eval's)"), 0,
          std::numeric_limits<uint64_t>::max());
  // Names and defaults of lm-evaluation-harness.
  verb.add_flag("--apply-chat-template", plan.apply_chat_template, "wrap prompts in the model's own chat template");
  verb.add_option("--fewshot-as-multiturn", plan.fewshot_as_multiturn, "examples as chat turns (default: true)")
      ->type_name("true|false");
  verb.add_option("--system-instruction", plan.system_instruction, "text before every prompt")
      ->check(CLI::Validator(not_utf8, ""))
      ->type_name("TEXT");
  add_task_folder_flags(verb, plan);
}

void add_task_folder_flags(CLI::App& verb, PlanOptions& plan) {
  // One folder a flag, here and below: a list would swallow the next argument.
  verb.add_option("--data", plan.data_dirs, "folder of data sets that are not shipped (repeatable)")
      ->type_name("DIR")
      ->allow_extra_args(false)
      ->take_all()
      ->check(CLI::ExistingDirectory.description(""));
  verb.add_option(
          "--include-path", plan.include_paths,
          "folder of your own task files, .json or .yaml; they go first, and JSON that is no task is passed over "
          "(repeatable)")
      ->type_name("DIR")
      ->allow_extra_args(false)
      ->take_all();
}

void add_plugin_flag(CLI::App& verb, std::vector<std::string>& paths) {
  verb.add_option("--plugin", paths, "a plugin to load (repeatable)")
      ->type_name("FILE.so")
      ->allow_extra_args(false)
      ->take_all();
}

void add_json_flag(CLI::App& verb, bool& json) {
  verb.add_flag("--json", json, "one JSON value on stdout; an error too: {\"error\": …}");
}

std::vector<LoadedPlugin> load_plugins(const std::vector<std::string>& paths) {
  std::vector<LoadedPlugin> loaded;
  for (const std::string& path : paths) loaded.push_back(load_plugin(path));
  return loaded;
}

Plan make_plan(const EvaluationFlags& flags, const ModelInfo* model) {
  // A suite pins what the flags would choose; make_suite_plan refuses those that contradict it.
  PlanOptions options = flags.plan;
  options.model = model;
  const nlohmann::json suite = flags.suite.empty() ? nlohmann::json() : load_suite(flags.suite).definition;
  Plan plan = make_plan(flags.tasks, options, suite);
  for (const std::string& note : plan_notes(plan, options)) talk(safe_text(note));
  return plan;
}

nlohmann::json engine_options(const EngineFlags& flags) {
  nlohmann::json options = nlohmann::json::object();
  if (flags.threads > 0) options["threads"] = flags.threads;
  if (!flags.isa.empty()) options["isa"] = flags.isa;
  if (flags.batch_tokens > 0) options["batch_tokens"] = flags.batch_tokens;
  if (flags.kv_memory_bytes > 0) options["kv_memory"] = flags.kv_memory_bytes;
  if (flags.no_prefix_sharing) options["share_prefixes"] = false;
  if (flags.logits_digest) options["logits_digest"] = true;
  if (flags.chaos) options["chaos"] = *flags.chaos;
  return options;
}

std::unique_ptr<Backend> open_model(const std::string& model, const EngineFlags& flags) {
  if (model.empty())
    throw Error("E0110", "no model is named", "-m",
                "pass a catalogue name or a GGUF file, e.g. -m smollm2-135m-instruct");
  const std::string scheme = scheme_of(model);
  const auto& factory = Registry<BackendFactory>::instance().get(scheme.empty() ? "local" : scheme);
  return factory.open(scheme.empty() ? model : model.substr(scheme.size() + 1), engine_options(flags));
}

}  // namespace samebits
