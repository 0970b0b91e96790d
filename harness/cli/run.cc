// samebits run: plan -> responses -> scores -> bundle.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/cli/environment.h"
#include "harness/cli/flags.h"
#include "harness/cli/progress.h"
#include "harness/cli/stop_signal.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"
#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/loop.h"
#include "harness/core/registry.h"
#include "results/bundle.h"
#include "results/journal.h"
#include "results/read.h"
#include "results/records.h"
#include "results/show.h"
#include "runners/energy.h"
#include "runners/preflight.h"

namespace samebits {
namespace {

struct RunFlags {
  EvaluationFlags evaluation;
  EngineFlags engine;
  std::vector<std::string> plugins;
  std::string runner = "local", out;
  bool json = false;
};

// Readable, and unequal for unequal runs: samebits-results/MODEL.TASKS.KEY
std::string default_folder(const RunFlags& flags, const Plan& plan, const ModelInfo& model) {
  std::string name = std::filesystem::path(flags.evaluation.model).stem().string();
  if (!flags.evaluation.suite.empty()) name += "." + std::filesystem::path(flags.evaluation.suite).stem().string();
  for (const std::string& task : flags.evaluation.tasks) name += "." + task;
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_')) c = '_';
  }
  constexpr size_t kMaxName = 100, kKeyDigits = 8;
  const std::string key = sha256_hex(canonical(run_key(plan, model, flags.engine.logits_digest))).substr(0, kKeyDigits);
  return "samebits-results/" + name.substr(0, kMaxName) + "." + key;
}

// What one run needs while it answers. It measures this session alone: what a journal held was answered by an earlier
// one, perhaps on another machine, so every observation says of how many requests it speaks.
struct Meters {
  RaplMeter energy;
  std::vector<Observation> measured;
  uint64_t asked = 0, total = 0;  // requests: of this session, of the run
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now(), energy_read = begin;

