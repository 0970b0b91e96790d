// samebits: verbs, and the one catch.
#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <vector>

#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"
#include "harness/core/registry.h"

namespace samebits {
namespace {

constexpr std::string_view kAbout =
    "samebits: an LLM evaluation harness whose scores anyone can reproduce, bit for bit";

// "--num_fewshot=5" -> "--num-fewshot=5": lm-eval's users type underscores.
std::string with_dashes(std::string argument) {
  const size_t end = std::min(argument.find('='), argument.size());
  std::replace(argument.begin(), argument.begin() + static_cast<std::ptrdiff_t>(end), '_', '-');
  return argument;
}

// Gives flags their dashes, and values none: a word after a flag that takes one is text, whatever it looks like.
void write_flags_with_dashes(const CLI::App& app, std::vector<std::string>& arguments) {
  const CLI::App* verb = &app;
  for (size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    std::string& word = arguments[i];
    if (!word.starts_with('-')) {
      const auto entered = verb->get_subcommands([&](const CLI::App* v) { return v->check_name(word); });
      if (!entered.empty()) verb = entered.front();
      continue;
    }
    const std::string flag = word.starts_with("--") ? with_dashes(word) : word;
    const size_t name_end = std::min(flag.find('='), flag.size());
    const CLI::Option* option = verb->get_option_no_throw(flag.substr(0, name_end));
    if (!option) continue;
    word = flag;
    if (name_end == flag.size()) i += static_cast<size_t>(option->get_items_expected_min());
  }
}

// The names that `app` knows: its verbs and its flags with their dashes.
std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    words.push_back(verb->get_name());
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
    for (const std::string& name : option->get_snames()) words.push_back("-" + name);
  }
  return words;
}

// The subcommand that was entered, as deep as parsing came.
const CLI::App& chosen(const CLI::App& app) {
  const auto verbs = app.get_subcommands();
  return verbs.empty() ? app : chosen(*verbs.front());
}

// "samebits model bench": the verb as a user types it.
std::string full_name(const CLI::App& verb) {
  const CLI::App* parent = verb.get_parent();
  return (parent ? full_name(*parent) + " " : "") + verb.get_name();
}

// CLI11's message, with the nearest name for the first word that nobody knows.
Error usage_error(const CLI::App& app, const CLI::ParseError& e) {
  const CLI::App& verb = chosen(app);
  std::string what = e.what();
  for (const std::string& word : verb.remaining(true)) {
    what = "\"" + word + "\" is not known here" + did_you_mean(with_dashes(word), known_words(verb));
    break;
  }
  while (!what.empty() && (what.back() == '\n' || what.back() == ' ')) what.pop_back();
  const std::string name = full_name(verb);
  return Error("E0110", what, name, "see: " + name + " --help");
}

void add_verbs(CLI::App& app, Action& action) {
  app.require_subcommand(1);
  app.set_version_flag("--version", "samebits " SAMEBITS_VERSION);
  app.set_help_flag("-h,--help", "print this help");
  app.footer("Example:  samebits run -m smollm2-135m-instruct -t arc_easy --limit 100");
  app.get_formatter()->column_width(34);

  add_run(app, action);
  add_plan(app, action);
  add_verify(app, action);
  add_show(app, action);
  add_list(app, action);
  add_model(app, action);

  add_explain(app, action);
  add_selftest(app, action);
}

Exit run_command_line(std::vector<std::string> arguments) {
  CLI::App app{std::string(kAbout), "samebits"};
  Action action;
  add_verbs(app, action);
  if (arguments.empty()) {
    talk(app.help());
    return Exit::usage;
  }
  write_flags_with_dashes(app, arguments);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them in reverse
  } catch (const CLI::CallForHelp&) {
    print(app.help());
    return Exit::success;
  } catch (const CLI::CallForVersion& version) {
    print(std::string(version.what()) + "\n");
    return Exit::success;
  } catch (const CLI::ParseError& e) {
    throw usage_error(app, e);
  }
  return action();
}

// What --json prints instead of a result. Bytes that are not UTF-8 become U+FFFD.
std::string error_json(const Error& e) {
  using Json = nlohmann::ordered_json;
  const Json error = {{"code", e.code}, {"what", e.problem}, {"where", e.where}, {"hint", e.hint}};
  return Json{{"error", error}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// On stderr for people; with --json on stdout too, so that a program always finds one JSON value there.
Exit report(const Error& e, bool json) {
  std::fputs(safe_text(format_error(e)).c_str(), stderr);
  if (json) std::fputs(error_json(e).c_str(), stdout);
  return e.exit_code();
}

Error out_of_memory() {
  return Error("E0105", "not enough memory", "",
               "free some, give --kv-memory less than now, or take a smaller model: `samebits model info` prints the "
               "size of its weights");
}

Exit guarded_main(const std::vector<std::string>& arguments) {
  // Looked for by hand: a command line that cannot be parsed is an error too.
  const bool json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  try {
    if (const auto clashes = take_registration_errors(); !clashes.empty())
      throw Error("E0100", "built-in plugins clash: " + clashes.front(), "", "report it: this build is broken");
    return run_command_line(arguments);
  } catch (const Error& e) {
    return report(e, json);
  } catch (const std::bad_alloc&) {
    return report(out_of_memory(), json);
  } catch (const std::exception& e) {
    // a thread whose stack found no room
    const auto* system = dynamic_cast<const std::system_error*>(&e);
    const bool no_thread = system && system->code() == std::errc::resource_unavailable_try_again;
    return report(no_thread ? out_of_memory()
                            : Error("E0100", e.what(), "", "run the command again; if it happens again, report it"),
                  json);
  }
}

// A standard stream that the caller closed would be the number of the next file that is opened, a journal perhaps, and
// what is printed would go into it. In its place stands one that takes nothing and gives nothing.
void hold_closed_streams() {
  for (const int fd : {0, 1, 2})
    if (::fcntl(fd, F_GETFD) == -1 && ::open("/dev/null", fd == 1 ? O_RDONLY : O_RDWR) == -1) std::abort();
}

}  // namespace
}  // namespace samebits

int main(int argc, char** argv) {
  samebits::hold_closed_streams();
  return static_cast<int>(samebits::guarded_main({argv + 1, argv + argc}));
}
