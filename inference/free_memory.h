// Memory that the system could give to this process now. Decides how much is cached, never a bit.
#pragma once

#include <cstdint>

namespace samebits {

// MemAvailable of /proc/meminfo where there is one, else the pages that nobody uses. At least 1 MiB.
uint64_t free_memory_bytes();

}  // namespace samebits
