// Keys and values of positions, in pages of 16 absolute positions, shared by reference between sequences.
//
// The lane of a position within its page is position mod 16, whoever owns the page: so where a page lies, and who
// computed it, cannot change a bit. A sequence that branches off inside a page gets a page of its own for the same 16
// positions; its block table then names two sources with their lanes.
// Thread rules: the pool is driven by one thread; distinct (page, lane) may be written concurrently.
#pragma once

#include <cstdint>
#include <vector>

#include "inference/chaos.h"
#include "inference/huge_pages.h"

namespace samebits {

inline constexpr int kPage = 16;

struct KvShape {
  int n_layers = 0, n_head_kv = 0, head_dim = 0, padded_dim = 0;
};

class KvPool {
 public:
  KvPool(KvShape, Chaos&);

  uint32_t acquire();           // one reference
  void retain(uint32_t page) { ++references_[page]; }
  void release(uint32_t page);
  uint64_t pages_in_use() const { return in_use_; }
  uint64_t peak_pages() const { return peak_; }
  uint64_t bytes_per_page() const;

  // Binary16. Keys (head_dim, 16 positions): element (d, lane) at d * 16 + lane. Values (16 positions, padded_dim).
  uint16_t* keys(uint32_t page, int layer, int head);
  uint16_t* values(uint32_t page, int layer, int head);

 private:
  KvShape shape_;
  Chaos& chaos_;
  std::vector<HugeVector<uint16_t>> pages_;
  std::vector<uint32_t> references_, free_;
  uint64_t in_use_ = 0, peak_ = 0;
};

// The pages of one sequence. Copies share pages.
class BlockTable {
 public:
  struct Source {
    uint32_t page;
    uint8_t first, last;  // lanes [first, last) of this 16-position block come from this page
  };

  explicit BlockTable(KvPool& pool) : pool_(&pool) {}
  BlockTable(const BlockTable&);
  BlockTable& operator=(const BlockTable&) = delete;
  BlockTable(BlockTable&&) noexcept = default;
  BlockTable& operator=(BlockTable&&) noexcept;
  ~BlockTable() { clear(); }

  int64_t length() const { return length_; }  // positions
  void truncate(int64_t length);
  // Room for the position `length()`. A page that others may write into is left to them: after a copy or a truncation
  // inside a page the next position opens a page of its own.
  void append();
  uint32_t page_of_last() const { return blocks_.back().back().page; }
  const std::vector<Source>& block(int64_t i) const { return blocks_[static_cast<size_t>(i)]; }

 private:
  void clear();

  KvPool* pool_;
  std::vector<std::vector<Source>> blocks_;
  int64_t length_ = 0;
  bool owns_last_ = false;
};

}  // namespace samebits
