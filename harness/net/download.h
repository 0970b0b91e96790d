// Downloads a URL into a file: resumed, retried, never half there under its final name.
//
// Thread rules: every call is independent; two must not write the same destination. Nothing here reaches a score:
// whoever downloads checks the sha256.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace samebits {

struct DownloadOptions {
  std::function<void(uint64_t done_bytes, uint64_t total_bytes)> progress;  // total 0: not known
  std::optional<uint64_t> expected_bytes;                                   // another size is an error
  int max_attempts = 5;                                                     // in a row without a new byte
  std::chrono::milliseconds backoff{500};                                   // before the second attempt; then doubled
  std::chrono::seconds connect_timeout{30};
  std::chrono::seconds stall_timeout{60};  // without a byte
};

// https, http and file URLs. Writes to `destination`.part, continues one that is there, and renames it at the end.
// Retries connection failures, cut transfers and HTTP 408, 425, 429, 5xx (after Retry-After, at most two minutes).
// Throws E0801 (URL), E0802 (refused by the server), E0803 (network), E0804 (disk), E0805 (wrong size).
void download(const std::string& url, const std::string& destination, const DownloadOptions& = {});

}  // namespace samebits
