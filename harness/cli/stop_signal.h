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
      // On a terminal over the progress line, and over the ^C that the terminal drew into it.
      const bool terminal = isatty(2) == 1;
      constexpr std::string_view kText = "stopping after what is in flight (again: now)\n";
      [[maybe_unused]] ssize_t ignored = terminal ? write(2, "\r\x1b[K", 4) : write(2, "\n", 1);
      ignored = write(2, kText.data(), kText.size());
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
