#include "inference/huge_pages.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace samebits {
namespace {

// The promise of huge_pages.h, whatever lay in a block that was given back.
TEST(HugePages, WhatIsAllocatedIsZeroAndAligned) {
  for (const size_t bytes : {size_t{1}, size_t{4096}, size_t{3} << 20, size_t{9} << 20})
    for (int round = 0; round < 5; ++round) {
      auto* block = static_cast<uint8_t*>(huge_allocate(bytes));
      EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
      EXPECT_EQ(std::count(block, block + bytes, 0), static_cast<std::ptrdiff_t>(bytes)) << "round " << round;
      std::memset(block, 0xFF, bytes);
      huge_deallocate(block, bytes);
    }
}

// With AddressSanitizer each block is by itself (clang names it in another way).
#if !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
bool mapped(const void* p) {
  constexpr uintptr_t kPage = 4096;
  return msync(reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(p) / kPage * kPage), 1, MS_ASYNC) == 0;
}

TEST(HugePages, SmallBlocksThatComeAndGoMapNothing) {
  void* first = huge_allocate(64);
  huge_deallocate(first, 64);
  EXPECT_TRUE(mapped(first));
  void* next = huge_allocate(64);
  huge_deallocate(next, 64);
  EXPECT_EQ(static_cast<uint8_t*>(next) - static_cast<uint8_t*>(first), 64);
}

TEST(HugePages, MemoryIsGivenBack) {
  void* large = huge_allocate(size_t{9} << 20);
  huge_deallocate(large, size_t{9} << 20);
  EXPECT_FALSE(mapped(large));
  int given_back = 0;
  for (int i = 0; i < 4; ++i) {  // 12 MiB in turn: no region keeps that much for nothing
    void* block = huge_allocate(size_t{3} << 20);
    huge_deallocate(block, size_t{3} << 20);
    given_back += !mapped(block);
  }
  EXPECT_GE(given_back, 1);
}
#endif

}  // namespace
}  // namespace samebits
