// How far a run is: a line that is redrawn on a terminal, a plain line now and then elsewhere. On stderr only.
// Thread rules: one call at a time (the loop's hooks are). Nothing here reaches a score.
#pragma once

#include <chrono>
#include <vector>

#include "harness/cli/terminal.h"
#include "harness/core/loop.h"

namespace samebits {

class Progress {
 public:
  // `known`: what a journal held already. Both must outlive this object.
  Progress(const Plan& plan, const Responses& known);

  void operator()(const Responses&, const Response& newest);
  void finish();  // clears the redrawn line

  uint64_t errors() const { return errors_; }

 private:
  using Clock = std::chrono::steady_clock;

  // Running mean of the first metric of a task whose scores lie in [0, 1].
  struct Live {
    const MetricUse* use = nullptr;
    uint64_t n = 0;
    double sum = 0, squares = 0;
  };

  void count(const Response&);
  void add_score(const Responses&, uint32_t sample);
  void show(uint32_t task);
  void redraw(uint32_t task);
  std::string line(uint32_t task, int width) const;  // width: columns that it should not exceed

  const Plan& plan_;
  Terminal terminal_ = terminal_of(2);
  std::vector<uint32_t> open_requests_;                     // by sample: how many are unanswered
  std::vector<Live> live_;                                  // by task
  uint64_t done_ = 0, total_ = 0;                           // requests
  double done_work_ = 0, known_work_ = 0, total_work_ = 0;  // of requests: bytes to read and to write, about
  uint64_t tokens_ = 0, errors_ = 0;
  Clock::time_point begin_ = Clock::now(), shown_at_ = begin_;
  uint64_t shown_done_ = 0;
  int drawn_columns_ = 0;  // of the line on the terminal
};

}  // namespace samebits
