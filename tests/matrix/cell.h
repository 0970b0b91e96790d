// One cell of the matrix: a model, a build of samebits, and every setting that may not change a bit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace samebits {

// One program. Its tiers are those that it says this machine (or the emulator that runs it) has.
struct Build {
  std::string name;                  // "g++ -O2"
  std::vector<std::string> command;  // the program, behind an emulator where it needs one
  std::vector<std::string> tiers;
  bool slow = false;  // without optimisation, with sanitizers, or emulated: tiny models only
};

struct Subject {
  std::string name, model;         // as it is shown; what -m takes
  std::vector<std::string> tasks;  // flags that name them
  uint64_t kv_memory_bytes = 0;    // the least that its longest request needs
  uint64_t killed_at_bytes = 0;    // of the journal: more than its longest record, less than all of them
};

struct Cell {
  std::string tier;
  int threads = 1, batch_tokens = 256;
  bool share_prefixes = true;
  bool least_memory = false;  // keys and values in no more than the longest request needs: prefixes are evicted
  bool shuffled = false;      // requests in a drawn order, a few a call
  bool killed = false;        // killed once some answers are in the journal, then resumed
  std::optional<uint64_t> chaos;
};

// "avx2 -j 3 --batch-tokens 7 shuffled killed": as the report names it.
std::string cell_name(const Cell&);
// Flags of `samebits run` that make this cell. `shuffled_runner`: the plugin.
std::vector<std::string> cell_flags(const Cell&, const Subject&, const std::string& shuffled_runner);

struct Digests {
  std::string logits, claims;
  bool operator==(const Digests&) const = default;
};

struct Result {
  Digests digests;
  std::string error;  // what went wrong; empty: digests are there
};

struct LeastMemory {
  uint64_t bytes = 0;       // 0: not found out
  bool not_pulled = false;  // since the model is a known one that is not here
  std::string error;        // or for another reason
};

// Runs programs and cells, each in a folder of its own below `scratch`, which is removed again.
class CellRunner {
 public:
  CellRunner(std::string scratch, std::string shuffled_runner);

  // The tiers that a build has here; none: it did not start. `model`: any that can be opened.
  std::vector<std::string> tiers(const Build&, const std::string& model) const;
  // The least --kv-memory for a subject, from the hint of the error that one byte gives.
  LeastMemory least_kv_memory(const Build&, const Subject&) const;
  Result run(const Build&, const Subject&, const Cell&);

 private:
  struct Outcome;
  // `file_bytes`: writing a larger file kills the program, as SIGXFSZ does; 0: no limit.
  Outcome execute(const std::vector<std::string>& command, uint64_t file_bytes = 0) const;

  std::string scratch_, shuffled_runner_;
};

}  // namespace samebits
