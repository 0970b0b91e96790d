#include "inference/gguf.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <new>
#include <utility>

#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "inference/gguf_parse.h"
#include "inference/quants.h"

namespace samebits {
namespace {

// A file mapped read-only.
class Mapping {
 public:
  explicit Mapping(const std::string& path) {
    // O_NONBLOCK: a FIFO must not hang us.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) cannot_read(path, std::strerror(errno));
    struct stat info {};
    const bool regular = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    void* data = regular && info.st_size > 0
                     ? ::mmap(nullptr, static_cast<size_t>(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0)
                     : nullptr;
    const int error = errno;
    ::close(fd);
    if (!regular) cannot_read(path, "it is not a regular file");
    if (data == MAP_FAILED && error == ENOMEM) throw std::bad_alloc();
    if (data == MAP_FAILED) cannot_read(path, std::strerror(error));
    bytes_ = {static_cast<const uint8_t*>(data), static_cast<size_t>(info.st_size)};
  }
  Mapping(Mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Mapping& operator=(Mapping&&) = delete;
  ~Mapping() {
    if (!bytes_.empty()) ::munmap(const_cast<uint8_t*>(bytes_.data()), bytes_.size());
  }

  std::span<const uint8_t> bytes() const { return bytes_; }

 private:
  [[noreturn]] static void cannot_read(const std::string& path, const std::string& reason) {
    throw Error("E0101", "the model file cannot be read: " + reason, path,
                "check the path: a GGUF file, or the first part of a split one");
  }

  std::span<const uint8_t> bytes_;
};

struct Part {
  std::string name;
  std::span<const uint8_t> bytes;
};

}  // namespace

namespace {

// Gives back whole pages of a mapped file; a later read brings them again.
void release_pages(std::span<const uint8_t> bytes) {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t begin = reinterpret_cast<uintptr_t>(bytes.data()), end = begin + bytes.size();
  const uintptr_t first = (begin + page - 1) / page * page, last = end / page * page;
  if (first < last) ::madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

constexpr size_t kStretch = size_t{1} << 20;  // bytes that a pass over the file holds in memory

}  // namespace

struct Gguf::State {
  std::vector<Mapping> mappings;
  std::vector<Part> parts;
  GgufMetadata metadata;
  std::vector<Tensor> tensors;
  std::map<std::string, size_t, std::less<>> by_name;

  mutable std::once_flag digest_once;
  mutable std::string digest;

  // The part that holds the tensor's data: messages name its file.
  const std::string& file_of(const Tensor& t) const {
    for (const Part& p : parts)
      if (t.data >= p.bytes.data() && t.data < p.bytes.data() + p.bytes.size()) return p.name;
    return parts.front().name;
  }

  void release(std::span<const uint8_t> bytes) const {
    if (!mappings.empty()) release_pages(bytes);  // else parsed from memory that is not ours
  }

  // Gives back what is hashed: a pass over the file does not hold it in memory.
  std::string sha256(std::span<const uint8_t> bytes) const {
    Sha256 hash;
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(kStretch, bytes.size()))) {
      const auto stretch = bytes.first(std::min(kStretch, bytes.size()));
      hash.update(stretch.data(), stretch.size());
      release(stretch);
    }
    return hash.hex();
  }

