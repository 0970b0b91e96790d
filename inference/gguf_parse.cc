#include "inference/gguf_parse.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "harness/core/error.h"
#include "inference/quants.h"

namespace samebits {

static_assert(std::endian::native == std::endian::little, "GGUF is read in place as little-endian");

std::string quote(std::string_view untrusted) {
  constexpr size_t kShown = 80;
  std::string out = "\"";
  for (const unsigned char c : untrusted.substr(0, kShown))
    out += c < 0x20 || c >= 0x7f ? fmt::format("\\x{:02x}", c) : std::string(1, static_cast<char>(c));
  return out + (untrusted.size() > kShown ? "…\"" : "\"");
}

std::string at_byte(const std::string& name, uint64_t offset) { return fmt::format("{}, byte {}", name, offset); }

namespace {

// Far above every published model; they keep a hostile header from costing more than a moment.
constexpr uint64_t kMaxMetadataBytes = uint64_t{64} << 20;
constexpr uint64_t kMaxKeys = 65'536;
constexpr uint64_t kMaxTensors = 65'536;
constexpr uint64_t kMaxArray = uint64_t{1} << 24;
constexpr uint64_t kMaxKeyBytes = 65'535;     // GGUF specification
constexpr uint64_t kMaxTensorNameBytes = 63;  // GGML_MAX_NAME less the terminator
constexpr uint64_t kMaxAlignment = 1 << 20;
constexpr uint64_t kDefaultAlignment = 32;  // GGUF specification
constexpr uint32_t kMaxDims = 4;

constexpr const char* kDamaged = "the file is damaged: download it again and compare its sha256";

// GGUF's value type ids.
enum class ValueType : uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

class Reader {
 public:
  Reader(std::span<const uint8_t> bytes, const std::string& name)
      : bytes_(bytes.first(std::min<uint64_t>(bytes.size(), kMaxMetadataBytes))), size_(bytes.size()), name_(name) {}

  uint64_t at() const { return at_; }
  uint64_t left() const { return bytes_.size() - at_; }

  template <class T>
  T number(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof(T), what), sizeof(T));
    return value;
  }

  bool boolean(std::string_view what) {
    const uint64_t start = at_;
    const auto byte = number<uint8_t>(what);
    if (byte > 1) fail("E0206", fmt::format("{} is a boolean of value {}", what, byte), start);
    return byte == 1;
  }

  std::string string(std::string_view what) {
    const uint64_t start = at_;
    const auto n = number<uint64_t>(what);
    if (n > left() && n <= size_ - at_) too_much_metadata(start);
    if (n > left())
      fail("E0202", fmt::format("{} claims {} bytes, and the file has {} left", what, n, size_ - at_), start);
    return std::string(reinterpret_cast<const char*>(take(n, what)), n);
  }

  [[noreturn]] void fail(std::string_view code, std::string problem, uint64_t offset,
                         std::string hint = kDamaged) const {
    throw Error(code, std::move(problem), at_byte(name_, offset), std::move(hint));
  }

 private:
  const uint8_t* take(uint64_t n, std::string_view what) {
    if (n > left() && size_ > bytes_.size()) too_much_metadata(at_);
    if (n > left()) fail("E0202", fmt::format("the file ends inside {}", what), at_);
    at_ += n;
    return bytes_.data() + at_ - n;
  }

  [[noreturn]] void too_much_metadata(uint64_t offset) const {
    fail("E0209", fmt::format("the metadata is longer than {} MiB", kMaxMetadataBytes >> 20), offset);
  }

  std::span<const uint8_t> bytes_;  // what metadata may use
  uint64_t size_;                   // of the file
  const std::string& name_;
  uint64_t at_ = 0;
};

template <class Wide, class Read>
std::vector<Wide> read_array(uint64_t n, Read read) {
  std::vector<Wide> out;
  out.reserve(n);
  for (uint64_t i = 0; i < n; ++i) out.push_back(static_cast<Wide>(read()));
  return out;
}

// Reads one value of `type`, or `n` of them when `n` is given.
class ValueReader {
 public:
  ValueReader(Reader& in, const std::string& key) : in_(in), what_("the value of key " + quote(key)) {}

  GgufValue read(uint32_t type) {
    const uint64_t start = in_.at();
    GgufValue out;
    out.offset = start;
    if (static_cast<ValueType>(type) != ValueType::array) {
      if (!dispatch(type, [&](auto wide, auto one) { out.value = static_cast<decltype(wide)>(one()); }))
        unknown(type, start);
      return out;
    }
    const auto element = in_.number<uint32_t>(what_);
    const auto n = in_.number<uint64_t>(what_);
    if (static_cast<ValueType>(element) == ValueType::array) in_.fail("E0206", what_ + " is an array of arrays", start);
    check_length(element, n, start);
    dispatch(element, [&](auto wide, auto one) { out.value = read_array<decltype(wide)>(n, one); });
    return out;
  }

