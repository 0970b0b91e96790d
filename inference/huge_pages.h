// Memory for what the engine streams: weights, keys and values, activations.
//
// Small blocks are carved from large regions that ask the system for 2 MiB pages: with 4 KiB pages a virtual machine
// spends more time on address translation than on the data (decoding a token took 1.8 times as long).
// Thread rules: allocate and deallocate from any thread. What was allocated is zero.
#pragma once

#include <cstddef>
#include <vector>

namespace samebits {

void* huge_allocate(size_t bytes);  // aligned to 64; throws std::bad_alloc
void huge_deallocate(void*, size_t bytes) noexcept;

template <class T>
struct HugeAllocator {
  using value_type = T;
  HugeAllocator() = default;
  template <class U>
  HugeAllocator(const HugeAllocator<U>&) {}
  T* allocate(size_t n) { return static_cast<T*>(huge_allocate(n * sizeof(T))); }
  void deallocate(T* p, size_t n) noexcept { huge_deallocate(p, n * sizeof(T)); }
  template <class U>
  void construct(U*) {}  // new elements are what the memory holds: zero, or what lay there before a shrinking
  bool operator==(const HugeAllocator&) const { return true; }
};

// A vector whose growth by resize() writes nothing. For plain values only.
template <class T>
using HugeVector = std::vector<T, HugeAllocator<T>>;

}  // namespace samebits
