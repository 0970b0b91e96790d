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
  bool json = false;
};

Exit show(const ShowFlags& flags) {
  const Bundle bundle = Bundle::open(flags.bundle);
  if (!flags.samples.empty())
    show_samples(bundle, flags.samples, [](const nlohmann::json& sample) { print(sample.dump() + "\n"); });
  else if (flags.json)
    print(show_json(bundle).dump() + "\n");
  else
    print(safe_text(Registry<Reporter>::instance().get("text").render(bundle.claims(), bundle.observations())));
  return Exit::success;
}

}  // namespace

void add_show(CLI::App& app, Action& action) {
  auto flags = std::make_shared<ShowFlags>();
  CLI::App* verb = app.add_subcommand("show", "the results of a bundle, or every sample of a task");
  verb->footer("Example:  samebits show samebits-results/RUN --samples arc_easy");
  verb->add_option("BUNDLE", flags->bundle, "a bundle's folder")->required();
  auto* samples =
      verb->add_option("--samples", flags->samples, "one JSON line a sample of this task")->type_name("TASK");
  add_json_flag(*verb, flags->json);
  samples->excludes("--json");
  verb->callback([flags, &action] { action = [flags] { return show(*flags); }; });
}

}  // namespace samebits
