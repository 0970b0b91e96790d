// Files of an output folder: durable writing, and reading that follows no link.
//
// Errors: E0703 when something cannot be written, E0605 and E0606 when something may not be read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace samebits {

// An open file descriptor, closed at the end of its life.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();
  int fd() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void fail_write(const std::string& path);  // E0703 with errno's text

// Writes all of it; E0703 on a full disk or a failing device.
void write_all(int fd, std::string_view bytes, const std::string& path);

// Makes a file or folder survive a power failure.
void sync_path(const std::string& path);

// Creates or replaces a file, synced. Its folder is created; sync that one yourself.
void write_file(const std::string& path, std::string_view bytes);

// A regular file below `root`, no component of `relative` a link. At most max_bytes (E0606).
std::string read_below(const std::string& root, const std::string& relative, uint64_t max_bytes);

}  // namespace samebits
