// lm-eval YAML: scalars, tags, anchors and merges, then the task and the plan of its two documents.
#include "tests/fuzz/fuzz.h"

namespace samebits {
namespace {

std::vector<std::string> yaml_seeds() {
  return {R"(task: t
dataset_path: json
dataset_kwargs: {data_files: {test: data.jsonl}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}\n"
doc_to_choice: choices
doc_to_target: answer
num_fewshot: 1
fewshot_split: test
metric_list:
  - metric: acc
    aggregation: mean
    higher_is_better: true
metadata: {version: 1.0}
)",
          R"(task: g
tag: [a, b]
dataset_path: json
dataset_kwargs: &kwargs
  data_files: data.jsonl
<<: {test_split: train}
output_type: generate_until
doc_to_text: question
doc_to_target: "{{choices[answer]}}"
generation_kwargs:
  until: ["\n", '</s>']
  do_sample: no
  max_gen_toks: 0x10
filter_list:
  - name: strict
    filter:
      - {function: regex, regex_pattern: '(\d+)'}
      - function: take_first
metric_list: [{metric: exact_match, ignore_case: yes}]
)",
          R"(group: outer
task:
  - task: x
  - group: inner
    task: [x]
aggregate_metric_list: [{metric: acc, weight_by_size: true}]
)"};
}

void run_yaml(std::string_view text) { plan_task_text(text, ".yaml"); }

SAMEBITS_FUZZ_TARGET(task_yaml, yaml_seeds, run_yaml);

}  // namespace
}  // namespace samebits
