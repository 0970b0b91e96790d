// Threads for the engine: a oneTBB arena whose every worker runs in the contract's floating-point state.
//
// Work is split by outputs only, never inside a sum, so the number of threads cannot change a bit.
// Thread rules: one parallel_for at a time per Workers; oneTBB limits threads per process, so of two engines that are
// open at once the smaller number of threads holds for both.
#pragma once

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_scheduler_observer.h>

#include "harness/core/error.h"
#include "harness/core/fp_environment.h"
#include "inference/chaos.h"
#include "inference/thread_sanitizer.h"

namespace samebits {

class Workers {
 public:
  explicit Workers(int threads, Chaos* chaos = nullptr)  // 0: one a core
      : chaos_(chaos),
        threads_(threads > 0 ? threads : tbb::this_task_arena::max_concurrency()),
        limit_(tbb::global_control::max_allowed_parallelism, static_cast<size_t>(threads_)),
        arena_(threads_),
        observer_(arena_) {}
  int threads() const { return threads_; }
  // How much of the work one item is: Chaos::pick, `usual` without chaos.
  int64_t pick(int64_t usual, int64_t low, int64_t high) { return chaos_ ? chaos_->pick(usual, low, high) : usual; }

  // body(i) for i in [0, n), in any order. With one thread or one item: here, in order.
  template <class Body>
  void each(int64_t n, const Body& body) {
    if (!chaos_ || !chaos_->on() || n < 2) return spread(n, body);
    const int64_t first = chaos_->pick(0, 0, n - 1);
    spread(n, [&](int64_t i) {
      chaos_->stall(i);
      body((first + i) % n);
    });
  }

 private:
  template <class Body>
  void spread(int64_t n, const Body& body) {
    if (threads_ == 1 || n == 1) {
      set_fp_environment();
      for (int64_t i = 0; i < n; ++i) body(i);
      return;
    }
    ForkJoin order;
    arena_.execute([&] {
      tbb::parallel_for(tbb::blocked_range<int64_t>(0, n, 1), [&](const tbb::blocked_range<int64_t>& range) {
        SAMEBITS_ASSERT(fp_environment_is_default());
        order.begin();
        for (int64_t i = range.begin(); i < range.end(); ++i) body(i);
        order.end();
      });
    });
    order.join();
  }

  struct Observer : tbb::task_scheduler_observer {
    explicit Observer(tbb::task_arena& arena) : tbb::task_scheduler_observer(arena) { observe(true); }
    ~Observer() override { observe(false); }
    void on_scheduler_entry(bool) override { set_fp_environment(); }
  };
  Chaos* chaos_;
  int threads_;
  tbb::global_control limit_;  // more threads than cores, too, when asked for
  tbb::task_arena arena_;
  Observer observer_;
};

}  // namespace samebits