  void add(Part part, GgufPart content) {
    for (Tensor& t : content.tensors) {
      if (!by_name.emplace(t.name, tensors.size()).second)
        throw Error("E0208", "tensor " + quote(t.name) + " is in two parts of the split model", part.name,
                    "download all parts again, from one place");
      tensors.push_back(std::move(t));
    }
    if (parts.empty()) metadata = std::move(content.metadata);  // the first part carries it
    parts.push_back(std::move(part));
  }
};

Gguf::Gguf(std::unique_ptr<State> state) : state_(std::move(state)) {}
Gguf::Gguf(Gguf&&) noexcept = default;
Gguf::~Gguf() = default;

uint64_t Tensor::rows() const {
  uint64_t n = 1;
  for (size_t i = 1; i < shape.size(); ++i) n *= shape[i];
  return n;
}

// ---- Opening ----

namespace {

// "-00001-of-00003.gguf"
std::string split_suffix(uint64_t part, uint64_t count) { return fmt::format("-{:05}-of-{:05}.gguf", part + 1, count); }

constexpr uint64_t kMaxParts = 1024;

uint64_t split_key(const GgufMetadata& metadata, const char* key, const std::string& name, uint64_t otherwise) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return otherwise;
  const auto& v = found->second.value;
  if (const auto* u = std::get_if<uint64_t>(&v)) return *u;
  if (const auto* i = std::get_if<int64_t>(&v); i && *i >= 0) return static_cast<uint64_t>(*i);
  throw Error("E0208", fmt::format("{} is not a count", key), at_byte(name, found->second.offset),
              "download the parts of this model again");
}

void check_part(const GgufMetadata& metadata, const std::string& name, uint64_t part, uint64_t count) {
  const uint64_t no = split_key(metadata, "split.no", name, UINT64_MAX);
  const uint64_t n = split_key(metadata, "split.count", name, 0);
  if (no != part || n != count)
    throw Error("E0208",
                fmt::format("this should be part {} of {} of a split model and says otherwise", part + 1, count), name,
                "download all parts again, and keep their names");
}

}  // namespace

Gguf Gguf::parse(std::span<const uint8_t> bytes, const std::string& name) {
  auto state = std::make_unique<State>();
  state->add({name, bytes}, parse_gguf(bytes, name));
  if (split_key(state->metadata, "split.count", name, 1) > 1)
    throw Error("E0208", "this is one part of a split model", name, "open the first part from its folder");
  return Gguf(std::move(state));
}

Gguf Gguf::open(const std::string& path) {
  auto state = std::make_unique<State>();
  const auto add = [&](const std::string& file) {
    const std::span<const uint8_t> bytes = state->mappings.emplace_back(file).bytes();
    GgufPart content = parse_gguf(bytes, file);
    return std::pair(Part{file, bytes}, std::move(content));
  };
  auto [first, content] = add(path);
  const uint64_t count = split_key(content.metadata, "split.count", path, 1);
  if (count <= 1) {
    state->add(std::move(first), std::move(content));
    return Gguf(std::move(state));
  }

  const std::string suffix = split_suffix(0, count);
  if (count > kMaxParts)
    throw Error("E0209", fmt::format("the model claims {} parts", count), path, "download it again");
  if (!path.ends_with(suffix) || split_key(content.metadata, "split.no", path, 0) != 0)
    throw Error("E0208", "this is not the first part of the split model it belongs to", path,
                "open the file whose name ends with " + suffix);
  const uint64_t n_tensors = split_key(content.metadata, "split.tensors.count", path, UINT64_MAX);
  state->add(std::move(first), std::move(content));
  for (uint64_t i = 1; i < count; ++i) {
    const std::string file = path.substr(0, path.size() - suffix.size()) + split_suffix(i, count);
    if (std::error_code ignored; !std::filesystem::exists(file, ignored))
      throw Error("E0208", fmt::format("part {} of {} of the split model is missing", i + 1, count), file,
                  "put all parts into one folder");
    auto [part, part_content] = add(file);
    check_part(part_content.metadata, file, i, count);
    state->add(std::move(part), std::move(part_content));
  }
  if (state->tensors.size() != n_tensors)
    throw Error("E0208", fmt::format("the parts hold {} tensors and should hold {}", state->tensors.size(), n_tensors),
                path, "download all parts again, from one place");
  return Gguf(std::move(state));
}

// ---- Content ----

const std::string& Gguf::path() const { return state_->parts.front().name; }
const std::vector<Tensor>& Gguf::tensors() const { return state_->tensors; }
const GgufMetadata& Gguf::metadata() const { return state_->metadata; }
bool Gguf::has(std::string_view key) const { return state_->metadata.contains(key); }

const Tensor* Gguf::find(std::string_view tensor) const {
  const auto found = state_->by_name.find(tensor);
  return found == state_->by_name.end() ? nullptr : &state_->tensors[found->second];
}

const std::string& Gguf::digest() const {
  std::call_once(state_->digest_once, [this] {
    std::string joined;
    for (const Part& p : state_->parts) joined += state_->sha256(p.bytes);
    state_->digest = state_->parts.size() == 1 ? joined : sha256_hex(joined);
  });
  return state_->digest;
}

namespace {

const GgufValue& require(const GgufMetadata& metadata, std::string_view key, const std::string& file) {
  const auto found = metadata.find(key);
  if (found == metadata.end())
    throw Error("E0203", fmt::format("the model file lacks the metadata key \"{}\"", key), file,
                "convert the model again with a current converter");
  return found->second;
}

[[noreturn]] void mistyped(std::string_view key, const GgufValue& v, const std::string& file, const char* expected) {
  throw Error("E0204", fmt::format("the metadata key \"{}\" is not {}", key, expected), at_byte(file, v.offset),
              "convert the model again with a current converter");
}

template <class T>
const T& require_as(const GgufMetadata& metadata, std::string_view key, const std::string& file, const char* expected) {
  const GgufValue& v = require(metadata, key, file);
  if (const T* value = std::get_if<T>(&v.value)) return *value;
  mistyped(key, v, file, expected);
}

}  // namespace

uint64_t Gguf::u64(std::string_view key) const {
  const GgufValue& v = require(metadata(), key, path());
  if (const auto* u = std::get_if<uint64_t>(&v.value)) return *u;
  if (const auto* i = std::get_if<int64_t>(&v.value); i && *i >= 0) return static_cast<uint64_t>(*i);
  mistyped(key, v, path(), "an integer that is at least 0");
}

double Gguf::f64(std::string_view key) const {
  const double value = require_as<double>(metadata(), key, path(), "a floating-point number");
  if (!std::isfinite(value)) mistyped(key, require(metadata(), key, path()), path(), "a finite number");
  return value;
}

std::string Gguf::string(std::string_view key) const {
  return require_as<std::string>(metadata(), key, path(), "a string");
}

bool Gguf::boolean(std::string_view key, bool otherwise) const {
  return has(key) ? require_as<bool>(metadata(), key, path(), "a boolean") : otherwise;
}

uint64_t Gguf::u64(std::string_view key, uint64_t otherwise) const { return has(key) ? u64(key) : otherwise; }
double Gguf::f64(std::string_view key, double otherwise) const { return has(key) ? f64(key) : otherwise; }
std::string Gguf::string(std::string_view key, std::string otherwise) const {
  return has(key) ? string(key) : std::move(otherwise);
}

const std::vector<std::string>& Gguf::strings(std::string_view key) const {
  return require_as<std::vector<std::string>>(metadata(), key, path(), "an array of strings");
}

std::vector<double> Gguf::numbers(std::string_view key) const {
  return require_as<std::vector<double>>(metadata(), key, path(), "an array of floating-point numbers");
}

std::vector<int64_t> Gguf::integers(std::string_view key) const {
  constexpr const char* kExpected = "an array of integers below 2^63";
  const GgufValue& v = require(metadata(), key, path());
  if (const auto* wide = std::get_if<std::vector<int64_t>>(&v.value)) return *wide;
  std::vector<int64_t> out;
  const auto& unsigned_values = require_as<std::vector<uint64_t>>(metadata(), key, path(), kExpected);
  for (const uint64_t u : unsigned_values) {
    if (u > INT64_MAX) mistyped(key, v, path(), kExpected);
    out.push_back(static_cast<int64_t>(u));
  }
  return out;
}

// ---- Finite weights ----

namespace {

bool finite_f16(const uint8_t* p) { return (p[1] & 0x7c) != 0x7c; }
bool finite_bf16(const uint8_t* p) { return (p[1] & 0x7f) != 0x7f || !(p[0] & 0x80); }
bool finite_f32(const uint8_t* p) { return finite_bf16(p + 2); }

// The first block (of F32, F16, BF16: weight) that is not finite; n when all are.
template <class Finite>
uint64_t first_bad(const uint8_t* data, uint64_t n, int stride_bytes, Finite finite) {
  uint64_t i = 0;
  while (i < n && finite(data + i * stride_bytes)) ++i;
  return i;
}

uint64_t first_bad_block(const QuantType& type, const uint8_t* data, uint64_t n) {
  switch (type.type) {
    case TensorType::F32:
      return first_bad(data, n, type.bytes, finite_f32);
    case TensorType::F16:
      return first_bad(data, n, type.bytes, finite_f16);
    case TensorType::BF16:
      return first_bad(data, n, type.bytes, finite_bf16);
    case TensorType::MXFP4:
      return first_bad(data, n, type.bytes, [](const uint8_t* block) { return block[0] != 255; });
    default:
      const uint64_t bad = first_bad(data + type.d_at, n, type.bytes, finite_f16);
      return type.m_at < 0 ? bad : std::min(bad, first_bad(data + type.m_at, n, type.bytes, finite_f16));
  }
}

}  // namespace

void Gguf::check_finite() const {
  for (const Tensor& t : tensors()) {
    const QuantType& type = *quant_type(t.type);
    const uint64_t n_blocks = t.bytes / type.bytes, stretch = kStretch / type.bytes;
    for (uint64_t first = 0, n = 0; first < n_blocks; first += n) {
      n = std::min(stretch, n_blocks - first);
      const uint8_t* blocks = t.data + first * type.bytes;
      const uint64_t bad = first_bad_block(type, blocks, n);
      if (bad < n)
        throw Error("E0210",
                    fmt::format("tensor {} ({}) holds a NaN or infinite {} in block {}", quote(t.name), type.name,
                                type.quantised ? "scale" : "weight", first + bad),
                    at_byte(state_->file_of(t), t.offset + (first + bad) * type.bytes),
                    "use another file of this model: no score of this one would mean anything");
      state_->release({blocks, n * type.bytes});
    }
  }
}

// ---- Memory ----

std::string Gguf::sha256(const Tensor& t) const { return state_->sha256({t.data, t.bytes}); }
void Gguf::release(std::span<const uint8_t> bytes) const { state_->release(bytes); }

}  // namespace samebits
