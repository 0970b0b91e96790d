#include "tasks/data_file.h"

#include <fmt/core.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include "harness/core/error.h"
#include "harness/core/resources.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;

// bytes fed and taken at a time
constexpr size_t kChunk = size_t{1} << 18;

[[noreturn]] void damaged(const std::string& path, const std::string& what) {
  throw Error("E0409", what, path, "Fetch the file again, or check how it was made.");
}

// Checked before every chunk: a bomb ends at the limit, not in the memory of the machine.
void append(std::string& out, const char* data, size_t n, const std::string& path) {
  if (n > kMaxDataBytes - out.size()) damaged(path, fmt::format("unpacks to more than {} bytes", kMaxDataBytes));
  out.append(data, n);
}

std::string gunzip(const std::string& packed, const std::string& path) {
  z_stream z{};
  if (inflateInit2(&z, 15 + 16) != Z_OK) damaged(path, "zlib cannot start");  // 16: gzip header
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&z, inflateEnd);
  std::string out, chunk(kChunk, '\0');
  size_t fed = 0;
  while (true) {
    if (z.avail_in == 0 && fed < packed.size()) {
      z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + fed));
      z.avail_in = static_cast<uInt>(std::min(packed.size() - fed, kChunk));
      fed += z.avail_in;
    }
    z.next_out = reinterpret_cast<Bytef*>(chunk.data());
    z.avail_out = static_cast<uInt>(chunk.size());
    const int status = inflate(&z, Z_NO_FLUSH);
    append(out, chunk.data(), chunk.size() - z.avail_out, path);
    if (status == Z_STREAM_END) {
      if (z.avail_in == 0 && fed == packed.size()) return out;
      inflateReset(&z);  // a further gzip member
    } else if (status != Z_OK) {
      damaged(path, "the gzip stream is damaged or cut off");
    }
  }
}

std::string unzstd(const std::string& packed, const std::string& path) {
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  std::string out, chunk(kChunk, '\0');
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  size_t left = 1;  // 0: a frame is complete
  while (in.pos < in.size || left != 0) {
    ZSTD_outBuffer to{chunk.data(), chunk.size(), 0};
    const size_t before = in.pos;
    left = ZSTD_decompressStream(context.get(), &to, &in);
    const bool stuck = in.pos == before && to.pos == 0;
    if (ZSTD_isError(left) || (stuck && left != 0)) damaged(path, "the zstd stream is damaged or cut off");
    append(out, chunk.data(), to.pos, path);
  }
  return out;
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

}  // namespace

std::string find_data_file(const DataFile& file, const std::string& task_folder,
                           const std::vector<std::string>& data_dirs) {
  const fs::path name(file.file);
  if (is_file(fs::path(task_folder) / name)) return (fs::path(task_folder) / name).string();
  if (name.is_relative()) {
    const fs::path shipped = fs::path(resource_path("tasks/data")) / name;
    if (is_file(shipped)) return shipped.string();
  }
  for (const std::string& dir : data_dirs)
    for (const fs::path& candidate : {name, name.filename()})
      for (const char* packed : {"", ".gz", ".zst"}) {
        const fs::path path = (fs::path(dir) / candidate).string() + packed;
        if (is_file(path)) return path.string();
      }
  return "";
}

std::string read_data_bytes(const std::string& path) {
  if (!is_file(path)) throw Error("E0101", "there is no such data file", path, "Check the path.");
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = in ? static_cast<std::streamoff>(in.tellg()) : -1;
  if (size < 0) throw Error("E0101", "cannot read the data file", path, "Check the path and its permissions.");
  if (static_cast<size_t>(size) > kMaxDataBytes) damaged(path, fmt::format("larger than {} bytes", kMaxDataBytes));
  std::string bytes(static_cast<size_t>(size), '\0');
  if (!in.seekg(0).read(bytes.data(), size)) throw Error("E0101", "cannot read the data file", path, "Try again.");
  if (bytes.starts_with("\x1f\x8b")) return gunzip(bytes, path);
  if (bytes.starts_with("\x28\xb5\x2f\xfd")) return unzstd(bytes, path);
  return bytes;
}

}  // namespace samebits
