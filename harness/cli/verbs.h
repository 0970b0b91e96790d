// The verbs of the command line, one file each. A verb that does not work is not here.
//
// Each add_* puts its subcommand and flags on `app` and stores in `action` what to do when the user chose it; main
// runs the action inside the one try. Actions print results to stdout, talk to stderr, and throw Error.
#pragma once

#include <functional>

#include "harness/core/error.h"

namespace CLI {
class App;
}

namespace samebits {

using Action = std::function<Exit()>;

void add_run(CLI::App& app, Action& action);
void add_plan(CLI::App& app, Action& action);
void add_verify(CLI::App& app, Action& action);
void add_show(CLI::App& app, Action& action);
void add_list(CLI::App& app, Action& action);
void add_model(CLI::App& app, Action& action);
void add_explain(CLI::App& app, Action& action);
void add_selftest(CLI::App& app, Action& action);

}  // namespace samebits
