// samebits show: what a bundle says.
#include "results/show.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/cli/flags.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"
#include "harness/core/registry.h"

namespace samebits {
namespace {

struct ShowFlags {
  std::string bundle, samples;
  std::vector<std::string> plugins;
  bool json = false;
};

Exit show(const ShowFlags& flags) {
  load_plugins(flags.plugins);
  const Bundle bundle = Bundle::open(flags.bundle);
  const std::string unchecked = why_unchecked(flags.bundle);
  if (!unchecked.empty())
    talk(
        safe_text("warning: the scores could not be computed again: " + unchecked + "; load its plugin with --plugin"));
  if (!flags.samples.empty()) {
    show_samples(bundle, flags.samples, [](const nlohmann::json& sample) { print(sample.dump() + "\n"); });
    return Exit::success;
  }
  nlohmann::json claims = bundle.claims();
  if (!unchecked.empty()) claims["run"]["evidence"] = "unchecked";
  if (flags.json) {
    nlohmann::json shown = results_json(claims);
    if (!unchecked.empty()) shown["unchecked"] = unchecked;
    print(shown.dump() + "\n");
  } else {
    print(safe_text(Registry<Reporter>::instance().get("text").render(claims, bundle.observations())));
  }
  return Exit::success;
}

}  // namespace

void add_show(CLI::App& app, Action& action) {
  auto flags = std::make_shared<ShowFlags>();
  CLI::App* verb = app.add_subcommand("show", "the results of a bundle, or every sample of a task");
  verb->footer("Example:  samebits show samebits-results/RUN --samples arc_easy");
  verb->add_option("BUNDLE", flags->bundle, "a bundle's folder")->required();
  auto* samples = not_empty(verb->add_option("--samples", flags->samples, "one JSON line a sample of this task"))
                      ->type_name("TASK");
  add_plugin_flag(*verb, flags->plugins);
  add_json_flag(*verb, flags->json);
  samples->excludes("--json");
  verb->callback([flags, &action] { action = [flags] { return show(*flags); }; });
}

}  // namespace samebits
