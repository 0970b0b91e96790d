#include "tests/matrix/cell.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>
#include <utility>

#include "harness/text/python_text.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// The error that a program prints with --json: {"code", "what", "where", "hint"}; empty where `out` holds none.
nlohmann::json coded_error(const std::string& out) {
  const auto printed = nlohmann::json::parse(out, nullptr, /*allow_exceptions=*/false);
  return printed.is_object() ? printed.value("error", nlohmann::json::object()) : nlohmann::json::object();
}

// The hint of error `code` behind `lead`, with which it begins; empty: there is no such error.
std::string hint_behind(const nlohmann::json& error, const char* code, std::string_view lead) {
  const std::string hint = error.value("code", "") == code ? error.value("hint", "") : "";
  return hint.starts_with(lead) ? hint.substr(lead.size()) : "";
}

}  // namespace

std::string cell_name(const Cell& c) {
  std::string name = fmt::format("{}, {} threads, batch {}", c.tier, c.threads, c.batch_tokens);
  if (!c.share_prefixes) name += ", no sharing";
  if (c.least_memory) name += ", evicting";
  if (c.shuffled) name += ", shuffled";
  if (c.killed) name += ", killed and resumed";
  if (c.chaos) name += fmt::format(", chaos {}", *c.chaos);
  return name;
}

std::vector<std::string> cell_flags(const Cell& c, const Subject& subject, const std::string& shuffled_runner) {
  std::vector<std::string> flags = {"-m",
                                    subject.model,
                                    "--isa",
                                    c.tier,
                                    "-j",
                                    std::to_string(c.threads),
                                    "--batch-tokens",
                                    std::to_string(c.batch_tokens)};
  flags = flags + subject.tasks;
  if (!c.share_prefixes) flags.emplace_back("--no-prefix-sharing");
  if (c.least_memory) flags = flags + std::vector<std::string>{"--kv-memory", std::to_string(subject.kv_memory_bytes)};
  if (c.shuffled) flags = flags + std::vector<std::string>{"--plugin", shuffled_runner, "--runner", "shuffled"};
  if (c.chaos) flags = flags + std::vector<std::string>{"--chaos", std::to_string(*c.chaos)};
  return flags;
}

struct CellRunner::Outcome {
  int exit = -1, signal = 0;
  std::string out, err;
};

CellRunner::CellRunner(std::string scratch, std::string shuffled_runner)
    : scratch_(std::move(scratch)), shuffled_runner_(std::move(shuffled_runner)) {
  fs::create_directories(scratch_);
}

CellRunner::Outcome CellRunner::execute(const std::vector<std::string>& command, uint64_t file_bytes) const {
  const std::string out = scratch_ + "/stdout", err = scratch_ + "/stderr";
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child < 0) return {-1, 0, "", std::string("no process can be started: ") + std::strerror(errno)};
  if (child == 0) {
    if (file_bytes > 0) {
      const rlimit size{file_bytes, file_bytes}, no_core{0, 0};
      setrlimit(RLIMIT_FSIZE, &size);
      setrlimit(RLIMIT_CORE, &no_core);
    }
    dup2(open(out.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600), STDOUT_FILENO);
    dup2(open(err.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600), STDERR_FILENO);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Outcome o{WIFEXITED(status) ? WEXITSTATUS(status) : -1, WIFSIGNALED(status) ? WTERMSIG(status) : 0, contents(out),
            contents(err)};
  fs::remove(out);
  fs::remove(err);
  return o;
}

// A name that no tier has makes the program list those that it has.
std::vector<std::string> CellRunner::tiers(const Build& build, const std::string& model) const {
  const Outcome o =
      execute(build.command + std::vector<std::string>{"model", "bench", "--json", "-m", model, "--isa", "?"});
  const std::string list = hint_behind(coded_error(o.out), "E0220", "choose one of: ");
  return list.empty() ? std::vector<std::string>() : py_split(list, ", ");
}

LeastMemory CellRunner::least_kv_memory(const Build& build, const Subject& subject) const {
  const std::string dir = scratch_ + "/least";
  const std::vector<std::string> one_byte = {"run", "--json", "-m", subject.model, "-o", dir, "--kv-memory", "1"};
  const Outcome o = execute(build.command + one_byte + subject.tasks);
  fs::remove_all(dir);
  const nlohmann::json error = coded_error(o.out);
  const std::string bytes = hint_behind(error, "E0223", "give at least --kv-memory ");
  LeastMemory least;
  std::from_chars(bytes.data(), bytes.data() + bytes.size(), least.bytes);
  if (least.bytes == 0) least.error = fmt::format("exit {}, signal {}: {}", o.exit, o.signal, o.err);
  least.not_pulled = error.value("code", "") == "E0232";
  return least;
}

Result CellRunner::run(const Build& build, const Subject& subject, const Cell& cell) {
  const std::string dir = scratch_ + "/bundle";
  const std::vector<std::string> command = build.command +
                                           std::vector<std::string>{"run", "--json", "--logits-digest", "-o", dir} +
                                           cell_flags(cell, subject, shuffled_runner_);
  fs::remove_all(dir);
  if (cell.killed) {
    const Outcome killed = execute(command, subject.killed_at_bytes);
    if (killed.signal != SIGXFSZ) return {{}, "was not killed: " + killed.err};
  }
  const Outcome o = execute(command);
  fs::remove_all(dir);
  if (o.exit != 0) return {{}, fmt::format("exit {}, signal {}: {}", o.exit, o.signal, o.err)};
  if (cell.killed && o.err.find("resuming: ") == std::string::npos) return {{}, "nothing was resumed: " + o.err};
  const auto json = nlohmann::json::parse(o.out, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("logits_digest")) return {{}, "no digests on stdout: " + o.out};
  return {{json["logits_digest"], json["claims_digest"]}, ""};
}

}  // namespace samebits
