#include "inference/kv_cache.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "harness/core/error.h"

namespace samebits {
namespace {

constexpr int64_t kChaosSpares = 16;  // free pages below which chaos may take a new one

}  // namespace

KvPool::KvPool(KvShape shape, Chaos& chaos) : shape_(shape), chaos_(chaos) {}

uint64_t KvPool::bytes_per_page() const {
  return uint64_t{2} * kPage * (shape_.head_dim + shape_.padded_dim) * shape_.n_head_kv * shape_.n_layers;
}

uint32_t KvPool::acquire() {
  peak_ = std::max(peak_, ++in_use_);
  // Of the free pages the one that was freed last; under chaos any of them, or a new one while few are free.
  const auto n_free = static_cast<int64_t>(free_.size());
  const int64_t least = n_free < kChaosSpares ? -1 : 0;
  const int64_t chosen = chaos_.pick(n_free - 1, std::min(least, n_free - 1), n_free - 1);
  if (chosen >= 0) {
    const uint32_t page = free_[static_cast<size_t>(chosen)];
    free_.erase(free_.begin() + chosen);
    references_[page] = 1;
    chaos_.litter(keys(page, 0, 0), static_cast<int64_t>(bytes_per_page() / 2));
    return page;
  }
  // Zeroed: lanes that nobody wrote are read as padding, and must be finite.
  pages_.emplace_back(bytes_per_page() / 2);
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
  return pages_[page].data() + (int64_t{layer} * shape_.n_head_kv + head) * head_size;
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
