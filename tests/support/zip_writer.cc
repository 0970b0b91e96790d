#include "tests/support/zip_writer.h"

#include <zlib.h>

#include "harness/core/error.h"
#include "tests/support/gguf_writer.h"

namespace samebits {
namespace {

std::vector<uint8_t> deflated(const std::vector<uint8_t>& bytes) {
  z_stream stream{};
  SAMEBITS_ASSERT(deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::vector<uint8_t> out(deflateBound(&stream, bytes.size()));
  stream.next_in = const_cast<uint8_t*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  SAMEBITS_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

void append(ByteSink& out, const std::vector<uint8_t>& bytes) {
  out.bytes.insert(out.bytes.end(), bytes.begin(), bytes.end());
}

// The fields that the local header and the directory share, from "version needed" on.
void common_fields(ByteSink& out, const ZipEntry& e, const std::vector<uint8_t>& stored) {
  out.number<uint16_t>(20).number<uint16_t>(0).number<uint16_t>(e.deflated ? 8 : 0).number<uint32_t>(0);
  out.number(static_cast<uint32_t>(crc32(0, e.bytes.data(), static_cast<uInt>(e.bytes.size()))));
  out.number(static_cast<uint32_t>(stored.size())).number(static_cast<uint32_t>(e.bytes.size()));
  out.number(static_cast<uint16_t>(e.name.size())).number<uint16_t>(0);
}

}  // namespace

std::vector<uint8_t> zip_archive(const std::vector<ZipEntry>& entries) {
  ByteSink out, directory;
  for (const ZipEntry& e : entries) {
    const std::vector<uint8_t> stored = e.deflated ? deflated(e.bytes) : e.bytes;
    const std::vector<uint8_t> name(e.name.begin(), e.name.end());
    directory.number<uint32_t>(0x02014b50).number<uint16_t>(20);
    common_fields(directory, e, stored);
    directory.number<uint16_t>(0).number<uint16_t>(0).number<uint16_t>(0).number<uint32_t>(0);
    directory.number(static_cast<uint32_t>(out.bytes.size()));
    append(directory, name);
    out.number<uint32_t>(0x04034b50);
    common_fields(out, e, stored);
    append(out, name);
    append(out, stored);
  }
  const auto start = static_cast<uint32_t>(out.bytes.size());
  append(out, directory.bytes);
  const auto n = static_cast<uint16_t>(entries.size());
  out.number<uint32_t>(0x06054b50).number<uint32_t>(0).number(n).number(n);
  out.number(static_cast<uint32_t>(directory.bytes.size())).number(start).number<uint16_t>(0);
  return out.bytes;
}

}  // namespace samebits
