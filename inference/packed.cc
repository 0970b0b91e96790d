#include "inference/packed.h"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>

#include "harness/core/error.h"
#include "inference/quants.h"
#include "inference/thread_sanitizer.h"

namespace samebits {
namespace {

constexpr int64_t kStretch = 64 << 10;  // bytes of the file that one task packs

Layout layout_of(const QuantType& t) {
  if (!t.quantised)
    return t.type == TensorType::F32 ? Layout::f32 : t.type == TensorType::F16 ? Layout::f16 : Layout::bf16;
  const int planes = t.max_q <= 15 ? 0 : t.max_q <= 31 ? 1 : t.max_q <= 63 ? 2 : -1;
  for (int i = 0; i < static_cast<int>(std::size(kLayouts)); ++i) {
    const LayoutInfo& l = kLayouts[i];
    if (l.planes == planes && l.scales == t.scales && l.min == t.has_min && l.halves == t.halves)
      return static_cast<Layout>(i);
  }
  SAMEBITS_ASSERT(!"a quant type without a layout");
  return Layout::f32;
}

template <class T>
T load(const uint8_t* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// One row's 32 weights into its lane of a block.
void place_quants(const LayoutInfo& layout, const uint8_t* q, int lane, uint8_t* block) {
  if (layout.planes < 0) {
    for (int k4 = 0; k4 < 8; ++k4) std::memcpy(block + 64 * k4 + 4 * lane, q + 4 * k4, 4);
    return;
  }
  for (int j = 0; j < 4; ++j) {
    const uint32_t low = load<uint32_t>(q + 4 * j), high = load<uint32_t>(q + 16 + 4 * j);
    const uint32_t nibbles = (low & 0x0f0f0f0f) | (high & 0x0f0f0f0f) << 4;
    std::memcpy(block + 64 * j + 4 * lane, &nibbles, 4);
  }
  for (int plane = 0; plane < layout.planes; ++plane) {
    uint8_t* bits = block + 256 + 64 * plane;
    for (int k4 = 0; k4 < 8; ++k4) {
      const uint32_t ones = load<uint32_t>(q + 4 * k4) >> (4 + plane) & 0x01010101;
      const uint32_t set = ones * 0x10204080 >> 28;                          // the four ones side by side
      bits[8 * k4 + lane / 2] |= static_cast<uint8_t>(set << lane % 2 * 4);  // two lanes share a byte
    }
  }
}

void place_scales(const LayoutInfo& layout, const Block32& from, int lane, uint8_t* header, uint8_t* scales) {
  if (layout.scales == Scales::f32) {
    std::memcpy(scales + 4 * lane, &from.d[0], 4);
    return;
  }
  uint8_t* f16 = layout.scales == Scales::f16 ? scales : header;
  std::memcpy(f16 + 2 * lane, &from.d_f16, 2);
  if (layout.min) std::memcpy(f16 + 32 + 2 * lane, &from.m_f16, 2);
  if (layout.scales == Scales::f16) return;
  for (int part = 0; part < layout.parts(); ++part) {
    scales[16 * part + lane] = static_cast<uint8_t>(from.d_sub[part]);
    if (layout.min) scales[16 * (layout.parts() + part) + lane] = static_cast<uint8_t>(from.m_sub[part]);
  }
}

// Row r of the tensor into its lane of its group's stream, which was zero.
void pack_row(const Tensor& t, const QuantType& type, const LayoutInfo& layout, int64_t r, uint8_t* group) {
  const int64_t file_blocks = static_cast<int64_t>(t.cols()) / type.values, per = type.values / 32;
  const uint8_t* from = t.data + r * file_blocks * type.bytes;
  const int lane = static_cast<int>(r % 16);
  Block32 unpacked[8];  // the largest block of the file holds 256 weights
  for (int64_t i = 0; i < file_blocks; ++i, from += type.bytes) {
    type.unpack(from, unpacked);
    for (int64_t j = 0; j < per; ++j) {
      const int64_t b = i * per + j;
      uint8_t* block = group + layout.block_at(b);
      place_quants(layout, unpacked[j].q, lane, block);
      place_scales(layout, unpacked[j], lane, group + layout.header_at(b), block + layout.quant_bytes());
    }
  }
}

// What place_quants and place_scales put there.
Block32 take_block(const LayoutInfo& layout, const uint8_t* group, int64_t b, int lane) {
  Block32 out{};
  const uint8_t *block = group + layout.block_at(b), *scales = block + layout.quant_bytes();
  for (int k4 = 0; k4 < 8; ++k4) {
    const bool bytes = layout.planes < 0;
    const uint8_t* four = block + 64 * (bytes ? k4 : k4 % 4) + 4 * lane;
    for (int i = 0; i < 4; ++i) {
      int q = bytes ? four[i] : four[i] >> k4 / 4 * 4 & 15;
      for (int plane = 0; plane < layout.planes; ++plane)
        q |= (block[256 + 64 * plane + 8 * k4 + lane / 2] >> (lane % 2 * 4 + i) & 1) << (4 + plane);
      out.q[4 * k4 + i] = static_cast<uint8_t>(q);
    }
  }
  const uint8_t* f16 = layout.scales == Scales::sub ? group + layout.header_at(b) : scales;
  const auto scale = [&](int half, int which) {
    if (layout.scales == Scales::f32) return load<float>(scales + 4 * lane);
    const float whole = f16_to_f32(load<uint16_t>(f16 + 32 * which + 2 * lane));
    if (layout.scales == Scales::f16) return whole;
    const int part = layout.halves ? half : 0;
    return whole * static_cast<float>(load<int8_t>(scales + 16 * (which * layout.parts() + part) + lane));
  };
  for (int half = 0; half < 2; ++half) {
    out.d[half] = scale(half, 0);
    if (layout.min) out.m[half] = scale(half, 1);
  }
  return out;
}

void pack_float_row(const Tensor& t, int64_t size, int64_t r, uint8_t* group) {
  const auto cols = static_cast<int64_t>(t.cols());
  for (int64_t k = 0; k < cols; ++k)
    std::memcpy(group + (k * 16 + r % 16) * size, t.data + (r * cols + k) * size, static_cast<size_t>(size));
}

}  // namespace

PackedMatrix::PackedMatrix(const Tensor& t, const std::function<void(std::span<const uint8_t>)>& packed) {
  const QuantType* type = quant_type(t.type);
  SAMEBITS_ASSERT(type);
  rows_ = static_cast<int64_t>(t.rows());
  cols_ = static_cast<int64_t>(t.cols());
  if (type->quantised && cols_ % type->values != 0)
    throw Error("E0211",
                "the tensor \"" + t.name + "\" of type " + std::string(type->name) + " has rows of " +
                    std::to_string(cols_) + " values, not a multiple of " + std::to_string(type->values),
                t.name, "convert the model again");
  layout_ = layout_of(*type);
  offset_ = type->offset;
  SAMEBITS_ASSERT(!type->quantised || (offset_ == 0) == type->has_min);  // the kernels take one of the two
  const int64_t bytes = group_bytes(layout_, cols_);
  data_.resize(static_cast<size_t>(pad16(rows_) / 16 * bytes));
  const int64_t row_bytes = cols_ / type->values * type->bytes;
  const int64_t step = std::max<int64_t>(16, kStretch / std::max<int64_t>(1, row_bytes) / 16 * 16);  // whole groups
  ForkJoin order;
  tbb::parallel_for(int64_t{0}, (rows_ + step - 1) / step, [&](int64_t i) {
    order.begin();
    const int64_t first = i * step, last = std::min(rows_, first + step);
    for (int64_t r = first; r < last; ++r) {
      uint8_t* group = data_.data() + r / 16 * bytes;
      if (quantised())
        pack_row(t, *type, info_of(layout_), r, group);
      else
        pack_float_row(t, type->bytes, r, group);
    }
    if (packed) packed({t.data + first * row_bytes, static_cast<size_t>((last - first) * row_bytes)});
    order.end();
  });
  order.join();
}

void PackedMatrix::row(int64_t r, float* out) const {
  const uint8_t* group = data_.data() + r / 16 * group_bytes(layout_, cols_);
  const int lane = static_cast<int>(r % 16);
  if (quantised()) {
    for (int64_t b = 0; b < cols_ / 32; ++b, out += 32)
      dequantize(take_block(info_of(layout_), group, b, lane), offset_, out);
    return;
  }
  const int64_t size = layout_ == Layout::f32 ? 4 : 2;
  const TensorType type = layout_ == Layout::f32   ? TensorType::F32
                          : layout_ == Layout::f16 ? TensorType::F16
                                                   : TensorType::BF16;
  for (int64_t k = 0; k < cols_; ++k) dequantize(type, group + (16 * k + lane) * size, 1, out + k);
}

WeightView PackedMatrix::view(int64_t first_group) const {
  return {layout_, offset_, pad16(rows_) / 16 - first_group, cols_,
          data_.data() + first_group * group_bytes(layout_, cols_)};
}

}  // namespace samebits
