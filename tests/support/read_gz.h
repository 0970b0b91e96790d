// The whole text of a gzip file, for oracles that are stored compressed.
#pragma once

#include <zlib.h>

#include <stdexcept>
#include <string>

namespace samebits {

inline std::string read_gz(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (!file) throw std::runtime_error("cannot open " + path);
  std::string text, block(1 << 16, '\0');
  int n = 0;
  while ((n = gzread(file, block.data(), static_cast<unsigned>(block.size()))) > 0)
    text.append(block, 0, static_cast<size_t>(n));
  const bool whole = n == 0;
  gzclose(file);
  if (!whole) throw std::runtime_error("damaged: " + path);
  return text;
}

}  // namespace samebits
