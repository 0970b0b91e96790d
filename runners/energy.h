// Energy of a run, an observation: joules of the processor packages as Linux counts them (RAPL), or null with the
// reason; never 0 for "not measured".
//
// Thread rules: one caller at a time.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace samebits {

// Sums the package domains alone: core, uncore and dram nest inside or beside them, and psys contains them, so adding
// any of those would count energy twice.
class RaplMeter {
 public:
  // Starts measuring. `root`: the powercap folder.
  explicit RaplMeter(const std::string& root = "/sys/class/powercap");

  // Reads the counters. Call it at least once in half a wrap-around (262 kJ: 20 minutes at 200 W).
  void sample();

  // Samples, then {"kind": "measured", "method": "rapl", "boundary": "package", "value_uj": 123, "packages": 2} or
  // {"kind": "absent", "value_uj": null, "reason": "…"}. Raw: idle power is included.
  nlohmann::json report();

 private:
  struct Package {
    std::string counter;    // path of energy_uj
    uint64_t range_uj = 0;  // the counter wraps here
    uint64_t last_uj = 0;
    uint64_t total_uj = 0;  // since construction
  };
  std::vector<Package> packages_;
  std::string absent_;  // why nothing can be measured
};

}  // namespace samebits
