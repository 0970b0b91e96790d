// The records of a bundle: items, tasks and groups as claims, one a line. What is read writes back to the same bytes.
#include "harness/core/canonical_json.h"
#include "harness/core/error.h"
#include "harness/core/loop.h"
#include "results/records.h"
#include "tests/fuzz/fuzz.h"
#include "tests/results/fake_run.h"

namespace samebits {
namespace {

using nlohmann::json;

std::vector<std::string> record_seeds() {
  const Plan plan = fake_plan();
  const Responses responses = fake_responses(plan);
  std::vector<std::string> out;
  const Scores scores = score(plan, responses);
  for (const size_t sample : {0, 3, 5}) {  // one of each request kind
    const Sample& s = plan.samples[sample];
    size_t of_task = 0;
    while (plan.samples[sample - of_task].task == s.task && of_task < sample) ++of_task;
    of_task -= plan.samples[sample - of_task].task != s.task;
    out.push_back("i" + canonical(item_json(plan, s, responses, &scores.tasks[s.task], of_task)));
  }
  for (const Task& task : plan.tasks) out.push_back("t" + canonical(task_json(task)));
  out.push_back("g" + canonical(group_json(plan.groups[0])));
  return out;
}

void run_records(std::string_view input) {
  if (input.empty()) return;
  const json record = parse_json(input.substr(1), "fuzz");
  if (input[0] == 'i') {
    Plan plan = fake_plan();
    Responses responses = fake_responses(plan);
    append_item(record, 0, "fuzz", plan, responses);
  } else if (input[0] == 't') {
    const json again = task_json(task_of_json(record, "fuzz"));
    SAMEBITS_ASSERT(task_json(task_of_json(again, "fuzz")) == again);
  } else {
    const json again = group_json(group_of_json(record, "fuzz"));
    SAMEBITS_ASSERT(group_json(group_of_json(again, "fuzz")) == again);
  }
}

SAMEBITS_FUZZ_TARGET(records, record_seeds, run_records);

}  // namespace
}  // namespace samebits
