#include "inference/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <new>

namespace samebits {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kRegion = size_t{32} << 20;
constexpr size_t kMaxSmall = kRegion / 4;  // larger blocks have a region each

size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

// A mapping that is carved from the front and given back when its last block is.
struct Region {
  uint8_t* map = nullptr;
  size_t map_bytes = 0, end = 0, used = 0, blocks = 0;  // usable [used, end), from `map`
};

struct Regions {
  std::mutex mutex;
  std::map<const void*, Region> by_start;
  Region* open = nullptr;  // the one that small blocks come from

  Region& add(size_t bytes) {
    const size_t wanted = round_up(bytes, kHugePage), mapped = wanted + kHugePage;  // room to align
    void* map = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) throw std::bad_alloc();
    Region r{static_cast<uint8_t*>(map), mapped, 0, 0, 0};
    r.used = round_up(reinterpret_cast<uintptr_t>(map), kHugePage) - reinterpret_cast<uintptr_t>(map);
    r.end = r.used + wanted;
#ifdef MADV_HUGEPAGE
    madvise(r.map + r.used, wanted, MADV_HUGEPAGE);  // advice: without it the pages are small
#endif
    try {
      return by_start[map] = r;
    } catch (...) {  // no memory for the entry
      munmap(map, mapped);
      throw;
    }
  }
};

// Never destroyed: thread-local buffers give back after main.
Regions& regions() {
  static Regions& all = *new Regions;
  return all;
}

}  // namespace

#if defined(__SANITIZE_ADDRESS__)  // g++
#define SAMEBITS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SAMEBITS_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef SAMEBITS_ADDRESS_SANITIZER  // each block by itself, so that a step outside it is seen

void* huge_allocate(size_t bytes) { return std::memset(::operator new(bytes, std::align_val_t(64)), 0, bytes); }
void huge_deallocate(void* p, size_t) noexcept { ::operator delete(p, std::align_val_t(64)); }

#else

void* huge_allocate(size_t bytes) {
  bytes = round_up(bytes, 64);
  Regions& all = regions();
  const std::lock_guard lock(all.mutex);
  Region* r = all.open;
  if (!r || r->end - r->used < bytes) {
    r = &all.add(bytes > kMaxSmall ? bytes : kRegion);
    if (bytes <= kMaxSmall) all.open = r;
  }
  void* p = r->map + r->used;
  r->used += bytes;
  ++r->blocks;
  return p;
}

void huge_deallocate(void* p, size_t) noexcept {
  Regions& all = regions();
  const std::lock_guard lock(all.mutex);
  const auto found = std::prev(all.by_start.upper_bound(p));
  Region& r = found->second;
  if (--r.blocks > 0) return;
  if (all.open == &r) {
    if (r.used < kMaxSmall) return;  // small buffers come and go: the next one follows, where nothing was written yet
    all.open = nullptr;
  }
  munmap(r.map, r.map_bytes);
  all.by_start.erase(found);
}

#endif

}  // namespace samebits
