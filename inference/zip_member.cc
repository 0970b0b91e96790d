#include "inference/zip_member.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <vector>

#include "harness/core/error.h"

namespace samebits {
namespace {

static_assert(std::endian::native == std::endian::little, "zip fields are read in place as little-endian");

constexpr uint64_t kEndBytes = 22, kMaxComment = 65'535;  // end of central directory (APPNOTE 4.3.16)
constexpr uint64_t kEntryBytes = 46, kLocalBytes = 30;    // 4.3.12, 4.3.7, without their variable parts
constexpr uint64_t kMaxDirectoryBytes = 64 << 20;
constexpr uint16_t kStored = 0, kDeflated = 8;

struct Member {
  uint16_t flags = 0, method = 0;
  uint32_t crc = 0;
  uint64_t compressed = 0, bytes = 0, local_header = 0;
};

template <class T>
T field(const std::vector<uint8_t>& bytes, uint64_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

class Archive {
 public:
  explicit Archive(const std::string& path) : path_(path), in_(path, std::ios::binary | std::ios::ate) {
    if (!in_) damaged("it cannot be read");
    size_ = static_cast<uint64_t>(in_.tellg());
  }

  std::vector<uint8_t> read(uint64_t at, uint64_t n) {
    if (at > size_ || n > size_ - at) damaged("it ends too early");
    std::vector<uint8_t> out(n);
    in_.seekg(static_cast<std::streamoff>(at));
    if (n && !in_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(n)))
      damaged("it cannot be read");
    return out;
  }

  Member find(const std::string& name) {
    const uint64_t tail_bytes = std::min(size_, kEndBytes + kMaxComment);
    const std::vector<uint8_t> tail = read(size_ - tail_bytes, tail_bytes);
    if (tail_bytes < kEndBytes) damaged("it is too short");
    uint64_t end = tail_bytes - kEndBytes;
    while (field<uint32_t>(tail, end) != 0x06054b50)
      if (end-- == 0) damaged("it is no zip archive");
    const uint64_t n_bytes = field<uint32_t>(tail, end + 12);
    if (n_bytes > kMaxDirectoryBytes) damaged("its directory is too large");
    return find_in(read(field<uint32_t>(tail, end + 16), n_bytes), name);
  }

  [[noreturn]] void damaged(const std::string& why) const {
    throw Error("E0812", "the package cannot be unpacked: " + why, path_, "pull the model again");
  }

 private:
  Member find_in(const std::vector<uint8_t>& directory, const std::string& name) const {
    for (uint64_t at = 0; at + kEntryBytes <= directory.size();) {
      if (field<uint32_t>(directory, at) != 0x02014b50) damaged("its directory is broken");
      const uint64_t name_bytes = field<uint16_t>(directory, at + 28);
      const uint64_t next =
          at + kEntryBytes + name_bytes + field<uint16_t>(directory, at + 30) + field<uint16_t>(directory, at + 32);
      if (next > directory.size()) damaged("its directory is broken");
      const auto* text = reinterpret_cast<const char*>(directory.data() + at + kEntryBytes);
      if (std::string_view(text, name_bytes) == name)
        return {.flags = field<uint16_t>(directory, at + 8),
                .method = field<uint16_t>(directory, at + 10),
                .crc = field<uint32_t>(directory, at + 16),
                .compressed = field<uint32_t>(directory, at + 20),
                .bytes = field<uint32_t>(directory, at + 24),
                .local_header = field<uint32_t>(directory, at + 42)};
      at = next;
    }
    damaged("it has no \"" + name + "\"");
  }

  std::string path_;
  std::ifstream in_;
  uint64_t size_ = 0;
};

// Raw deflate, a chunk at a time. Stored members pass through.
class Decoder {
 public:
  explicit Decoder(bool deflated) : deflated_(deflated) {
    if (deflated_) SAMEBITS_ASSERT(inflateInit2(&stream_, -MAX_WBITS) == Z_OK);
  }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() {
    if (deflated_) inflateEnd(&stream_);
  }

  // False when the data is broken.
  bool feed(std::vector<uint8_t>& chunk, const ByteConsumer& consume) {
    if (!deflated_) {
      consume(chunk);
      return true;
    }
    stream_.next_in = chunk.data();
    stream_.avail_in = static_cast<uInt>(chunk.size());
    int status = Z_OK;
    do {
      stream_.next_out = out_.data();
      stream_.avail_out = static_cast<uInt>(out_.size());
      status = inflate(&stream_, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return false;
      consume({out_.data(), out_.size() - stream_.avail_out});
    } while (stream_.avail_out == 0 && status != Z_STREAM_END);
    return true;
  }

 private:
  bool deflated_;
  z_stream stream_{};
  std::vector<uint8_t> out_ = std::vector<uint8_t>(1 << 18);
};

}  // namespace

void read_zip_member(const std::string& path, const std::string& name, uint64_t max_bytes,
                     const ByteConsumer& consume) {
  Archive archive(path);
  const Member member = archive.find(name);
  if (member.flags & 1) archive.damaged("it is encrypted");
  if (member.method != kStored && member.method != kDeflated) archive.damaged("its compression is not supported");
  if (member.bytes > max_bytes) archive.damaged(fmt::format("\"{}\" is larger than the model can be", name));

  const std::vector<uint8_t> local = archive.read(member.local_header, kLocalBytes);
  if (field<uint32_t>(local, 0) != 0x04034b50) archive.damaged("a member's header is broken");
  uint64_t at = member.local_header + kLocalBytes + field<uint16_t>(local, 26) + field<uint16_t>(local, 28);
  uint64_t written = 0;
  uLong crc = crc32(0, nullptr, 0);
  const ByteConsumer checked = [&](std::span<const uint8_t> bytes) {
    written += bytes.size();
    if (written > member.bytes) archive.damaged("a member is longer than it says");
    crc = crc32(crc, bytes.data(), static_cast<uInt>(bytes.size()));
    consume(bytes);
  };
  Decoder decoder(member.method == kDeflated);
  for (uint64_t left = member.compressed; left > 0;) {
    const uint64_t n = std::min<uint64_t>(left, 1 << 18);
    std::vector<uint8_t> chunk = archive.read(at, n);
    if (!decoder.feed(chunk, checked)) archive.damaged("its compressed data is broken");
    at += n;
    left -= n;
  }
  if (written != member.bytes || crc != member.crc) archive.damaged("a member's checksum does not match");
}

}  // namespace samebits
