#include "inference/free_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace samebits {

uint64_t free_memory_bytes() {
  constexpr uint64_t kLeast = 1 << 20, kKibibyte = 1024;
  std::ifstream table("/proc/meminfo");
  for (std::string key; table >> key;) {
    uint64_t kibibytes = 0;
    if (key == "MemAvailable:" && table >> kibibytes) return std::max(kLeast, kibibytes * kKibibyte);
    table.ignore(256, '\n');
  }
  const int64_t pages = sysconf(_SC_AVPHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
  return pages > 0 && page_bytes > 0
             ? std::max(kLeast, static_cast<uint64_t>(pages) * static_cast<uint64_t>(page_bytes))
             : kLeast;
}

}  // namespace samebits
