// samebits model: pull, info, tokenize, bench.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/cli/flags.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"
#include "harness/core/error.h"
#include "inference/bench.h"
#include "inference/catalogue.h"
#include "inference/model_info.h"
#include "inference/tokenizer/tokenizer.h"

namespace samebits {
namespace {

struct ModelFlags {
  std::string model;
  EngineFlags engine;
  BenchOptions bench;
  bool lines = false, json = false;
};

// Off a terminal there is no progress line: logs would fill with it.
PullHooks pull_hooks() {
  PullHooks hooks;
  hooks.say = [](std::string_view line) { talk(safe_text(line)); };
  const Terminal terminal = terminal_of(2);
  if (!terminal.interactive) return hooks;
  hooks.progress = [last = std::chrono::steady_clock::time_point()](uint64_t done, uint64_t total) mutable {
    const auto now = std::chrono::steady_clock::now();
    if (now - last < std::chrono::milliseconds(100) && done < total) return;
    last = now;
    constexpr uint64_t kMega = 1000000;
    std::fputs(fmt::format("\r\x1b[K{} of {} MB{}", done / kMega, total / kMega, done < total ? "" : "\n").c_str(),
               stderr);
  };
  return hooks;
}

Exit pull(const ModelFlags& flags) {
  const std::string path = pull_model(flags.model, pull_hooks());
  print(flags.json ? nlohmann::json{{"model", flags.model}, {"path", path}}.dump() + "\n" : path + "\n");
  return Exit::success;
}

// "key: value" lines, nested objects indented; a list of tensors as one line each.
void append_text(const nlohmann::json& value, const std::string& indent, std::string& out) {
  for (const auto& [key, v] : value.items()) {
    if (v.is_object()) {
      out += indent + key + ":\n";
      append_text(v, indent + "  ", out);
    } else if (v.is_array() && !v.empty() && v.front().is_object()) {
      out += indent + key + ":\n";
      for (const nlohmann::json& row : v) {
        out += indent + " ";
        for (const auto& [name, cell] : row.items())
          out += " " + (cell.is_string() ? cell.get<std::string>() : cell.dump());
        out += "\n";
      }
    } else {
      out += indent + key + ": " + (v.is_string() ? v.get<std::string>() : v.dump()) + "\n";
    }
  }
}

Exit info(const ModelFlags& flags) {
  const nlohmann::json info = model_info(open_model_file(flags.model));
  std::string text;
  if (!flags.json) append_text(info, "", text);
  print(flags.json ? info.dump() + "\n" : safe_text(text));
  return Exit::success;
}

// All of it: a prompt may hold any byte, NUL and line feeds too.
std::string read_stdin() {
  std::string text;
  char buffer[1 << 16];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, stdin)) > 0;) text.append(buffer, n);
  if (std::ferror(stdin))
    throw Error("E0101", fmt::format("the text cannot be read: {}", std::strerror(errno)), "stdin",
                "give a file or a pipe: samebits model tokenize MODEL < FILE");
  return text;
}

// Plain text, as a prompt without chat template: control tokens are not cut out, and no BOS is added.
Exit tokenize(const ModelFlags& flags) {
  const auto tokenizer = Tokenizer::open(open_model_file(flags.model));
  const std::string text = read_stdin();
  const auto print_ids = [&](std::string_view s) {
    print(nlohmann::json(tokenizer->encode(s, /*special=*/false)).dump() + "\n");
  };
  if (!flags.lines) {
    print_ids(text);
    return Exit::success;
  }
  // A last line without its end counts; an empty last line does not, as with wc -l.
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    print_ids(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
  }
  return Exit::success;
}

