// samebits verify: is every byte of a bundle what it must be?
#include "results/verify.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <CLI/CLI.hpp>
#include <limits>
#include <memory>
#include <optional>

#include "harness/cli/flags.h"
#include "harness/cli/stop_signal.h"
#include "harness/cli/tasks_at_hand.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"
#include "harness/core/registry.h"
#include "results/read.h"

namespace samebits {
namespace {

constexpr int kFirstLevelWithModel = 3;

struct VerifyFlags {
  std::string bundle, model;
  EngineFlags engine;
  PlanOptions folders;  // --data, --include-path
  std::vector<std::string> plugins;
  std::vector<const CLI::Option*> of_model;  // --model and the engine's: the levels that open no model ignore them
  std::optional<int> level;
  std::optional<uint64_t> items, seed;
  bool json = false;
};

// One that whoever made the bundle could not know. It chooses items; no score depends on it.
uint64_t unforeseeable_seed() {
  uint32_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
    throw Error("E0100", "the system gives no random bytes", "getrandom", "pass --seed");
  return seed;
}

// The model as the run's author named it, when -m says nothing else; its digest is checked before anything runs.
// A bundle may name files and catalogue models for the built-in engine; what a plugin opens, only the user says.
std::string stored_model(const Bundle& bundle) {
  const nlohmann::json observations = bundle.observations();
  const auto pointer = "/environment/model"_json_pointer;
  const nlohmann::json model = observations.contains(pointer) ? observations.at(pointer) : nlohmann::json();
  if (!model.is_string() || !scheme_of(model.get_ref<const std::string&>()).empty())
    throw Error("E0110", "the bundle names no model for the built-in engine", bundle.dir(),
                "name the model with -m, if you trust what opens it");
  return model;
}

std::unique_ptr<Backend> open_model_again(const VerifyFlags& flags) {
  // Opened before the model: a damaged bundle costs no loading.
  const Bundle bundle = Bundle::open(flags.bundle);
  EngineFlags engine = flags.engine;
  engine.logits_digest = load_run(bundle).logits_digest;
  return open_model(flags.model.empty() ? stored_model(bundle) : flags.model, engine);
}

LoopHooks rerun_line(const Terminal& terminal, uint64_t& answered) {
  LoopHooks hooks;
  if (!terminal.interactive) return hooks;
  hooks.progress = [&answered](const Responses&, const Response&) {
    constexpr uint64_t kRedrawEvery = 16;
    if (++answered % kRedrawEvery == 0) std::fputs(fmt::format("\r\x1b[K{} answered again", answered).c_str(), stderr);
  };
  return hooks;
}

// What a level would ignore is refused: who gives it believes that it was heeded.
void refuse_idle_flags(const VerifyFlags& flags, int level) {
  const auto refuse = [&](const std::string& flag, const char* levels) {
    throw Error("E0110", fmt::format("{} goes with {}", flag, levels), fmt::format("--level {}", level),
                fmt::format("leave {} away, or choose the level", flag));
  };
  if (level != kFirstLevelWithModel && flags.items) refuse("--items", "--level 3");
  if (level != kFirstLevelWithModel && flags.seed) refuse("--seed", "--level 3");
  for (const CLI::Option* option : flags.of_model)
    if (level < kFirstLevelWithModel && option->count() > 0) refuse(option->get_name(), "--level 3 and 4");
}

Exit verify(const VerifyFlags& flags) {
  VerifyOptions options;
  options.level = flags.level.value_or(flags.items ? kFirstLevelWithModel : options.level);
  refuse_idle_flags(flags, options.level);
  load_plugins(flags.plugins);
  constexpr uint64_t kDefaultItems = 60;  // catches 5 % of forged items with 95 %
  options.items = flags.items.value_or(kDefaultItems);
  options.seed = options.level == kFirstLevelWithModel && !flags.seed ? unforeseeable_seed() : flags.seed.value_or(0);
  std::unique_ptr<Backend> backend;
  const Runner* runner = nullptr;
  if (options.level >= kFirstLevelWithModel) {
    backend = open_model_again(flags);
    runner = &Registry<Runner>::instance().get("local");
  }
  TasksAtHand tasks_here(flags.folders, backend ? &backend->model() : nullptr);
  options.tasks_here = &tasks_here;
  if (options.level == kFirstLevelWithModel) talk(fmt::format("items chosen by --seed {}", options.seed));
  const StopOnSignal stop;
  const Terminal terminal = terminal_of(2);
  uint64_t answered = 0;
  const VerifyReport report =
      verify_bundle(flags.bundle, options, backend.get(), runner, rerun_line(terminal, answered));
  if (terminal.interactive) std::fputs("\r\x1b[K", stderr);
  print(flags.json ? verify_json(report).dump() + "\n" : safe_text(verify_text(report)));
  return report.equal() ? Exit::success : Exit::negative_verdict;
}

}  // namespace

void add_verify(CLI::App& app, Action& action) {
  auto flags = std::make_shared<VerifyFlags>();
  CLI::App* verb = app.add_subcommand("verify", "check a bundle: its bytes, its scores, its answers");
  verb->footer("Example:  samebits verify samebits-results/RUN --level 4");
  verb->add_option("BUNDLE", flags->bundle, "a bundle's folder")->required();
  bounded(verb->add_option("--level", flags->level,
                           "0 integrity, 1 signature, 2 re-score, 3 re-run --items, 4 re-run all (2)"),
          0, 4);
  bounded(verb->add_option("--items", flags->items, "items to answer again, chosen by --seed (level 3; 60)"), 1,
          uint64_t{1} << 32);
  bounded(verb->add_option("--seed", flags->seed,
                           "chooses the items (default: one that nobody could foresee; it is printed)"),
          0, std::numeric_limits<uint64_t>::max());
  const size_t n_before = verb->get_options().size();
  verb->add_option("-m,--model", flags->model, "where the model is (level 3, 4; default: as the run named it)")
      ->type_name("MODEL");
  add_engine_flags(*verb, flags->engine);
  add_cache_flags(*verb, flags->engine);
  const auto options = verb->get_options();
  flags->of_model.assign(options.begin() + static_cast<std::ptrdiff_t>(n_before), options.end());
  add_task_folder_flags(*verb, flags->folders);
  add_plugin_flag(*verb, flags->plugins);
  add_json_flag(*verb, flags->json);
  verb->callback([flags, &action] { action = [flags] { return verify(*flags); }; });
}

}  // namespace samebits
