// Users' plugins: shared libraries loaded with --plugin.
//
// Loading runs code of the file: only the user names such files, a bundle or task never does. Every plugin of a
// loaded file is put behind a guard, so that whatever it throws becomes E0905 with the plugin's name.
// Thread rules: load before any other thread starts.
#pragma once

#include <string>
#include <vector>

namespace samebits {

struct LoadedPlugin {
  std::string path;
  std::string digest;              // sha256 of the file
  std::vector<std::string> names;  // "metric margin", "backend fake", …: what it registered, sorted
};

// Throws E0101 (no such file), E0901 (a name is taken), E0903 (built for another samebits), E0904 (not a plugin),
// E0905 (it threw while it registered), E0906 (it needs a symbol that this samebits lacks).
LoadedPlugin load_plugin(const std::string& path);

}  // namespace samebits