 private:
  // Calls use(widened type, reader of one value); false for an unknown id.
  template <class Use>
  bool dispatch(uint32_t type, Use use) {
    switch (static_cast<ValueType>(type)) {
      case ValueType::u8:
        use(uint64_t{}, [&] { return in_.number<uint8_t>(what_); });
        return true;
      case ValueType::i8:
        use(int64_t{}, [&] { return in_.number<int8_t>(what_); });
        return true;
      case ValueType::u16:
        use(uint64_t{}, [&] { return in_.number<uint16_t>(what_); });
        return true;
      case ValueType::i16:
        use(int64_t{}, [&] { return in_.number<int16_t>(what_); });
        return true;
      case ValueType::u32:
        use(uint64_t{}, [&] { return in_.number<uint32_t>(what_); });
        return true;
      case ValueType::i32:
        use(int64_t{}, [&] { return in_.number<int32_t>(what_); });
        return true;
      case ValueType::u64:
        use(uint64_t{}, [&] { return in_.number<uint64_t>(what_); });
        return true;
      case ValueType::i64:
        use(int64_t{}, [&] { return in_.number<int64_t>(what_); });
        return true;
      case ValueType::f32:
        use(double{}, [&] { return in_.number<float>(what_); });
        return true;
      case ValueType::f64:
        use(double{}, [&] { return in_.number<double>(what_); });
        return true;
      case ValueType::boolean:
        use(bool{}, [&] { return in_.boolean(what_); });
        return true;
      case ValueType::string:
        use(std::string{}, [&] { return in_.string(what_); });
        return true;
      default:
        return false;
    }
  }

  // Before anything is reserved: n elements must fit into what is left of the file.
  void check_length(uint32_t type, uint64_t n, uint64_t start) {
    constexpr uint64_t kBytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 8, 0, 8, 8, 8};  // by ValueType; a string's length field
    if (type >= std::size(kBytes)) unknown(type, start);
    if (n > kMaxArray) in_.fail("E0209", fmt::format("{} is an array of {} elements", what_, n), start);
    if (n * kBytes[type] > in_.left())
      in_.fail("E0202", fmt::format("{} claims {} elements, more than the file holds", what_, n), start);
  }

  [[noreturn]] void unknown(uint32_t type, uint64_t start) {
    in_.fail("E0206", fmt::format("{} has the unknown type {}", what_, type), start);
  }

  Reader& in_;
  std::string what_;
};

struct Counts {
  uint64_t tensors, keys;
};

Counts read_header(Reader& in) {
  const auto magic = in.number<uint32_t>("the header");
  if (magic != 0x46554747)  // "GGUF"
    in.fail("E0201", "this is not a GGUF file", 0,
            "give a model file in GGUF format (its name usually ends with .gguf)");
  const auto version = in.number<uint32_t>("the header");
  if (version != 0 && (version & 0xffff) == 0)
    in.fail("E0201", "this is a big-endian GGUF file", 4,
            "convert the model to little-endian, which every common machine uses");
  if (version != 2 && version != 3)
    in.fail("E0201", fmt::format("GGUF version {} is not supported", version), 4,
            "convert the model to GGUF version 3");
  Counts counts{};
  counts.tensors = in.number<uint64_t>("the header");
  if (counts.tensors > kMaxTensors) in.fail("E0209", fmt::format("the header claims {} tensors", counts.tensors), 8);
  counts.keys = in.number<uint64_t>("the header");
  if (counts.keys > kMaxKeys) in.fail("E0209", fmt::format("the header claims {} metadata keys", counts.keys), 16);
  return counts;
}

// Returns the alignment of the data section, which is itself a key.
uint64_t read_metadata(Reader& in, uint64_t n_keys, GgufMetadata& metadata) {
  uint64_t alignment = kDefaultAlignment;
  for (uint64_t i = 0; i < n_keys; ++i) {
    const uint64_t start = in.at();
    const std::string key = in.string("a metadata key");
    if (key.empty() || key.size() > kMaxKeyBytes)
      in.fail("E0206", fmt::format("metadata key {} is {} bytes long", i, key.size()), start);
    const auto type = in.number<uint32_t>("the type of key " + quote(key));
    GgufValue value = ValueReader(in, key).read(type);
    const uint64_t value_at = value.offset;
    if (key == "general.alignment") {
      if (static_cast<ValueType>(type) != ValueType::u32) in.fail("E0206", "general.alignment is not a u32", value_at);
      alignment = std::get<uint64_t>(value.value);
      if (!std::has_single_bit(alignment) || alignment < 8 || alignment > kMaxAlignment)
        in.fail("E0206",
                fmt::format("general.alignment is {}, not a power of two from 8 to {}", alignment, kMaxAlignment),
                value_at);
    }
    if (!metadata.emplace(key, std::move(value)).second)
      in.fail("E0206", "metadata key " + quote(key) + " occurs twice", start);
  }
  return alignment;
}