  // The counters wrap: they are read once a minute, and at the end.
  void keep_counting() {
    const auto now = std::chrono::steady_clock::now();
    if (now - energy_read < std::chrono::minutes(1)) return;
    energy.sample();
    energy_read = now;
  }
  nlohmann::json report() {
    const auto ns = std::chrono::steady_clock::now() - begin;
    nlohmann::json out = {{"energy", energy.report()},
                          {"time", {{"run_ns", std::chrono::duration_cast<std::chrono::nanoseconds>(ns).count()}}}};
    for (nlohmann::json& of_session : out) {
      of_session["measured_requests"] = asked;
      of_session["total_requests"] = total;
    }
    return out;
  }
};

uint64_t count_failed(const Responses& responses) {
  return std::count_if(responses.begin(), responses.end(), [](const auto& r) { return r && !r->error.empty(); });
}

void talk_failed(uint64_t failed) {
  if (failed > 0) talk(fmt::format("incomplete: {} requests failed; they count as unknown, never as wrong", failed));
}

// What the bundle says; the exit code too, so that a run and its repetition end alike. `unchecked`: empty, or why it
// is not known that the scores follow from the answers.
Exit print_results(const std::string& dir, bool json, const std::string& unchecked) {
  const Bundle bundle = Bundle::open(dir);
  if (!unchecked.empty())
    talk(safe_text("warning: this bundle could not be computed again: " + unchecked +
                   "; repeat the command with every --plugin of the first time"));
  if (json) {
    nlohmann::json shown = show_json(bundle);
    shown["bundle"] = dir;
    if (!unchecked.empty()) shown["unchecked"] = unchecked;
    print(shown.dump() + "\n");
  } else {
    nlohmann::json claims = bundle.claims();
    if (!unchecked.empty()) claims["run"]["evidence"] = "unchecked";
    print(safe_text(Registry<Reporter>::instance().get("text").render(claims, bundle.observations())));
    talk("bundle  " + dir);
    talk("next    samebits verify " + dir + " --level 4 · samebits show " + dir + " --json");
  }
  const uint64_t failed = count_failed(load_run(bundle).responses);
  talk_failed(failed);
  return failed > 0 ? Exit::incomplete : Exit::success;
}

Responses answer(const Plan& plan, Backend& backend, const Runner& runner, Journal& journal, Meters& meters) {
  Responses known = journal.take_known();
  const auto kept = std::count_if(known.begin(), known.end(), [](const auto& r) { return r.has_value(); });
  meters.total = plan.requests.size();
  meters.asked = meters.total - static_cast<uint64_t>(kept);
  if (kept > 0) talk(fmt::format("resuming: {} of {} requests are answered already", kept, plan.requests.size()));
  const StopOnSignal stop;
  Progress progress(plan, known);
  LoopHooks hooks;
  hooks.keep = [&](const Response& r) {
    journal.append(r);
    meters.keep_counting();
  };
  hooks.progress = [&](const Responses& all, const Response& newest) { progress(all, newest); };
  hooks.observe = [&](const Observation& o) { meters.measured.push_back(o); };
  Responses responses = respond(plan, backend, runner, std::move(known), hooks);
  progress.finish();
  journal.sync();
  return responses;
}

Exit run(const RunFlags& flags) {
  // Everything that can be refused is refused before the model works: names, files, plan, metrics, folder.
  const std::vector<LoadedPlugin> plugins = load_plugins(flags.plugins);
  const Runner& runner = Registry<Runner>::instance().get(flags.runner);
  const std::unique_ptr<Backend> backend = open_model(flags.evaluation.model, flags.engine);
  const ModelInfo& model = backend->model();
  const Plan plan = make_plan(flags.evaluation, &model);
  preflight(plan);
  const std::string dir = flags.out.empty() ? default_folder(flags, plan, model) : flags.out;
  if (holds_run(dir, plan, model, flags.engine.logits_digest)) {
    const std::string unchecked = why_unchecked(dir);  // throws when its scores were edited
    talk("nothing to do: the bundle of this run is complete");
    return print_results(dir, flags.json, unchecked);
  }
  Journal journal(dir, plan, model, flags.engine.logits_digest);
  if (journal.dropped_bytes() > 0)
    talk(fmt::format("the journal was torn: {} bytes at its end are dropped and answered again",
                     journal.dropped_bytes()));
  Meters meters;
  const Responses responses = answer(plan, *backend, runner, journal, meters);
  const auto missing = std::count(responses.begin(), responses.end(), std::nullopt);
  const uint64_t failed = count_failed(responses);
  // The engine would fail again in the same way, so its failures are results; a server's may pass.
  const bool resumable = missing > 0 || (failed > 0 && model.evidence != "exact");
  if (resumable) {
    talk_failed(failed);
    if (missing > 0) talk(fmt::format("incomplete: {} requests are not answered", missing));
    talk(journal.holds_responses() ? "resume: the same command goes on from " + dir + "/" + kJournalName
                                   : "nothing was answered yet: the same command begins anew");
    if (flags.json)
      print(nlohmann::json{{"bundle", dir}, {"incomplete", {{"missing", missing}, {"failed", failed}}}}.dump() + "\n");
    return Exit::incomplete;
  }

  const Scores scores = score(plan, responses);
  BundleInput input{
      {plan, responses, scores, model, flags.engine.logits_digest}, meters.report(), std::move(meters.measured)};
  input.observations["engine"] = backend->observations();
  input.observations["environment"] = environment(flags.evaluation.model, flags.runner, plugins);
  for (const LoadedPlugin& plugin : plugins)
    for (const std::string& name : plugin.names)
      if (name.starts_with("reporter ")) input.reporters.push_back(name.substr(9));
  write_bundle(dir, input);
  journal.remove();  // only now: until SHA256SUMS is there, the journal is the run
  return print_results(dir, flags.json, "");
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* verb = app.add_subcommand("run", "evaluate a model and write a result bundle; again: resume");
  verb->footer("Example:  samebits run -m smollm2-135m-instruct -t arc_easy,piqa --limit 100");
  add_evaluation_flags(*verb, flags->evaluation);
  add_engine_flags(*verb, flags->engine);
  add_cache_flags(*verb, flags->engine);
  verb->add_flag("--logits-digest", flags->engine.logits_digest, "put a digest over all logits into the claims");
  verb->add_option("--runner", flags->runner, "where the requests are answered (default: local)")->type_name("NAME");
  add_plugin_flag(*verb, flags->plugins);
  not_empty(verb->add_option("-o,--out", flags->out, "the bundle's folder (default: samebits-results/MODEL.TASKS.KEY)"))
      ->type_name("DIR");
  add_json_flag(*verb, flags->json);
  verb->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace samebits
