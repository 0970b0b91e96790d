#include "results/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <vector>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "results/bundle.h"
#include "results/fields.h"
#include "results/files.h"
#include "results/records.h"

namespace samebits {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kJournalFormat = "samebits-journal/1";
constexpr size_t kChecksumChars = 16;
constexpr uint64_t kMaxJournalBytes = uint64_t{64} << 30;
// A power failure loses at most this much work; a crash of the process loses none.
constexpr int kRecordsPerSync = 256;
constexpr std::chrono::milliseconds kTimePerSync{1000};

std::string record_line(const json& record) {
  const std::string text = canonical(record);
  return fmt::format("{} {} {}\n", text.size(), sha256_hex(text).substr(0, kChecksumChars), text);
}

// Takes the record at the front of `rest`. Empty when it is torn or damaged.
std::string_view take_record(std::string_view& rest) {
  size_t length = 0;
  const auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
  const size_t text_at = static_cast<size_t>(end - rest.data()) + 1 + kChecksumChars + 1;
  if (status != std::errc() || rest.size() <= text_at || length >= rest.size() - text_at) return {};
  const std::string_view text = rest.substr(text_at, length);
  const std::string_view sum = rest.substr(text_at - 1 - kChecksumChars, kChecksumChars);
  const bool framed = *end == ' ' && rest[text_at - 1] == ' ' && rest[text_at + length] == '\n';
  if (!framed || sum != sha256_hex(text).substr(0, kChecksumChars)) return {};
  rest.remove_prefix(text_at + length + 1);
  return text;
}

// The first record.
std::string header_line(const json& key) { return record_line({{"format", kJournalFormat}, {"key", key}}); }

// Nothing has run yet, so a folder that cannot be used is a wrong -o; only a full disk is not the user's choice.
[[noreturn]] void refuse_folder(const std::string& path, int reason) {
  errno = reason;
  if (reason == ENOSPC || reason == EDQUOT) fail_write(path);
  throw Error("E0709", fmt::format("the output folder cannot be used: {}", std::strerror(reason)), path,
              "choose another folder with -o, or check its permissions");
}

// The folders of a path that are not there, the innermost first.
std::vector<fs::path> missing_folders(const std::string& dir) {
  std::vector<fs::path> out;
  std::error_code ignored;
  for (fs::path at = fs::absolute(dir, ignored).lexically_normal(); !at.empty() && !fs::exists(at, ignored);
       at = at.parent_path())
    if (at.has_filename()) out.push_back(at);
  return out;
}

// Only a new or empty folder, or one that a run left unfinished, may become an output folder.
void check_folder(const std::string& dir) {
  std::error_code failed;
  fs::create_directories(dir, failed);
  const fs::directory_iterator entries = failed ? fs::directory_iterator() : fs::directory_iterator(dir, failed);
  if (failed) refuse_folder(dir, failed.value());
  if (fs::exists(fs::path(dir) / kJournalName)) return;
  if (fs::exists(fs::path(dir) / kSumsName))
    throw Error("E0706", "the folder holds a complete bundle", dir,
                "choose another folder with -o, or remove this one");
  for (const auto& entry : entries)
    throw Error("E0704", "the folder is not empty and was not made by samebits", entry.path().string(),
                "choose a new folder with -o");
}

// Opens and locks the journal. Another process may have finished and removed it in between: then it is made anew.
File open_locked(const std::string& path) {
  while (true) {
    File file(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (file.fd() < 0) refuse_folder(path, errno);
    struct stat here, there;
    if (::fstat(file.fd(), &here) != 0) fail_write(path);
    if (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK)
        throw Error("E0702", "another process is writing this run", path,
                    "wait for it to end, or choose another folder with -o");
      const int reason = errno;  // a file system without locks
      if (here.st_size == 0) ::unlink(path.c_str());
      refuse_folder(path, reason);
    }
    if (::stat(path.c_str(), &there) == 0 && here.st_ino == there.st_ino) return file;
  }
}

}  // namespace

