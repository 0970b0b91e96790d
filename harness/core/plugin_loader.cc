#include "harness/core/plugin_loader.h"

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "harness/core/digest.h"
#include "harness/core/fp_environment.h"
#include "harness/core/plugin_guard.h"
#include "harness/core/registry.h"

namespace samebits {
namespace {

// Puts every plugin that `known` does not have yet behind its guard; appends "kind name" to `names`.
template <class Interface>
void guard_new(const char* kind, const std::set<std::string>& known, std::vector<std::string>& names) {
  Registry<Interface>& registry = Registry<Interface>::instance();
  for (const PluginInfo& info : registry.list()) {
    const std::string name = std::string(kind) + " " + info.name;
    if (known.count(name)) continue;
    names.push_back(name);
    registry.wrap(info.name, [&](std::unique_ptr<Interface> plugin) -> std::unique_ptr<Interface> {
      return std::make_unique<Guarded<Interface>>(std::move(plugin), name);
    });
  }
}

template <class Interface>
void add_names(const char* kind, std::set<std::string>& names) {
  for (const PluginInfo& info : Registry<Interface>::instance().list())
    names.insert(std::string(kind) + " " + info.name);
}

std::set<std::string> registered_names() {
  std::set<std::string> names;
  add_names<TaskSource>("task source", names);
  add_names<BackendFactory>("backend", names);
  add_names<Runner>("runner", names);
  add_names<Stage>("stage", names);
  add_names<Filter>("filter", names);
  add_names<Metric>("metric", names);
  add_names<Reporter>("reporter", names);
  return names;
}

std::vector<std::string> guard_all_new(const std::set<std::string>& known) {
  std::vector<std::string> names;
  guard_new<TaskSource>("task source", known, names);
  guard_new<BackendFactory>("backend", known, names);
  guard_new<Runner>("runner", known, names);
  guard_new<Stage>("stage", known, names);
  guard_new<Filter>("filter", known, names);
  guard_new<Metric>("metric", known, names);
  guard_new<Reporter>("reporter", known, names);
  std::sort(names.begin(), names.end());
  return names;
}

void* open_library(const std::string& path) {
  // An absolute path: dlopen would search the system's folders for a bare name.
  void* handle = dlopen(std::filesystem::absolute(path).c_str(), RTLD_NOW | RTLD_LOCAL);
  set_fp_environment();  // code of the library ran
  if (handle) return handle;
  const std::string reason = dlerror();
  if (reason.find("undefined symbol") != std::string::npos)
    throw Error("E0906", "the plugin needs a symbol that this samebits lacks: " + reason, path,
                "build the plugin against the headers of this samebits");
  throw Error("E0904", "not a shared library that can be loaded: " + reason, path,
              "pass a .so file built as examples/plugins shows");
}

void check_abi(void* handle, const std::string& path) {
  const auto abi = reinterpret_cast<const char* (*)()>(dlsym(handle, "samebits_plugin_abi"));
  if (!abi)
    throw Error("E0904", "a shared library, but no samebits plugin: it lacks samebits_plugin_abi", path,
                "add SAMEBITS_PLUGIN() to one of its files");
  if (abi() != kPluginAbi)
    throw Error("E0903", "the plugin was built for " + std::string(abi()) + ", this is " + std::string(kPluginAbi),
                path, "build the plugin again, against the headers of this samebits");
}

// Static registrations cannot throw through dlopen: what they threw waits in a list.
void rethrow_registration_error(const std::string& path) {
  const std::vector<std::string> errors = take_registration_errors();
  if (errors.empty()) return;
  const std::string& first = errors.front();
  if (first.starts_with("E0901: "))
    throw Error("E0901", first.substr(7), path, "give one of the two another name and build it again");
  throw Error("E0905", "the plugin threw while it registered: " + first, path, "report it to the plugin's author");
}

}  // namespace

LoadedPlugin load_plugin(const std::string& path) {
  LoadedPlugin loaded{path, sha256_file(path), {}};
  const std::set<std::string> known = registered_names();
  void* handle = open_library(path);
  check_abi(handle, path);
  rethrow_registration_error(path);
  loaded.names = guard_all_new(known);
  return loaded;  // never closed: the registry holds its objects until the process ends
}

}  // namespace samebits
