// Writes GGUF v3 files for tests and benchmarks: any metadata, tensors of every supported type.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "inference/gguf.h"

namespace samebits {

using GgufField = std::variant<uint8_t, int8_t, uint16_t, int16_t, uint32_t, int32_t, float, bool, std::string,
                               uint64_t, int64_t, double, std::vector<int32_t>, std::vector<uint32_t>,
                               std::vector<float>, std::vector<bool>, std::vector<std::string>>;

class GgufWriter {
 public:
  // In the order of the first set(); a later one of the same key replaces its value.
  void set(const std::string& key, GgufField value);
  // `shape[0]` is contiguous. `bytes` must have the size that type and shape give.
  void tensor(const std::string& name, TensorType type, std::vector<uint64_t> shape, std::vector<uint8_t> bytes);
  // The same, made when the file is: a big model never lies in memory as a whole.
  void tensor(const std::string& name, TensorType type, std::vector<uint64_t> shape,
              std::function<std::vector<uint8_t>()> make);

  std::vector<uint8_t> finish() const;
  void write(const std::string& path) const;

 private:
  struct Entry {
    std::string name;
    TensorType type;
    std::vector<uint64_t> shape;
    std::function<std::vector<uint8_t>()> make;

    uint64_t size_bytes() const;
  };
  using Sink = std::function<void(const std::vector<uint8_t>&)>;
  void write_to(const Sink&) const;

  std::vector<std::pair<std::string, GgufField>> fields_;
  std::vector<Entry> tensors_;
};

// Little-endian bytes, appended.
class ByteSink {
 public:
  template <class T>
  ByteSink& number(T value) {
    const auto* p = reinterpret_cast<const uint8_t*>(&value);
    bytes.insert(bytes.end(), p, p + sizeof value);
    return *this;
  }
  ByteSink& string(const std::string& s) {
    number<uint64_t>(s.size());
    bytes.insert(bytes.end(), s.begin(), s.end());
    return *this;
  }
  ByteSink& pad(size_t alignment) {
    while (bytes.size() % alignment != 0) bytes.push_back(0);
    return *this;
  }

  std::vector<uint8_t> bytes;
};

// Random blocks whose weights stay within about ±magnitude: random quants, scales set to fit.
std::vector<uint8_t> random_tensor(TensorType, uint64_t rows, uint64_t cols, uint64_t seed, float magnitude);

// The bytes of float32 values.
std::vector<uint8_t> f32_bytes(const std::vector<float>& values);

void write_file(const std::string& path, const std::vector<uint8_t>& bytes);

}  // namespace samebits
