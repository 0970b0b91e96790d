#include "results/bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "harness/core/registry.h"
#include "results/encoding.h"
#include "results/files.h"
#include "results/measured.h"
#include "results/read.h"

namespace samebits {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kStagingName = ".staging";  // not a safe path, so a reader never takes it for content
constexpr const char* kTopLevel[] = {"claims", "observations", "reports", kIndexName};

size_t longest_line(std::string_view text) {
  size_t longest = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    longest = std::max(longest, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return longest;
}

// Files written so far, by path. Refuses what a reader would refuse.
class Staging {
 public:
  Staging(fs::path root, const BundleLimits& limits) : root_(std::move(root)), limits_(limits) {
    fs::remove_all(root_);
  }
  ~Staging() {  // after a refusal; once it is published, there is nothing left
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  void add(const std::string& path, std::string_view bytes) {
    SAMEBITS_ASSERT(is_safe_path(path) || path == kSumsName);
    const bool fresh = path == kSumsName || digests_.emplace(path, sha256_hex(bytes)).second;
    SAMEBITS_ASSERT(fresh);
    check_limits(path, bytes);
    write_file((root_ / path).string(), bytes);
  }

  std::string sums() const {  // std::map is in byte order, as LC_ALL=C sort
    std::string out;
    for (const auto& [path, digest] : digests_) out += digest + "  " + path + "\n";
    return out;
  }

 private:
  void check_limits(const std::string& path, std::string_view bytes) {
    const auto at_most = [&](uint64_t value, uint64_t limit, const char* what) {
      if (value > limit)
        throw Error("E0707",
                    fmt::format("the bundle would have {} {}; at most {} can be read back", value, what, limit), path,
                    "run fewer tasks at a time, each into its own folder; the answers so far stay in the journal");
    };
    for (fs::path entry = path; !entry.empty(); entry = entry.parent_path()) entries_.insert(entry.generic_string());
    at_most(entries_.size(), limits_.files, "files and folders");
    at_most(bytes.size(), limits_.file_bytes, "bytes in one file");
    if (path != kSumsName) total_bytes_ += bytes.size();
    at_most(total_bytes_, limits_.total_bytes, "bytes in all");
    if (path.ends_with(".jsonl")) at_most(longest_line(bytes), limits_.line_bytes, "bytes in one line");
  }

  fs::path root_;
  BundleLimits limits_;
  std::map<std::string, std::string> digests_;
  std::set<std::string> entries_;  // files and the folders above them
  uint64_t total_bytes_ = 0;
};

// Returns them as a reader will find them, so that reports follow from what is in the bundle.
json add_observations(const BundleInput& input, Staging& staging) {
  json read_back = json::object();
  const std::string requests = requests_jsonl(input.measured);
  json all = input.observations;
  all["latency"] = latency_json(requests, input.claims.plan.requests.size());
  SAMEBITS_ASSERT(std::all_of(all.items().begin(), all.items().end(), [](const auto& item) {
    return std::find(std::begin(kObservations), std::end(kObservations), item.key()) != std::end(kObservations);
  }));
  for (const char* name : kObservations) {
    const std::string path = observation_path(name), bytes = canonical(all.value(name, json::object()));
    read_back[name] = parse_json(bytes, path);
    staging.add(path, bytes);
  }
  staging.add(kMeasuredName, requests);
  return read_back;
}

// The claims as reporters see them (read.h), gathered while the files are written.
class ReportClaims {
 public:
  void see(const std::string& path, const std::string& bytes) {
    if (path.ends_with(".json")) files_[path] = bytes;
  }
  json value(const std::string& claims_digest) const {
    return report_claims(claims_digest, [&](const std::string& path) -> json {
      const auto it = files_.find(path);
      return it == files_.end() ? json() : parse_json(it->second, path);
    });
  }

 private:
  std::map<std::string, std::string> files_;
};

void sync_tree(const fs::path& root) {
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.is_directory()) sync_path(entry.path().string());
  sync_path(root.string());
}

// Moves the staged entries into place, SHA256SUMS last.
void publish(const fs::path& dir, const fs::path& staging) {
  fs::remove(dir / kSumsName);
  for (const char* name : kTopLevel) {
    fs::remove_all(dir / name);
    if (fs::exists(staging / name)) fs::rename(staging / name, dir / name);
  }
  sync_path(dir.string());
  fs::rename(staging / kSumsName, dir / kSumsName);
  fs::remove_all(staging);
  sync_path(dir.string());
}

}  // namespace

std::string claims_digest_of(std::string_view sums) {
  constexpr size_t kPathAt = 66;  // 64 hex digits and two spaces
  Sha256 digest;
  while (!sums.empty()) {
    const std::string_view line = sums.substr(0, sums.find('\n') + 1);
    if (line.size() <= kPathAt) break;
    if (line.substr(kPathAt).starts_with("claims/")) digest.update(line);
    sums.remove_prefix(line.size());
  }
  return digest.hex();
}

std::string observation_path(const std::string& name) { return "observations/" + name + ".json"; }

std::string report_path(const Reporter& reporter) { return "reports/report." + path_name(reporter.extension()); }

std::string write_bundle(const std::string& dir, const BundleInput& input, const BundleLimits& limits) {
  const fs::path root = dir, staged = root / kStagingName;
  try {
    fs::create_directories(root);
    Staging staging(staged, limits);
    ReportClaims seen;
    render_claims(input.claims, [&](const std::string& path, std::string&& bytes) {
      staging.add(path, bytes);
      seen.see(path, bytes);
    });
    const std::string digest = claims_digest_of(staging.sums());
    const json observations = add_observations(input, staging);
    const json claims = seen.value(digest);
    for (const std::string& name : input.reporters) {
      const Reporter& reporter = Registry<Reporter>::instance().get(name);
      staging.add(report_path(reporter), reporter.render(claims, observations));
    }
    staging.add(kIndexName, canonical({{"format", kBundleFormat}, {"claims_digest", digest}}));
    const std::string sums = staging.sums();
    staging.add(kSumsName, sums);
    sync_tree(staged);
    publish(root, staged);
    return digest;
  } catch (const fs::filesystem_error& e) {
    throw Error("E0703", "the bundle cannot be written: " + e.code().message(), e.path1().string(),
                "free some space or choose another folder with -o; the same command then goes on where it stopped");
  }
}

}  // namespace samebits
