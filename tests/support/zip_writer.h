// Writes small zip archives for tests (APPNOTE 4.3), members stored or deflated.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace samebits {

struct ZipEntry {
  std::string name;
  std::vector<uint8_t> bytes;
  bool deflated = true;
};

std::vector<uint8_t> zip_archive(const std::vector<ZipEntry>& entries);

}  // namespace samebits