void read_shape(Reader& in, Tensor& tensor, std::string_view what) {
  const uint64_t start = in.at();
  const auto n_dims = in.number<uint32_t>(what);
  if (n_dims == 0 || n_dims > kMaxDims)
    in.fail("E0207", fmt::format("{} has {} dimensions; 1 to {} are possible", what, n_dims, kMaxDims), start);
  uint64_t product = 1;
  for (uint32_t i = 0; i < n_dims; ++i) {
    const uint64_t here = in.at();
    const auto n = in.number<uint64_t>(what);
    if (n == 0) in.fail("E0207", fmt::format("dimension {} of {} is zero", i, what), here);
    if (__builtin_mul_overflow(product, n, &product) || product > INT64_MAX)
      in.fail("E0207", fmt::format("{} has more than 2^63 elements", what), here);
    tensor.shape.push_back(n);
  }
}

// Size in bytes from shape and type; the offset is still relative to the data section.
void read_tensor(Reader& in, uint64_t alignment, Tensor& tensor) {
  const uint64_t start = in.at();
  tensor.name = in.string("a tensor's name");
  if (tensor.name.empty() || tensor.name.size() > kMaxTensorNameBytes)
    in.fail("E0207", fmt::format("a tensor's name is {} bytes long", tensor.name.size()), start);
  const std::string what = "tensor " + quote(tensor.name);
  read_shape(in, tensor, what);

  const uint64_t type_at = in.at();
  const auto id = in.number<uint32_t>(what);
  const QuantType* type = quant_type(static_cast<TensorType>(id));
  if (!type)
    in.fail("E0205", fmt::format("{} has type {}, which samebits does not support", what, type_name(id)), type_at,
            "use a file of this model in another quantisation, such as Q8_0, Q4_K_M, Q4_0 or F16");
  tensor.type = type->type;
  if (tensor.cols() % type->values != 0)
    in.fail("E0207",
            fmt::format("rows of {} have {} values, not a multiple of {}'s {}", what, tensor.cols(), type->name,
                        type->values),
            type_at);
  if (__builtin_mul_overflow(tensor.cols() / type->values * tensor.rows(), uint64_t(type->bytes), &tensor.bytes))
    in.fail("E0207", fmt::format("the size of {} overflows", what), type_at);

  const uint64_t offset_at = in.at();
  tensor.offset = in.number<uint64_t>(what);
  if (tensor.offset % alignment != 0)
    in.fail("E0207", fmt::format("{} begins at {}, not a multiple of the alignment {}", what, tensor.offset, alignment),
            offset_at);
}

// Makes offsets absolute and fills in the data pointers.
void place(const Reader& in, std::span<const uint8_t> bytes, uint64_t data_start, std::vector<Tensor>& tensors) {
  const uint64_t data_bytes = bytes.size() > data_start ? bytes.size() - data_start : 0;
  for (Tensor& t : tensors) {
    if (t.offset > data_bytes || t.bytes > data_bytes - t.offset)
      in.fail("E0202",
              fmt::format("the data of tensor {} ({} bytes at {} of the data section) lies beyond the file's end",
                          quote(t.name), t.bytes, t.offset),
              bytes.size());
    t.offset += data_start;
    t.data = bytes.data() + t.offset;
  }
  std::vector<size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return tensors[a].offset < tensors[b].offset; });
  for (size_t i = 1; i < order.size(); ++i) {
    const Tensor &a = tensors[order[i - 1]], &b = tensors[order[i]];
    if (b.offset < a.offset + a.bytes)
      in.fail("E0207", fmt::format("tensors {} and {} overlap", quote(a.name), quote(b.name)), b.offset);
  }
}

}  // namespace

GgufPart parse_gguf(std::span<const uint8_t> bytes, const std::string& name) {
  Reader in(bytes, name);
  const Counts counts = read_header(in);
  GgufPart part;
  const uint64_t alignment = read_metadata(in, counts.keys, part.metadata);
  std::map<std::string, size_t> seen;
  for (uint64_t i = 0; i < counts.tensors; ++i) {
    const uint64_t start = in.at();
    read_tensor(in, alignment, part.tensors.emplace_back());
    if (!seen.emplace(part.tensors.back().name, i).second)
      in.fail("E0207", "tensor " + quote(part.tensors.back().name) + " occurs twice", start);
  }
  place(in, bytes, (in.at() + alignment - 1) / alignment * alignment, part.tensors);
  return part;
}

}  // namespace samebits
