#include "inference/kv_cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "harness/core/error.h"

namespace samebits {

KvPool::KvPool(KvShape shape) : shape_(shape) {}

uint64_t KvPool::bytes_per_page() const {
  return uint64_t{2} * kPage * (shape_.head_dim + shape_.padded_dim) * shape_.n_head_kv * shape_.n_layers;
}

uint32_t KvPool::acquire() {
  peak_ = std::max(peak_, ++in_use_);
  if (!free_.empty()) {
    const uint32_t page = free_.back();
    free_.pop_back();
    references_[page] = 1;
    return page;
  }
  // Zeroed: lanes that nobody wrote are read as padding, and must be finite.
  pages_.push_back(std::make_unique<uint16_t[]>(bytes_per_page() / 2));
  references_.push_back(1);
  return static_cast<uint32_t>(pages_.size() - 1);
}

void KvPool::release(uint32_t page) {
  SAMEBITS_ASSERT(references_[page] > 0);
  if (--references_[page] > 0) return;
  --in_use_;
  free_.push_back(page);
}

uint16_t* KvPool::keys(uint32_t page, int layer, int head) {
  const int64_t head_size = int64_t{kPage} * (shape_.head_dim + shape_.padded_dim);
  return pages_[page].get() + (int64_t{layer} * shape_.n_head_kv + head) * head_size;
}

uint16_t* KvPool::values(uint32_t page, int layer, int head) {
  return keys(page, layer, head) + int64_t{kPage} * shape_.head_dim;
}

BlockTable::BlockTable(const BlockTable& other) : pool_(other.pool_), blocks_(other.blocks_), length_(other.length_) {
  for (const auto& block : blocks_)
    for (const Source& s : block) pool_->retain(s.page);
}

BlockTable& BlockTable::operator=(BlockTable&& other) noexcept {
  if (this == &other) return *this;
  clear();
  pool_ = other.pool_;
  blocks_ = std::move(other.blocks_);
  length_ = std::exchange(other.length_, 0);
  owns_last_ = other.owns_last_;
  other.blocks_.clear();
  return *this;
}

void BlockTable::clear() {
  for (const auto& block : blocks_)
    for (const Source& s : block) pool_->release(s.page);
  blocks_.clear();
  length_ = 0;
  owns_last_ = false;
}

void BlockTable::truncate(int64_t length) {
  if (length == length_) return;
  SAMEBITS_ASSERT(length < length_);
  const size_t keep = static_cast<size_t>((length + kPage - 1) / kPage);
  while (blocks_.size() > keep) {
    for (const Source& s : blocks_.back()) pool_->release(s.page);
    blocks_.pop_back();
  }
  length_ = length;
  owns_last_ = false;
  const auto lane = static_cast<uint8_t>(length % kPage);
  if (lane == 0) return;
  auto& last = blocks_.back();
  while (last.back().first >= lane) {
    pool_->release(last.back().page);
    last.pop_back();
  }
  last.back().last = lane;
}

void BlockTable::append() {
  const auto lane = static_cast<uint8_t>(length_ % kPage);
  if (lane == 0) blocks_.emplace_back();
  if (lane == 0 || !owns_last_) {
    blocks_.back().push_back({pool_->acquire(), lane, lane});
    owns_last_ = true;
  }
  ++blocks_.back().back().last;
  ++length_;
}

}  // namespace samebits
