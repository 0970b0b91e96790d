// Tells ThreadSanitizer what oneTBB guarantees; nothing at all in any other build.
//
// The system's libtbb is not instrumented. ThreadSanitizer therefore sees neither that what is written before a
// parallel loop is visible in its bodies nor that what the bodies write is visible after it, and reports every loop.
// ForkJoin states these two orders and no third: the bodies of one loop stay unordered among each other, so a race
// between two of them is still found (tests/inference/workers_test.cc). thread_sanitizer.cc has the rest.
#pragma once

#ifdef __SANITIZE_THREAD__
#define SAMEBITS_THREAD_SANITIZER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SAMEBITS_THREAD_SANITIZER
#endif
#endif

#ifdef SAMEBITS_THREAD_SANITIZER
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

namespace samebits {

// Made before the loop; begin() and end() in each body; join() after the loop.
class ForkJoin {
 public:
#ifdef SAMEBITS_THREAD_SANITIZER
  ForkJoin() { __tsan_release(&fork_); }
  void begin() { __tsan_acquire(&fork_); }
  void end() { __tsan_release(&join_); }
  void join() { __tsan_acquire(&join_); }

 private:
  char fork_ = 0, join_ = 0;  // only their addresses matter
#else
  void begin() {}
  void end() {}
  void join() {}
#endif
};

}  // namespace samebits
