// The coded error that an action ends in.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "harness/core/error.h"

namespace samebits {

// A failure of the test when it throws none.
template <class Action>
Error error_of(Action&& action) {
  try {
    action();
  } catch (const Error& e) {
    return e;
  }
  ADD_FAILURE() << "no error";
  return Error("E0000", "", "", "");
}

// Its code, "" when it throws none. `message` gets what a user reads.
template <class Action>
std::string code_of(Action&& action, std::string* message = nullptr) {
  try {
    action();
  } catch (const Error& e) {
    if (message) *message = format_error(e);
    return e.code;
  }
  return "";
}

}  // namespace samebits
