#include "results/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "harness/core/error.h"

namespace samebits {
namespace fs = std::filesystem;

// Moved-from files hold -1 and close nothing.
File::File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

void fail_write(const std::string& path) {
  throw Error("E0703", fmt::format("the output cannot be written: {}", std::strerror(errno)), path,
              "free some space or choose another folder with -o; the same command then goes on where it stopped");
}

void write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;  // a signal, not a failure
    if (n < 0) fail_write(path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

// A folder is synced like a file: its entries are its content.
void sync_path(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0 || ::fsync(file.fd()) != 0) fail_write(path);
}

void write_file(const std::string& path, std::string_view bytes) {
  std::error_code failed;
  fs::create_directories(fs::path(path).parent_path(), failed);
  if (failed) {
    errno = failed.value();
    fail_write(path);
  }
  // O_NOFOLLOW: a link that somebody put there must not send the bytes elsewhere.
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (file.fd() < 0) fail_write(path);
  write_all(file.fd(), bytes, path);
  if (::fsync(file.fd()) != 0) fail_write(path);
}

std::string read_below(const std::string& root, const std::string& relative, uint64_t max_bytes) {
  const std::string path = root + "/" + relative;
  const auto unsafe = [&](const char* problem) {
    return Error("E0605", problem, path, "take the bundle from a source that you trust; nothing in it was followed");
  };
  // Component by component from an open folder: nothing can be exchanged for a link between a check and its use.
  // O_NONBLOCK: opening a FIFO would wait for ever.
  File at(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (const fs::path& component : fs::path(relative)) {
    const File parent = std::move(at);
    at = File(::openat(parent.fd(), component.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (at.fd() < 0 && errno == ELOOP) throw unsafe("a symbolic link in a bundle");
    if (at.fd() < 0)
      throw Error("E0101", fmt::format("a file cannot be read: {}", std::strerror(errno)), path,
                  "check that you may read it");
  }
  struct stat info;
  if (::fstat(at.fd(), &info) != 0 || !S_ISREG(info.st_mode)) throw unsafe("not a regular file");
  std::string bytes;
  char buffer[1 << 16];
  while (true) {
    const ssize_t n = ::read(at.fd(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw Error("E0101", fmt::format("reading failed: {}", std::strerror(errno)), path, "check the disk");
    if (n == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(n));
    // Counted while reading: the size that the file system tells may change, or be 0 in /proc.
    if (bytes.size() > max_bytes)
      throw Error("E0606", fmt::format("the file is longer than {} bytes", max_bytes), path,
                  "nothing that samebits writes is that large");
  }
}

}  // namespace samebits
