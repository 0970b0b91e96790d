#include "inference/packed.h"

#include <cstring>
#include <string>

#include "harness/core/error.h"
#include "inference/quants.h"

namespace samebits {
namespace {

Layout layout_of(const QuantType& t) {
  if (t.halves) return t.has_min ? Layout::u7_halves_min : Layout::u7_halves;
  if (t.max_q <= 15) return t.has_min ? Layout::u4_min : Layout::u4;
  if (t.max_q <= 127) return t.has_min ? Layout::u7_min : Layout::u7;
  SAMEBITS_ASSERT(!t.has_min);
  return Layout::u8;
}

// One row of one block into its lane of the group's block (kernels.h: Layout).
void place(const Block32& from, bool nibbles, int row, uint8_t* block) {
  for (int k = 0; k < 32; ++k) {
    const int k4 = k / 4, i = k % 4;
    if (!nibbles)
      block[64 * k4 + 4 * row + i] = from.q[k];
    else if (k4 < 4)
      block[64 * k4 + 4 * row + i] |= from.q[k];
    else
      block[64 * (k4 - 4) + 4 * row + i] |= static_cast<uint8_t>(from.q[k] << 4);
  }
}

}  // namespace

PackedMatrix::PackedMatrix(const Tensor& t) {
  const QuantType* type = quant_type(t.type);
  SAMEBITS_ASSERT(type);
  rows_ = static_cast<int64_t>(t.rows());
  cols_ = static_cast<int64_t>(t.cols());
  if (type->quantised && cols_ % 32 != 0)
    throw Error("E0211", "the tensor \"" + t.name + "\" of type " + std::string(type->name) + " has rows of " +
                std::to_string(cols_) + " values, not a multiple of 32", t.name, "convert the model again");
  if (type->quantised)
    pack_quantised(t);
  else
    pack_float(t);
}

void PackedMatrix::pack_quantised(const Tensor& t) {
  const QuantType& type = *quant_type(t.type);
  layout_ = layout_of(type);
  offset_ = type.offset;
  const bool nibbles = layout_ == Layout::u4 || layout_ == Layout::u4_min;
  const int64_t groups = pad16(rows_) / 16, blocks = cols_ / 32, block_bytes = nibbles ? 256 : 512;
  q_.assign(static_cast<size_t>(groups * blocks * block_bytes), 0);
  d_.assign(static_cast<size_t>(groups * blocks * parts() * 16), 0.0f);
  if (type.has_min) m_.assign(d_.size(), 0.0f);
  const int64_t row_bytes = cols_ / type.values * type.bytes;
  const int per = type.values / 32;
  std::vector<Block32> unpacked(static_cast<size_t>(per));
  for (int64_t r = 0; r < rows_; ++r) {
    const int lane = static_cast<int>(r % 16);
    for (int64_t file_block = 0; file_block < cols_ / type.values; ++file_block) {
      type.unpack(t.data + r * row_bytes + file_block * type.bytes, unpacked.data());
      for (int i = 0; i < per; ++i) {
        const int64_t b = r / 16 * blocks + file_block * per + i;
        place(unpacked[static_cast<size_t>(i)], nibbles, lane, &q_[static_cast<size_t>(b * block_bytes)]);
        for (int part = 0; part < parts(); ++part) {
          const size_t at = static_cast<size_t>((b * parts() + part) * 16 + lane);
          d_[at] = unpacked[static_cast<size_t>(i)].d[part];
          if (type.has_min) m_[at] = unpacked[static_cast<size_t>(i)].m[part];
        }
      }
    }
  }
}

void PackedMatrix::pack_float(const Tensor& t) {
  layout_ = t.type == TensorType::F32 ? Layout::f32 : t.type == TensorType::F16 ? Layout::f16 : Layout::bf16;
  const int64_t size = layout_ == Layout::f32 ? 4 : 2;
  q_.assign(static_cast<size_t>(pad16(rows_) * cols_ * size), 0);
  for (int64_t r = 0; r < rows_; ++r)
    for (int64_t k = 0; k < cols_; ++k)
      std::memcpy(&q_[static_cast<size_t>(((r / 16 * cols_ + k) * 16 + r % 16) * size)],
                  t.data + (r * cols_ + k) * size, static_cast<size_t>(size));
}

WeightView PackedMatrix::view(int64_t first_group) const {
  const int64_t groups = pad16(rows_) / 16;
  const int64_t q_group = static_cast<int64_t>(q_.size()) / groups, d_group = static_cast<int64_t>(d_.size()) / groups;
  return {layout_, offset_, groups - first_group, cols_, q_.data() + first_group * q_group,
          d_.data() + first_group * d_group, m_.empty() ? nullptr : m_.data() + first_group * d_group};
}

}  // namespace samebits
