#include "inference/thread_sanitizer.h"

#ifdef SAMEBITS_THREAD_SANITIZER

// oneTBB is half in our code (its templates) and half in a library that is not instrumented, which orders them.
// Left out is only what the library frees itself, and a report whose innermost frame is one of oneTBB's templates or an
// operation of std::atomic, which they use on oneTBB's own objects. `race:` in place of `race_top:`, or the library's
// name, would hide every body of a parallel loop.
extern "C" const char* __tsan_default_suppressions() {
  return "called_from_lib:libtbb.so\n"
         "race_top:/oneapi/tbb/\n"
         "race_top:std::__atomic_base\n"
         "race_top:std::atomic\n";
}

#endif
