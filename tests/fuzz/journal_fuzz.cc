// A run's journal that somebody edited: lines that begin with "{" get their length and checksum made for them.
#include <algorithm>

#include "harness/core/digest.h"
#include "results/journal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/results/fake_run.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

// Each record without its frame.
std::vector<std::string> journal_seeds() {
  const TempDir temp;
  const Plan plan = fake_plan();
  {
    Journal journal(temp / "run", plan, fake_model());
    for (const auto& response : fake_responses(plan)) journal.append(*response);
  }
  const std::string framed = slurp(temp / ("run/" + std::string(kJournalName)));
  std::string bare;
  for (size_t at = 0, end; at < framed.size(); at = end + 1) {
    end = framed.find('\n', at);
    const size_t json = framed.find('{', at);
    bare += framed.substr(json, end + 1 - json);
  }
  return {framed, bare};
}

std::string frame(std::string_view input) {
  std::string out;
  while (!input.empty()) {
    const size_t end = std::min(input.find('\n'), input.size());
    const std::string line(input.substr(0, end));
    if (line.starts_with('{')) out += std::to_string(line.size()) + " " + sha256_hex(line).substr(0, 16) + " ";
    out += line + "\n";
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  return out;
}

void run_journal(std::string_view input) {
  const TempDir temp;
  const Plan plan = fake_plan();
  const std::string folder = temp / "run";
  spew(folder + "/" + kJournalName, frame(input));
  Journal journal(folder, plan, fake_model());
  const Responses known = journal.take_known();
  for (const Request& request : plan.requests)
    if (!known[request.index]) journal.append(fake_response(request));
}

SAMEBITS_FUZZ_TARGET(journal, journal_seeds, run_journal);

}  // namespace
}  // namespace samebits
