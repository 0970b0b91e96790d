#include "harness/core/registry.h"

#include <utility>

#include "harness/core/error.h"

namespace samebits {
namespace {

std::vector<std::string>& registration_errors() {
  static std::vector<std::string> errors;
  return errors;
}

}  // namespace

template <class Interface>
Registry<Interface>& Registry<Interface>::instance() {
  static Registry registry;
  return registry;
}

template <class Interface>
void Registry<Interface>::add(PluginInfo info, std::unique_ptr<Interface> plugin) {
  const auto [it, inserted] = entries_.try_emplace(info.name);
  if (!inserted)
    throw Error("E0901", "the plugin name \"" + info.name + "\" is taken", it->second.info.file + " and " + info.file,
                "give one of the two another name");
  it->second = {std::move(info), std::move(plugin)};
}

template <class Interface>
const Interface* Registry<Interface>::find(std::string_view name) const {
  const auto it = entries_.find(name);
  return it == entries_.end() ? nullptr : it->second.plugin.get();
}

template <class Interface>
const Interface& Registry<Interface>::get(std::string_view name) const {
  if (const Interface* plugin = find(name)) return *plugin;
  std::vector<std::string> names;
  for (const auto& [key, entry] : entries_) names.push_back(key);
  throw Error("E0902", "nothing is registered under \"" + std::string(name) + "\"" + did_you_mean(name, names), "",
              "check the spelling, or load the plugin that brings it with --plugin");
}

template <class Interface>
std::vector<PluginInfo> Registry<Interface>::list() const {
  std::vector<PluginInfo> out;
  for (const auto& [key, entry] : entries_) out.push_back(entry.info);
  return out;
}

template <class Interface>
void Registry<Interface>::wrap(std::string_view name,
                               const std::function<std::unique_ptr<Interface>(std::unique_ptr<Interface>)>& around) {
  const auto it = entries_.find(name);
  SAMEBITS_ASSERT(it != entries_.end());
  it->second.plugin = around(std::move(it->second.plugin));
}

template class Registry<TaskSource>;
template class Registry<BackendFactory>;
template class Registry<Runner>;
template class Registry<Stage>;
template class Registry<Filter>;
template class Registry<Metric>;
template class Registry<Reporter>;

void note_registration_error(std::string message) { registration_errors().push_back(std::move(message)); }

std::vector<std::string> take_registration_errors() { return std::exchange(registration_errors(), {}); }

}  // namespace samebits
