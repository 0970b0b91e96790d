#include "results/read.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "results/bundle.h"
#include "results/encoding.h"
#include "results/fields.h"
#include "results/files.h"
#include "results/journal.h"

namespace samebits {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kTrust = "take the bundle from a source that you trust; nothing in it was followed";
constexpr const char* kCopyAgain = "copy or download the bundle again; if it stays, the bundle was altered";
constexpr size_t kDigestChars = 64, kPathAt = kDigestChars + 2;

// ---- The folder: paths and kinds of files, before any content is read ----

std::set<std::string> list_files(const std::string& dir, const BundleLimits& limits) {
  std::set<std::string> files, folders;
  size_t entries = 0;
  for (const auto& entry : fs::recursive_directory_iterator(dir)) {
    const std::string path = entry.path().lexically_relative(dir).generic_string();
    if (++entries > limits.files) throw Error("E0606", fmt::format("more than {} files", limits.files), dir, kTrust);
    if (!is_safe_path(path) && path != kSumsName) throw Error("E0605", "an unsafe path in a bundle", path, kTrust);
    const fs::file_status status = entry.symlink_status();  // of the entry itself: a link is never followed
    if (!fs::is_regular_file(status) && (!fs::is_directory(status) || path == kSumsName))
      throw Error("E0605", "a link or special file in a bundle", path, kTrust);
    (fs::is_regular_file(status) ? files : folders).insert(path);
  }
  for (const std::string& folder : folders) {
    const auto inside = files.lower_bound(folder + "/");
    if (inside == files.end() || !inside->starts_with(folder + "/"))
      throw Error("E0609", "an empty folder", dir + "/" + folder, kCopyAgain);
  }
  return files;
}

bool is_lower_hex(std::string_view s) {
  return std::all_of(s.begin(), s.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// SHA256SUMS in the one form that samebits writes: ascending paths, each once, every line ended.
std::map<std::string, std::string> parse_sums(std::string_view sums, const std::string& where) {
  std::map<std::string, std::string> files;
  std::string previous;
  for (size_t line = 1; !sums.empty(); ++line) {
    const auto malformed = [&](const char* problem) {
      return Error("E0607", fmt::format("SHA256SUMS is not in its canonical form: {}", problem),
                   fmt::format("{}, line {}", where, line), "take the file as samebits wrote it");
    };
    const size_t end = sums.find('\n');
    if (end == std::string_view::npos) throw malformed("the last line has no end");
    const std::string_view text = sums.substr(0, end);
    sums.remove_prefix(end + 1);
    if (text.size() <= kPathAt || !is_lower_hex(text.substr(0, kDigestChars)) || text.substr(kDigestChars, 2) != "  ")
      throw malformed("not \"<64 hex digits>  <path>\"");
    const std::string path(text.substr(kPathAt));
    if (!is_safe_path(path)) throw Error("E0605", "an unsafe path in SHA256SUMS", where, kTrust);
    if (path <= previous) throw malformed("the paths do not ascend");
    files.emplace(path, text.substr(0, kDigestChars));
    previous = path;
  }
  return files;
}

void check_same_files(const std::set<std::string>& there, const std::map<std::string, std::string>& listed,
                      const std::string& dir) {
  for (const auto& [path, digest] : listed)
    if (!there.contains(path)) throw Error("E0609", "a file is missing", dir + "/" + path, kCopyAgain);
  const auto need = [&](const std::string& path) {
    if (!listed.contains(path)) throw Error("E0609", "a file is missing", dir + "/" + path, kCopyAgain);
  };
  // Every bundle has these, empty or not, so that leaving one out is no way to hide what was measured.
  for (const char* name : kObservations) need(observation_path(name));
  need(kMeasuredName);
  for (const std::string& path : there)
    if (path != kSumsName && !listed.contains(path))
      throw Error("E0609", "a file is not listed in SHA256SUMS", dir + "/" + path, kCopyAgain);
}

// ---- Content ----

// The profile of claims: keys of [a-z0-9._-], portable text, no numbers but integers.
void check_profile(const json& v, const std::string& where) {
  if (v.is_number_float()) fail_field("a number that is no integer", where);
  if (v.is_string() && !is_portable_text(v.get_ref<const std::string&>())) fail_field("text that needs base64", where);
  if (v.is_array())
    for (const json& element : v) check_profile(element, where);
  if (!v.is_object()) return;
  for (const auto& [key, value] : v.items()) {
    const bool plain = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    });
    if (!plain) fail_field("a key outside [a-z0-9._-]", where);
    check_profile(value, where);
  }
}

// Checks every line of items.jsonl, their number and Merkle root against task.json beside it.
void check_items(const Bundle& bundle, const std::string& path, const std::string& text, size_t line_bytes) {
  MerkleRoot root;
  uint64_t n = 0;
  for_each_line(text, path, line_bytes, [&](std::string_view line, const std::string& where) {
    check_profile(parse_canonical(line, where), where);
    root.add(line);
    ++n;
  });
  const std::string task_path = path.substr(0, path.rfind('/')) + "/task.json";
  const json task = bundle.read_json(task_path);
  Fields f(task, task_path);
  if (f.integer<uint64_t>("n") != n || f.string("items_root") != root.hex())
    throw Error("E0611", "the items are not those that task.json names", path, kCopyAgain);
}

// Of what the claims may hold, verification tells more: it renders them again.
bool is_known_place(const std::string& path) {
  if (path.starts_with("claims/") || path == kIndexName || path == kMeasuredName) return true;
  // Plugins add reports; which ones, only verification can tell.
  constexpr std::string_view kReport = "reports/report.";
  if (path.starts_with(kReport)) return path.find('/', kReport.size()) == std::string::npos;
  return std::any_of(std::begin(kObservations), std::end(kObservations),
                     [&](const char* name) { return path == observation_path(name); });
}

// By kind and place. Reports may be of any form: they are compared with their rendering, never parsed.
void check_content(const Bundle& bundle, const std::string& path, const std::string& text, const BundleLimits& limits) {
  if (!is_known_place(path)) fail_field("a file that the bundle's format does not know", path);
  const bool claims = path.starts_with("claims/");
  if (path.ends_with("/items.jsonl") && claims) {
    check_items(bundle, path, text, limits.line_bytes);
  } else if (path.ends_with(".jsonl") && !path.starts_with("reports/")) {
    for_each_line(text, path, limits.line_bytes,
                  [](std::string_view line, const std::string& where) { parse_canonical(line, where); });
  } else if (path.ends_with(".json") && !path.starts_with("reports/")) {
    const json value = parse_canonical(text, path);
    if (claims || path == kIndexName) check_profile(value, path);
  } else if (claims) {
    fail_field("a file of an unknown kind among the claims", path);
  }
}

void check_index(const Bundle& bundle) {
  const json index = bundle.read_json(kIndexName);
  if (index.is_null()) fail_field("the index is missing", bundle.dir() + "/" + kIndexName);
  Fields f(index, kIndexName);
  if (f.string("format") != kBundleFormat) fail_field("a format that this version does not know", f.where("format"));
  if (f.string("claims_digest") != bundle.claims_digest())
    throw Error("E0611", "the index names another claims digest", f.where("claims_digest"), kCopyAgain);
  f.done();
}

}  // namespace

