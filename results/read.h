// Opening a bundle that may be hostile, and turning it back into a plan and its responses.
//
// open() is verification level 0: only safe paths, no links or special files, limits on counts and sizes,
// SHA256SUMS in its canonical form, nothing unlisted, nothing missing, no empty folder, every digest right, claims in
// canonical JSON of the claims' profile, item counts and Merkle roots right. Every later read checks the digest again.
// Errors: E0605-E0607, E0610 malformed (exit 4); E0608, E0609, E0611 integrity (exit 5); E0614 no bundle.
// Thread rules: const calls may run concurrently.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "harness/core/loop.h"
#include "results/limits.h"

namespace samebits {

class Bundle {
 public:
  static Bundle open(const std::string& dir, BundleLimits = {});

  const std::string& dir() const { return dir_; }
  const std::string& claims_digest() const { return claims_digest_; }
  const std::map<std::string, std::string>& files() const { return files_; }  // path -> sha256
  bool has(const std::string& path) const { return files_.contains(path); }
  std::string read(const std::string& path) const;          // throws E0608 when it changed since open()
  nlohmann::json read_json(const std::string& path) const;  // null when absent
  nlohmann::json claims() const;                            // report_claims over this bundle
  nlohmann::json observations() const;                      // {"environment": …}

 private:
  std::string dir_, claims_digest_;
  std::map<std::string, std::string> files_;
  BundleLimits limits_;
};

// What reporters get: {"claims_digest", "run", "groups", "safety", "energy_proxies", "tasks": [{"task", "n",
// "items_root", "scores"}]}, tasks in plan order; null for what the bundle does not have.
// `file`: the JSON at a path, null when absent.
nlohmann::json report_claims(const std::string& claims_digest,
                             const std::function<nlohmann::json(const std::string& path)>& file);

// Calls `line` for every line of a JSONL text, without its end. Throws E0610 when the last one
// has no end, E0606 for one that is longer than `max_bytes`.
void for_each_line(std::string_view text, const std::string& where, size_t max_bytes,
                   const std::function<void(std::string_view line, const std::string& where)>& line);

struct StoredRun {
  Plan plan;
  Responses responses;
  ModelInfo model;  // digest, arch, quantisation, contract, context length, bos, eos, evidence; details: the pins
  bool logits_digest = false;  // the responses carry one: a re-run must make them too
};
StoredRun load_run(const Bundle&);

// Whether `dir` holds a complete bundle of exactly this run. Throws E0701 naming the difference when it holds a
// complete bundle of another one; false when there is no bundle.
bool holds_run(const std::string& dir, const Plan&, const ModelInfo&, bool logits_digest = false);

}  // namespace samebits
