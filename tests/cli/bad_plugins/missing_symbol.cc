// Needs a function that samebits does not have.
#include "harness/core/registry.h"

namespace samebits {
std::string function_of_a_later_version();
}

extern "C" const char* text() {
  static const std::string text = samebits::function_of_a_later_version();
  return text.c_str();
}

SAMEBITS_PLUGIN()
