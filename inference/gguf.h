// GGUF v2/v3 files: bounded reading, memory-mapped tensors, split files.
//
// Safety: any byte sequence either opens or throws Error{E02xx} that says what is wrong and at which byte
// offset (open() also E0101: the file cannot be read). No crash, no hang, no allocation that the file's own size does
// not justify. Thread rules: immutable after open().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace samebits {

enum class TensorType : uint32_t {  // ggml_type ids
  F32 = 0,
  F16 = 1,
  Q4_0 = 2,
  Q4_1 = 3,
  Q5_0 = 6,
  Q5_1 = 7,
  Q8_0 = 8,
  Q2_K = 10,
  Q3_K = 11,
  Q4_K = 12,
  Q5_K = 13,
  Q6_K = 14,
  IQ4_NL = 20,
  IQ4_XS = 23,
  BF16 = 30,
  MXFP4 = 39,
};

struct Tensor {
  std::string name;
  TensorType type{};
  std::vector<uint64_t> shape;  // shape[0] is contiguous (the K dimension of a matrix); 1 to 4 dimensions, all > 0
  const uint8_t* data = nullptr;
  uint64_t bytes = 0;
  uint64_t offset = 0;  // in its file

  uint64_t cols() const { return shape[0]; }
  uint64_t rows() const;  // product of the other dimensions
};

// A metadata value. Integers of any width are widened; arrays keep one element type.
struct GgufValue {
  std::variant<uint64_t, int64_t, double, bool, std::string, std::vector<uint64_t>, std::vector<int64_t>,
               std::vector<double>, std::vector<bool>, std::vector<std::string>>
      value;
  uint64_t offset = 0;  // byte offset in the file, for messages
};

class Gguf {
 public:
  // Maps the file, and with "NAME-00001-of-0000N.gguf" its siblings. Checks everything but weights' scales.
  static Gguf open(const std::string& path);
  // The same over bytes in memory (tests, fuzzers). `bytes` must outlive the object.
  static Gguf parse(std::span<const uint8_t> bytes, const std::string& name);

  Gguf(Gguf&&) noexcept;
  ~Gguf();

  const std::string& path() const;
  const std::vector<Tensor>& tensors() const;         // file order
  const Tensor* find(std::string_view tensor) const;  // nullptr when absent
  const std::map<std::string, GgufValue, std::less<>>& metadata() const;

  // Typed metadata. With a default: used when the key is absent. Without: absent is E0203.
  // A value of another type, or out of range, is E0204 with key and offset.
  uint64_t u64(std::string_view key) const;
  uint64_t u64(std::string_view key, uint64_t otherwise) const;
  double f64(std::string_view key) const;
  double f64(std::string_view key, double otherwise) const;
  bool boolean(std::string_view key, bool otherwise) const;
  std::string string(std::string_view key) const;
  std::string string(std::string_view key, std::string otherwise) const;
  const std::vector<std::string>& strings(std::string_view key) const;
  std::vector<int64_t> integers(std::string_view key) const;  // array of any integer type
  std::vector<double> numbers(std::string_view key) const;    // array of floats
  bool has(std::string_view key) const;

  // sha256 of the file(s): of one file its own; of a split that of the parts' digests (hex) in order, joined.
  // Computed on first use.
  const std::string& digest() const;
  std::string sha256(const Tensor&) const;  // of its data

  // Throws E0210 with tensor, block and offset when a scale or float weight is NaN or infinite
  // (and for MXFP4 exponent 255).
  void check_finite() const;

  // These bytes of a tensor have been copied: the pages that hold nothing else may leave memory. They come back when
  // touched.
  void release(std::span<const uint8_t>) const;

 private:
  struct State;
  explicit Gguf(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

}  // namespace samebits
