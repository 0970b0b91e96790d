// The engine's threads: every item once, in the contract's floating-point state; and what ThreadSanitizer sees of them.
#include "inference/workers.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>
#include <vector>

namespace samebits {
namespace {

TEST(Workers, EachItemIsVisitedOnceByAnyNumberOfThreads) {
  for (const int threads : {1, 2, 3, 8}) {
    Workers workers(threads);
    EXPECT_EQ(workers.threads(), threads);
    for (const int64_t n : {0, 1, 2, 1000}) {
      std::vector<int> visits(static_cast<size_t>(n));
      workers.each(n, [&](int64_t i) { ++visits[static_cast<size_t>(i)]; });
      EXPECT_EQ(visits, std::vector<int>(static_cast<size_t>(n), 1)) << threads << " threads";
    }
  }
}

// Each loop reads what was written between the loops; under ThreadSanitizer a report would end the program.
TEST(Workers, ALoopSeesWhatWasWrittenBeforeItAndIsSeenAfterIt) {
  Workers workers(4);
  std::vector<int64_t> values(1000);
  for (int round = 0; round < 100; ++round) {
    for (int64_t& v : values) ++v;
    workers.each(1000, [&](int64_t i) { values[static_cast<size_t>(i)] += i; });
  }
  int64_t expected = 100 * 1000;
  for (int64_t i = 0; i < 1000; ++i) expected += 100 * i;
  EXPECT_EQ(std::accumulate(values.begin(), values.end(), int64_t{0}), expected);
}

#ifdef SAMEBITS_THREAD_SANITIZER
TEST(WorkersDeathTest, ThreadSanitizerReportsARaceBetweenTwoBodies) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        Workers workers(4);
        int64_t sum = 0;  // not atomic, and every body adds to it
        for (int round = 0; round < 100; ++round) workers.each(1000, [&](int64_t i) { sum += i; });
        std::exit(0);  // with 66 in its place when there was a report
      },
      testing::ExitedWithCode(66), "data race");
}
#endif

}  // namespace
}  // namespace samebits
