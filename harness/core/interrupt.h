// The one cooperative stop flag: the CLI's signal handler sets it, whoever works in batches looks at it.
//
// A Backend checks it between batches and returns early; what is then unanswered stays missing (not failed), so the
// journal can resume it. It never decides a value, only whether more values are computed.
// Thread rules: lock-free, safe to set from a signal handler and to read from any thread.
#pragma once

#include <atomic>

namespace samebits {

inline std::atomic<bool>& interrupt_requested() {
  static constinit std::atomic<bool> requested{false};  // constant-initialised: no guard, hence signal-safe
  static_assert(std::atomic<bool>::is_always_lock_free);
  return requested;
}

}  // namespace samebits
