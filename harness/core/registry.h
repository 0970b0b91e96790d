// Plugins by name. A plugin's own file ends with
//
//   SAMEBITS_REGISTER(Metric, Accuracy, "acc", 1, "share of samples whose best choice is right");
//
// Built-ins are linked as CMake OBJECT libraries (a static archive would drop them silently); users' plugins
// come as .so files. The registry is a std::map: its order does not depend on link order. A second plugin
// under a taken name is an error that names both files.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/core/interfaces.h"

namespace samebits {

struct PluginInfo {
  std::string name;
  int version = 0;
  std::string doc, file;
};

template <class Interface>
class Registry {
 public:
  static Registry& instance();  // one a process, also across .so files

  void add(PluginInfo info, std::unique_ptr<Interface> plugin);  // throws E0901 on a taken name
  const Interface* find(std::string_view name) const;           // nullptr when absent
  const Interface& get(std::string_view name) const;            // throws E0902 with the nearest names
  std::vector<PluginInfo> list() const;                         // sorted by name
  // Replaces the plugin `name` by what `around` makes of it (the loader's guard). It must be there.
  void wrap(std::string_view name, const std::function<std::unique_ptr<Interface>(std::unique_ptr<Interface>)>& around);

 private:
  struct Entry {
    PluginInfo info;
    std::unique_ptr<Interface> plugin;
  };
  std::map<std::string, Entry, std::less<>> entries_;
};

extern template class Registry<TaskSource>;
extern template class Registry<BackendFactory>;
extern template class Registry<Runner>;
extern template class Registry<Stage>;
extern template class Registry<Filter>;
extern template class Registry<Metric>;
extern template class Registry<Reporter>;

// Changes with every change of types.h or interfaces.h that a plugin can see.
inline constexpr std::string_view kPluginAbi = "samebits-plugin/1";

// Errors thrown while static registrations run cannot be caught by main: they are kept here and rethrown by
// the loader and at start-up.
void note_registration_error(std::string message);
std::vector<std::string> take_registration_errors();

template <class Interface, class Plugin>
bool register_plugin(std::string name, int version, std::string doc, std::string file) noexcept {
  try {
    Registry<Interface>::instance().add({std::move(name), version, std::move(doc), std::move(file)},
                                        std::make_unique<Plugin>());
  } catch (const std::exception& e) {
    note_registration_error(e.what());
  }
  return true;
}

}  // namespace samebits

#define SAMEBITS_REGISTER(Interface, Plugin, name, version, doc)                             \
  [[maybe_unused]] static const bool samebits_registered_##Plugin =                          \
      ::samebits::register_plugin<::samebits::Interface, Plugin>(name, version, doc, __FILE__)

// Once in every plugin .so.
#define SAMEBITS_PLUGIN() \
  extern "C" const char* samebits_plugin_abi() { return ::samebits::kPluginAbi.data(); }