struct Journal::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();  // not the journal's: its constructor may throw when there are folders and a file already

  std::string dir, path;
  File file{-1};
  std::vector<fs::path> made_folders;  // by this object, the innermost first
  Responses known;
  bool ours = false;       // the file is locked, and belongs to this run
  bool responses = false;  // it holds some
  uint64_t dropped = 0;
  int unsynced = 0;
  std::chrono::steady_clock::time_point last_sync = std::chrono::steady_clock::now();

  // Reads what is there; returns the length of the sound part; 0: there is nothing to go on from.
  uint64_t load(std::string_view bytes, const json& key);
};

Journal::State::~State() {
  if (responses) return;
  std::error_code ignored;  // nothing is lost with what stays
  if (ours) fs::remove(path, ignored);
  for (const fs::path& folder : made_folders)
    if (!fs::remove(folder, ignored)) break;  // somebody else uses it
}

uint64_t Journal::State::load(std::string_view bytes, const json& key) {
  if (bytes.find('\n') == std::string_view::npos) return 0;  // whatever run it was, it was killed while it began
  std::string_view rest = bytes;
  const std::string_view header = take_record(rest);
  if (header.empty())
    throw Error("E0708", "the journal is damaged at its start; the answers in it are left as they are", path,
                "restore the file, or remove it to answer everything anew, or choose another folder with -o");
  const json first = parse_json(header, path);
  Fields fields(first, path);
  if (fields.string("format") != kJournalFormat)
    throw Error("E0701", "the journal has another format", path,
                "finish it with the version of samebits that began it");
  if (const std::string difference = key_difference(key, fields.get("key")); !difference.empty()) {
    if (rest.find('\n') == std::string_view::npos) return 0;  // it was killed before its first answer was whole
    throw Error("E0701", "the folder belongs to another run: " + difference, dir,
                "choose another folder with -o, or repeat the command that began this one");
  }
  while (true) {
    const std::string_view text = take_record(rest);
    dropped = rest.size();
    if (text.empty()) return bytes.size() - dropped;
    responses = true;
    const json record = parse_json(text, path);
    Fields f(record, path);
    const auto index = f.integer<uint32_t>("index");
    if (index >= known.size()) fail_field("no such request in the plan", f.where("index"));
    Response response = response_of_json(f.get("response"), path);
    response.index = index;
    known[index].reset();  // a later record replaces an earlier one
    if (response.error.empty()) known[index] = std::move(response);
  }
}

Journal::Journal(const std::string& dir, const Plan& plan, const ModelInfo& model, bool logits_digest)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  const json key = run_key(plan, model, logits_digest);
  const std::string header = header_line(key);  // refuses what no file can hold, before there is a folder
  s.made_folders = missing_folders(dir);
  check_folder(dir);
  s.dir = dir;
  s.path = (fs::path(dir) / kJournalName).string();
  s.file = open_locked(s.path);
  s.known.resize(plan.requests.size());
  const std::string bytes = read_below(dir, kJournalName, kMaxJournalBytes);
  const uint64_t sound = s.load(bytes, key);
  s.ours = true;
  if (sound < bytes.size() && ::ftruncate(s.file.fd(), static_cast<off_t>(sound)) != 0) fail_write(s.path);
  if (sound > 0) return;
  write_all(s.file.fd(), header, s.path);
  sync();
  sync_path(dir);
}

Journal::~Journal() = default;

Responses Journal::take_known() { return std::move(state_->known); }

uint64_t Journal::dropped_bytes() const { return state_->dropped; }

bool Journal::holds_responses() const { return state_->responses; }

void Journal::append(const Response& response) {
  state_->responses = true;
  write_all(state_->file.fd(), record_line({{"index", response.index}, {"response", response_json(response)}}),
            state_->path);
  const bool due = std::chrono::steady_clock::now() - state_->last_sync >= kTimePerSync;
  if (++state_->unsynced >= kRecordsPerSync || due) sync();
}

void Journal::sync() {
  if (::fdatasync(state_->file.fd()) != 0) fail_write(state_->path);
  state_->unsynced = 0;
  state_->last_sync = std::chrono::steady_clock::now();
}

void Journal::remove() {
  if (::unlink(state_->path.c_str()) != 0) fail_write(state_->path);
  sync_path(state_->dir);
}

}  // namespace samebits
