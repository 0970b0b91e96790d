// What may not be in machine code that reaches a score, found with objdump (NUMERICS.md §1).
#pragma once

#include <string>
#include <vector>

namespace samebits {

// objdump of this build's target architecture; empty when it was not found.
std::string objdump();

struct Violation {
  std::string object, function, instruction;
  std::string rule;  // "x87", "estimate", "half arithmetic", "saturating", "control", "fma", "libm"
};

// Every violation in an object file or a program, in the order of its code.
std::vector<Violation> violations(const std::string& path);

}  // namespace samebits
