// Ctrl-C: the first stops the run after what is in flight, the second ends the program at once.
#pragma once

#include <unistd.h>

#include <csignal>
#include <string_view>

#include "harness/core/interrupt.h"

namespace samebits {

// While it lives, SIGINT and SIGTERM raise the interrupt flag once and then mean what they meant before.
class StopOnSignal {
 public:
  StopOnSignal() {
    struct sigaction action {};
    action.sa_handler = [](int) {
      interrupt_requested() = true;
      constexpr std::string_view kText = "\nstopping after what is in flight (again: now)\n";
      [[maybe_unused]] const ssize_t ignored = write(2, kText.data(), kText.size());
    };
    action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
    sigaction(SIGINT, &action, &before_[0]);
    sigaction(SIGTERM, &action, &before_[1]);
  }
  ~StopOnSignal() {
    sigaction(SIGINT, &before_[0], nullptr);
    sigaction(SIGTERM, &before_[1], nullptr);
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  struct sigaction before_[2]{};
};

}  // namespace samebits
