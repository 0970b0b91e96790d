// Flags that several verbs share, parsed in one place.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/interfaces.h"
#include "harness/core/plugin_loader.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace samebits {

// How the local engine runs. None of these can change a score.
struct EngineFlags {
  int threads = 0;       // 0: every core
  std::string isa;       // empty: the best this machine has
  int batch_tokens = 0;  // 0: the engine's default
  uint64_t kv_memory_bytes = 0;  // 0: the engine's default
  bool no_prefix_sharing = false;
  bool logits_digest = false;
  std::optional<uint64_t> chaos;  // seed (inference/chaos.h)
};

// What `run` and `plan` evaluate: these decide the plan.
struct EvaluationFlags {
  std::string model;  // catalogue name, path, or scheme:location
  std::vector<std::string> tasks;
  std::string suite;  // file or shipped name
  PlanOptions plan;
};

// The option takes whole numbers of this range in decimal, and nothing that would have to be cut or wrapped around.
CLI::Option* bounded(CLI::Option*, uint64_t least, uint64_t most);

// The option takes text that is not empty: an unset variable of a script must not silently mean the default.
CLI::Option* not_empty(CLI::Option*);

void add_engine_flags(CLI::App& verb, EngineFlags&);
void add_cache_flags(CLI::App& verb, EngineFlags&);  // --kv-memory, --no-prefix-sharing; hidden: --chaos
void add_evaluation_flags(CLI::App& verb, EvaluationFlags&);
void add_task_folder_flags(CLI::App& verb, PlanOptions&);  // --data, --include-path
void add_plugin_flag(CLI::App& verb, std::vector<std::string>& paths);
void add_json_flag(CLI::App& verb, bool& json);

std::vector<LoadedPlugin> load_plugins(const std::vector<std::string>& paths);

// The plan that the flags describe. `model`: for chat templates; nullptr without one. Says on stderr where a task
// does not follow the flags (plan_notes.h).
Plan make_plan(const EvaluationFlags&, const ModelInfo* model);

// The options of BackendFactory::open; a flag that was not given is absent.
nlohmann::json engine_options(const EngineFlags&);

// "fake" of "fake:anything", the backend that opens it; empty for a path or a catalogue name.
std::string scheme_of(const std::string& model);

// Opens what -m names: "scheme:location" by the backend of that name, everything else by "local".
std::unique_ptr<Backend> open_model(const std::string& model, const EngineFlags&);

}  // namespace samebits
