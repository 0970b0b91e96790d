// A model of a few kilobytes for tests that run the program end to end.
#pragma once

#include <fstream>
#include <string>

#include "tests/cli/program.h"
#include "tests/support/tiny_model.h"

namespace samebits {

// Writes a tiny llama (Q8_0, random weights) and returns its path.
inline std::string write_tiny_model(const Scratch& scratch) {
  TinyModelSpec spec;
  spec.context = 2048;
  const std::vector<uint8_t> bytes = tiny_model(spec);
  const std::string path = scratch / "tiny.gguf";
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return path;
}

}  // namespace samebits
