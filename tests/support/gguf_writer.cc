#include "tests/support/gguf_writer.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <type_traits>

#include "harness/core/error.h"
#include "inference/quants.h"
#include "tests/support/random.h"

namespace samebits {
namespace {

constexpr uint32_t kAlignment = 32;

// GGUF's value type ids.
template <class T>
constexpr uint32_t type_id() {
  if constexpr (std::is_same_v<T, uint8_t>) return 0;
  if constexpr (std::is_same_v<T, int8_t>) return 1;
  if constexpr (std::is_same_v<T, uint16_t>) return 2;
  if constexpr (std::is_same_v<T, int16_t>) return 3;
  if constexpr (std::is_same_v<T, uint32_t>) return 4;
  if constexpr (std::is_same_v<T, int32_t>) return 5;
  if constexpr (std::is_same_v<T, float>) return 6;
  if constexpr (std::is_same_v<T, bool>) return 7;
  if constexpr (std::is_same_v<T, std::string>) return 8;
  if constexpr (std::is_same_v<T, uint64_t>) return 10;
  if constexpr (std::is_same_v<T, int64_t>) return 11;
  if constexpr (std::is_same_v<T, double>) return 12;
}
constexpr uint32_t kArray = 9;

template <class T>
void put(ByteSink& out, const T& value) {
  if constexpr (std::is_same_v<T, std::string>)
    out.string(value);
  else if constexpr (std::is_same_v<T, bool>)
    out.number<uint8_t>(value);
  else
    out.number(value);
}

template <class T>
void put_typed(ByteSink& out, const T& value) {
  out.number(type_id<T>());
  put(out, value);
}

template <class T>
void put_typed(ByteSink& out, const std::vector<T>& values) {
  out.number(kArray).number(type_id<T>()).template number<uint64_t>(values.size());
  for (const auto& value : values) put<T>(out, value);
}

}  // namespace

void GgufWriter::set(const std::string& key, GgufField value) {
  for (auto& [known, field] : fields_)
    if (known == key) {
      field = std::move(value);
      return;
    }
  fields_.emplace_back(key, std::move(value));
}

uint64_t GgufWriter::Entry::size_bytes() const {
  uint64_t n = 1;
  for (const uint64_t dim : shape) n *= dim;
  const QuantType& layout = *quant_type(type);
  return n / static_cast<uint64_t>(layout.values) * static_cast<uint64_t>(layout.bytes);
}

void GgufWriter::tensor(const std::string& name, TensorType type, std::vector<uint64_t> shape,
                        std::vector<uint8_t> bytes) {
  tensor(name, type, std::move(shape), [bytes = std::move(bytes)] { return bytes; });
}

void GgufWriter::tensor(const std::string& name, TensorType type, std::vector<uint64_t> shape,
                        std::function<std::vector<uint8_t>()> make) {
  tensors_.push_back({name, type, std::move(shape), std::move(make)});
}

void GgufWriter::write_to(const Sink& sink) const {
  ByteSink out;
  out.number<uint32_t>(0x46554747).number<uint32_t>(3);  // "GGUF", version
  out.number<uint64_t>(tensors_.size()).number<uint64_t>(fields_.size());
  for (const auto& [key, field] : fields_) {
    out.string(key);
    std::visit([&](const auto& value) { put_typed(out, value); }, field);
  }
  uint64_t offset = 0;
  for (const Entry& t : tensors_) {
    out.string(t.name).number<uint32_t>(static_cast<uint32_t>(t.shape.size()));
    for (const uint64_t dim : t.shape) out.number(dim);
    out.number(static_cast<uint32_t>(t.type)).number(offset);
    offset += (t.size_bytes() + kAlignment - 1) / kAlignment * kAlignment;
  }
  sink(out.pad(kAlignment).bytes);
  for (const Entry& t : tensors_) {
    ByteSink padded;
    padded.bytes = t.make();
    SAMEBITS_ASSERT(padded.bytes.size() == t.size_bytes());
    sink(padded.pad(kAlignment).bytes);
  }
}

std::vector<uint8_t> GgufWriter::finish() const {
  std::vector<uint8_t> all;
  write_to([&](const std::vector<uint8_t>& part) { all.insert(all.end(), part.begin(), part.end()); });
  return all;
}

void GgufWriter::write(const std::string& path) const {
  std::ofstream out(path, std::ios::binary);
  write_to([&](const std::vector<uint8_t>& part) {
    out.write(reinterpret_cast<const char*>(part.data()), static_cast<std::streamsize>(part.size()));
  });
  out.flush();
  if (!out)
    throw Error("E0104", "the model cannot be written", path,
                "look for space on the disk and the right to write there");
}

namespace {

void store_f16(uint8_t* p, float value) {
  const uint16_t bits = f32_to_f16(value);
  std::memcpy(p, &bits, sizeof bits);
}

// What the file's scale and minimum must be divided by for weights within ±1: the largest |q - offset| (half the
// range, with a plain minimum) times the largest sub-scale. K-quants' minima are halved, so that the mean is 0.
struct Range {
  TensorType type;
  float d, m;
};
constexpr Range kRanges[] = {
    {TensorType::Q4_0, 8, 0},        {TensorType::Q4_1, 7.5f, -1},        {TensorType::Q5_0, 16, 0},
    {TensorType::Q5_1, 15.5f, -1},   {TensorType::Q8_0, 128, 0},          {TensorType::Q2_K, 3 * 15, 2 * 15},
    {TensorType::Q3_K, 4 * 32, 0},   {TensorType::Q4_K, 15 * 63, 2 * 63}, {TensorType::Q5_K, 31 * 63, 2 * 63},
    {TensorType::Q6_K, 32 * 128, 0}, {TensorType::IQ4_NL, 127, 0},        {TensorType::IQ4_XS, 127 * 32, 0},
};

Range range_of(TensorType type) {
  for (const Range& r : kRanges)
    if (r.type == type) return r;
  SAMEBITS_ASSERT(!"a quantised type without a range");
}

std::vector<uint8_t> random_floats(const QuantType& type, uint64_t n, SplitMix64& random, float magnitude) {
  std::vector<uint8_t> out(n * type.bytes);
  for (uint64_t i = 0; i < n; ++i) {
    const float value = magnitude * random.uniform();
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    if (type.type == TensorType::F32) std::memcpy(&out[4 * i], &bits, 4);
    if (type.type == TensorType::F16) store_f16(&out[2 * i], value);
    if (type.type == TensorType::BF16) std::memcpy(&out[2 * i], reinterpret_cast<const uint8_t*>(&bits) + 2, 2);
  }
  return out;
}

}  // namespace

std::vector<uint8_t> random_tensor(TensorType id, uint64_t rows, uint64_t cols, uint64_t seed, float magnitude) {
  const QuantType& type = *quant_type(id);
  SAMEBITS_ASSERT(cols % type.values == 0);
  SplitMix64 random(seed);
  const uint64_t n_blocks = rows * cols / type.values;
  if (!type.quantised) return random_floats(type, n_blocks, random, magnitude);

  std::vector<uint8_t> out = random.bytes(n_blocks * type.bytes);
  for (uint64_t b = 0; b < n_blocks; ++b) {
    uint8_t* block = out.data() + b * type.bytes;
    const float size = magnitude * (0.75f + 0.25f * random.uniform());  // blocks differ
    if (id == TensorType::MXFP4) {
      block[0] = static_cast<uint8_t>(128 + std::ilogb(size / 12));  // 2^(e - 128) times at most 12
      continue;
    }
    const Range range = range_of(id);
    store_f16(block + type.d_at, size / range.d);
    if (type.m_at >= 0) store_f16(block + type.m_at, size / range.m);
  }
  return out;
}

std::vector<uint8_t> f32_bytes(const std::vector<float>& values) {
  const auto* p = reinterpret_cast<const uint8_t*>(values.data());
  return {p, p + values.size() * sizeof(float)};
}

void write_file(const std::string& path, const std::vector<uint8_t>& bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  SAMEBITS_ASSERT(out.good());
}

}  // namespace samebits
