// The models that samebits knows by name, and how a name or path becomes a file.
//
// Thread rules: every function may be called from any thread; two processes may pull the same model at once (the
// second waits for the first). Nothing here reaches a score: a model is what its sha256 says.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "inference/gguf.h"

namespace samebits {

// A piece of a model: a member of a Python package (a zip), or a URL.
struct ModelSource {
  std::string package, version, member;
  std::string url;  // set: the other three are empty
};

struct CatalogueModel {
  std::string name;  // [a-z0-9._-]+
  std::string description;
  uint64_t bytes = 0;
  std::string sha256;
  std::string licence;
  std::string notice;                // what the licence wants shown before the model is fetched; may be empty
  std::vector<ModelSource> sources;  // concatenated in order
};

// Throws E0233 when the file is not a catalogue. shipped_catalogue(): inference/catalogue.json, read once.
std::vector<CatalogueModel> load_catalogue(const std::string& path);
const std::vector<CatalogueModel>& shipped_catalogue();

struct PullHooks {
  std::function<void(std::string_view line)> say;                           // what happens next; the licence notice
  std::function<void(uint64_t done_bytes, uint64_t total_bytes)> progress;  // of the current step
};

// Fetches the model into <cache>/models/NAME.gguf unless it is there with its sha256, and returns that path. The file
// gets its name only after its sha256 was checked. Throws E0231 (unknown name), E0813 (wrong sha256), other E08xx
// (download).
std::string pull_model(std::string_view name, const PullHooks&,
                       const std::vector<CatalogueModel>& = shipped_catalogue());

// A path to an existing file is returned as it is; a name becomes the path of the pulled model.
// Throws E0231 for a name that is neither, E0101 for a folder, E0232 (whose hint is the command) for a model not
// pulled yet, E0234 for a pulled file of another size.
std::string resolve_model(const std::string& name_or_path, const std::vector<CatalogueModel>& = shipped_catalogue());

// For whoever has hashed the file that resolve_model gave for the same words: E0234 when they are a name of the
// catalogue and the sha256 is not that model's.
void check_pulled(const std::string& name_or_path, std::string_view sha256,
                  const std::vector<CatalogueModel>& = shipped_catalogue());

// resolve_model, Gguf::open and check_pulled.
Gguf open_model_file(const std::string& name_or_path);

}  // namespace samebits
