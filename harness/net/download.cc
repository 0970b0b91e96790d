#include "harness/net/download.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include "harness/core/error.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kMaxRetryAfter{120};

struct FileCloser {
  void operator()(std::FILE* f) const { std::fclose(f); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

struct CurlCloser {
  void operator()(CURL* c) const { curl_easy_cleanup(c); }
};
using Curl = std::unique_ptr<CURL, CurlCloser>;

uint64_t size_of(const std::string& path) {
  std::error_code absent;
  const uint64_t n = fs::file_size(path, absent);
  return absent ? 0 : n;
}

[[noreturn]] void disk_error(const std::string& path) {
  throw Error("E0804", fmt::format("the download cannot be written: {}", std::strerror(errno)), path,
              "free some space, or set SAMEBITS_CACHE to another disk");
}

// What one attempt knows while libcurl calls back.
struct Transfer {
  CURL* curl;
  const DownloadOptions& options;
  std::string part;
  uint64_t resumed_from;
  File file;
  bool disk_failed = false, too_long = false;
  uint64_t written = 0;
};

size_t on_body(char* data, size_t size, size_t n, void* user) {
  Transfer& t = *static_cast<Transfer*>(user);
  const size_t bytes = size * n;
  if (!t.file) t.file.reset(std::fopen(t.part.c_str(), t.resumed_from > 0 ? "ab" : "wb"));
  if (!t.file || std::fwrite(data, 1, bytes, t.file.get()) != bytes) {
    t.disk_failed = true;
    return 0;
  }
  t.written += bytes;
  t.too_long = t.options.expected_bytes && t.resumed_from + t.written > *t.options.expected_bytes;
  return t.too_long ? 0 : bytes;
}

int on_progress(void* user, curl_off_t total, curl_off_t done, curl_off_t, curl_off_t) {
  const Transfer& t = *static_cast<Transfer*>(user);
  if (t.options.progress && done > 0)
    t.options.progress(t.resumed_from + static_cast<uint64_t>(done),
                       total > 0 ? t.resumed_from + static_cast<uint64_t>(total) : 0);
  return 0;
}

void configure(Transfer& t, const std::string& url) {
  const auto set = [&](CURLoption option, auto value) { SAMEBITS_ASSERT(!curl_easy_setopt(t.curl, option, value)); };
  curl_easy_setopt(t.curl, CURLOPT_URL, url.c_str());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_FAILONERROR, 1L);  // an error page is no model
  set(CURLOPT_FOLLOWLOCATION, 1L);
  set(CURLOPT_MAXREDIRS, 10L);
  set(CURLOPT_PROTOCOLS_STR, "http,https,file");
  set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(t.options.connect_timeout.count()));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(t.options.stall_timeout.count()));
  set(CURLOPT_USERAGENT, "samebits");
  set(CURLOPT_RESUME_FROM_LARGE, static_cast<curl_off_t>(t.resumed_from));
  set(CURLOPT_WRITEFUNCTION, &on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&t));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&t));
}

enum class Outcome { done, retry, restart };  // restart: the part is of no use

struct Attempt {
  Outcome outcome = Outcome::retry;
  bool advanced = false;        // new bytes arrived
  milliseconds retry_after{0};  // asked for by the server
  std::string reason;
};

bool worth_retrying(long status) { return status == 408 || status == 425 || status == 429 || status >= 500; }

// What an error status means: to be retried, or thrown.
void judge_status(Transfer& t, const std::string& url, long status, Attempt& attempt) {
  attempt.reason = fmt::format("HTTP status {}", status);
  if (!worth_retrying(status))
    throw Error("E0802", fmt::format("the server answered HTTP status {}", status), url,
                status == 404 ? "check the URL: nothing is there" : "check the URL and whether you may read it");
  curl_off_t seconds = 0;
  curl_easy_getinfo(t.curl, CURLINFO_RETRY_AFTER, &seconds);
  if (seconds > kMaxRetryAfter.count())
    throw Error("E0802", fmt::format("the server asks to wait {} seconds", seconds), url, "try again later");
  attempt.retry_after = std::chrono::seconds(seconds);
}

Attempt try_once(const std::string& url, const std::string& part, const DownloadOptions& options) {
  const Curl curl(curl_easy_init());
  SAMEBITS_ASSERT(curl);
  Transfer t{.curl = curl.get(), .options = options, .part = part, .resumed_from = size_of(part), .file = nullptr};
  configure(t, url);
  const CURLcode code = curl_easy_perform(curl.get());
  if (t.file && std::fclose(t.file.release()) != 0) t.disk_failed = true;
  if (t.disk_failed) disk_error(part);

  Attempt attempt;
  attempt.advanced = t.written > 0;
  attempt.reason = curl_easy_strerror(code);
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (t.too_long) {
    fs::remove(part);
    throw Error("E0805",
                fmt::format("the download is longer than the {} bytes it should have", *options.expected_bytes), url,
                "the file on the server is another one: check the URL");
  }
  if (code == CURLE_OK && status == 416) {  // no bytes after the part's: it is complete or, as likely, another file's
    attempt.outcome = Outcome::restart;
  } else if (code == CURLE_OK) {
    attempt.outcome = Outcome::done;
    if (t.written == 0 && t.resumed_from == 0) File(std::fopen(part.c_str(), "wb"));  // an empty file
  } else if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT) {
    throw Error("E0801", "this URL cannot be downloaded", url, "give an https, http or file URL");
  } else if (code == CURLE_FILE_COULDNT_READ_FILE) {
    throw Error("E0802", "the file of this URL cannot be read", url, "check the path in the URL");
  } else if (code == CURLE_HTTP_RETURNED_ERROR) {
    judge_status(t, url, status, attempt);
  } else if (code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME) {  // the server cannot continue
    attempt.outcome = Outcome::restart;
  }
  return attempt;
}

void check_size(const std::string& url, const std::string& part, const DownloadOptions& options) {
  const uint64_t n = size_of(part);
  if (!options.expected_bytes || n == *options.expected_bytes) return;
  fs::remove(part);
  throw Error("E0805", fmt::format("the download has {} bytes instead of {}", n, *options.expected_bytes), url,
              "the file on the server is another one: check the URL");
}

}  // namespace

void download(const std::string& url, const std::string& destination, const DownloadOptions& options) {
  static std::once_flag initialised;
  std::call_once(initialised, [] { SAMEBITS_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
  const std::string part = destination + ".part";
  std::error_code ignored;
  if (options.expected_bytes && size_of(part) > *options.expected_bytes) fs::remove(part, ignored);

  milliseconds pause = options.backoff;
  for (int failures = 0;;) {
    const bool whole =
        options.expected_bytes && *options.expected_bytes > 0 && size_of(part) == *options.expected_bytes;
    if (whole) break;  // all arrived before an earlier call was interrupted
    const Attempt attempt = try_once(url, part, options);
    if (attempt.outcome == Outcome::done) break;
    if (attempt.outcome == Outcome::restart) fs::remove(part, ignored);
    if (attempt.advanced) failures = 0, pause = options.backoff;
    if (++failures >= options.max_attempts)
      throw Error("E0803", fmt::format("the download failed {} times: {}", failures, attempt.reason), url,
                  "check the network, then run the same command again: it continues where it stopped");
    std::this_thread::sleep_for(std::max<milliseconds>(pause, attempt.retry_after));
    pause *= 2;
  }
  check_size(url, part, options);
  if (std::rename(part.c_str(), destination.c_str()) != 0) disk_error(destination);
}

}  // namespace samebits