Bundle Bundle::open(const std::string& dir, BundleLimits limits) {
  Bundle bundle;
  bundle.dir_ = dir;
  bundle.limits_ = limits;
  try {
    if (fs::exists(fs::path(dir) / kJournalName))
      throw Error("E0614", "the run in this folder is not complete", dir, "repeat the command that began it");
    if (!fs::is_directory(dir) || !fs::exists(fs::path(dir) / kSumsName))
      throw Error("E0614", "this is no result bundle", dir, "name the folder that holds SHA256SUMS");
    const std::set<std::string> there = list_files(dir, limits);
    const std::string sums = read_below(dir, kSumsName, limits.file_bytes);
    bundle.files_ = parse_sums(sums, dir + "/" + kSumsName);
    check_same_files(there, bundle.files_, dir);
    bundle.claims_digest_ = claims_digest_of(sums);
  } catch (const fs::filesystem_error& e) {
    throw Error("E0101", "the bundle cannot be read: " + e.code().message(), e.path1().string(),
                "check that you may read it");
  }
  // Paths and kinds are safe from here on; now every byte is read once.
  uint64_t total = 0;
  for (const auto& [path, digest] : bundle.files_) {
    const std::string text = bundle.read(path);
    if ((total += text.size()) > limits.total_bytes)
      throw Error("E0606", fmt::format("more than {} bytes in all", limits.total_bytes), dir, kTrust);
    check_content(bundle, path, text, limits);
  }
  check_index(bundle);
  return bundle;
}

std::string Bundle::read(const std::string& path) const {
  std::string bytes = read_below(dir_, path, limits_.file_bytes);
  // Every time: the folder belongs to somebody else, who may write while we read.
  const auto it = files_.find(path);
  if (it == files_.end() || sha256_hex(bytes) != it->second)
    throw Error("E0608", "a file differs from its digest in SHA256SUMS", dir_ + "/" + path, kCopyAgain);
  return bytes;
}

json Bundle::read_json(const std::string& path) const { return has(path) ? parse_canonical(read(path), path) : json(); }

json Bundle::claims() const {
  return report_claims(claims_digest_, [this](const std::string& path) { return read_json(path); });
}

json Bundle::observations() const {
  constexpr std::string_view kFolder = "observations/", kEnd = ".json";
  json out = json::object();
  for (const auto& [path, digest] : files_)
    if (path.starts_with(kFolder) && path.ends_with(kEnd))
      out[path.substr(kFolder.size(), path.size() - kFolder.size() - kEnd.size())] = read_json(path);
  return out;
}

json report_claims(const std::string& claims_digest, const std::function<json(const std::string&)>& file) {
  return with_shape_errors("claims", [&] {
    json out = {{"claims_digest", claims_digest}};
    out["run"] = file("claims/run.json");
    out["groups"] = file("claims/groups.json");
    out["safety"] = file("claims/safety.json");
    out["energy_proxies"] = file("claims/energy_proxies.json");
    json& tasks = out["tasks"] = json::array();
    for (const json& task : out["run"].at("key").at("tasks")) {
      const std::string folder = task_folder(text_of_json(task.at("id"), "claims/run.json"));
      json entry = file(folder + "/task.json");
      entry["scores"] = file(folder + "/scores.json");
      tasks.push_back(std::move(entry));
    }
    return out;
  });
}

void for_each_line(std::string_view text, const std::string& where, size_t max_bytes,
                   const std::function<void(std::string_view, const std::string&)>& line) {
  for (size_t number = 1; !text.empty(); ++number) {
    const std::string here = fmt::format("{}, line {}", where, number);
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) fail_field("the last line has no end", here);
    if (end > max_bytes) throw Error("E0606", fmt::format("a line of more than {} bytes", max_bytes), here, kTrust);
    line(text.substr(0, end), here);
    text.remove_prefix(end + 1);
  }
}

}  // namespace samebits