Exit bench(const ModelFlags& flags) {
  if (flags.bench.n_prompt == 0 && flags.bench.n_gen == 0)
    throw Error("E0110", "nothing is selected: no prompt and no generation", "-p 0 -n 0",
                "give one of -p and -n 1 or more");
  const auto rows =
      bench_model(open_model_file(flags.model), flags.bench, parse_engine_options(engine_options(flags.engine)));
  nlohmann::json out = nlohmann::json::array();  // field names of llama-bench, so that its readers take it
  std::string text =
      fmt::format("{:>8} {:>6} {:>11} {:>9} {:>10} {:>10}\n", "n_prompt", "n_gen", "n_sequences", "n_threads",
                  "avg_ts", "stddev_ts");
  for (const BenchRow& row : rows) {
    out.push_back({{"n_prompt", row.n_prompt},
                   {"n_gen", row.n_gen},
                   {"n_sequences", row.n_sequences},
                   {"n_threads", row.n_threads},
                   {"avg_ts", row.avg_ts},
                   {"stddev_ts", row.stddev_ts}});
    text += fmt::format("{:>8} {:>6} {:>11} {:>9} {:>10.2f} {:>10.2f}\n", row.n_prompt, row.n_gen, row.n_sequences,
                        row.n_threads, row.avg_ts, row.stddev_ts);
  }
  print(flags.json ? out.dump() + "\n" : text);
  return Exit::success;
}

// Every verb takes its model either way: with -m as `run` does, or as its one plain word.
void add_model_flag(CLI::App& verb, std::string& model, const std::string& what) {
  verb.add_option("-m,--model,MODEL", model, what)->required();
}

void add_bench(CLI::App& group, const std::shared_ptr<ModelFlags>& flags, Action& action) {
  CLI::App* verb = group.add_subcommand("bench", "tokens a second: prompt and generation, cold, nothing reused");
  verb->footer("Example:  samebits model bench -m smollm2-135m-instruct -p 512 -n 64 -j 1");
  add_model_flag(*verb, flags->model, "a catalogue name or a GGUF path");
  bounded(verb->add_option("-p,--n-prompt", flags->bench.n_prompt, "tokens of the prompt (512; 0: no such row)"), 0,
          1 << 20);
  bounded(verb->add_option("-n,--n-gen", flags->bench.n_gen, "tokens generated (64; 0: no such row)"), 0, 1 << 20);
  bounded(verb->add_option("--sequences", flags->bench.n_sequences, "sequences that generate together (1)"), 1, 1024);
  bounded(verb->add_option("-r,--repetitions", flags->bench.repetitions, "measured runs (3)"), 1, 1000);
  add_engine_flags(*verb, flags->engine);
  add_json_flag(*verb, flags->json);
  verb->callback([flags, &action] { action = [flags] { return bench(*flags); }; });
}

}  // namespace

void add_model(CLI::App& app, Action& action) {
  auto flags = std::make_shared<ModelFlags>();
  CLI::App* group = app.add_subcommand("model", "models: pull, info, tokenize, bench")->require_subcommand(1);
  group->footer("Example:  samebits model pull smollm2-135m-instruct");

  CLI::App* verb =
      group->add_subcommand("pull", "fetch a model of the catalogue, check its sha256, keep it in the cache");
  verb->footer("Example:  samebits model pull smollm2-135m-instruct");
  add_model_flag(*verb, flags->model, "a catalogue name");
  add_json_flag(*verb, flags->json);
  verb->callback([flags, &action] { action = [flags] { return pull(*flags); }; });

  verb = group->add_subcommand("info", "architecture, quantisation, tokenizer, template, digests, memory");
  verb->footer("Example:  samebits model info smollm2-135m-instruct");
  add_model_flag(*verb, flags->model, "a catalogue name or a GGUF path");
  add_json_flag(*verb, flags->json);
  verb->callback([flags, &action] { action = [flags] { return info(*flags); }; });

  verb = group->add_subcommand("tokenize", "the text on stdin as token ids, a JSON array");
  verb->footer("Example:  echo -n 'Hello' | samebits model tokenize -m smollm2-135m-instruct");
  add_model_flag(*verb, flags->model, "a catalogue name or a GGUF path");
  auto* lines = verb->add_flag("--lines", flags->lines, "one text a line, one array a line");
  add_json_flag(*verb, flags->json);
  lines->excludes("--json");
  verb->callback([flags, &action] { action = [flags] { return tokenize(*flags); }; });
  add_bench(*group, flags, action);
}

}  // namespace samebits
