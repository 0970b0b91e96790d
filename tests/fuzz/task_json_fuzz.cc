// Task, group and suite files in samebits' own format, and the plan of their two documents.
#include <nlohmann/json.hpp>

#include "harness/core/canonical_json.h"
#include "tasks/suite.h"
#include "tests/fuzz/fuzz.h"

namespace samebits {
namespace {

using nlohmann::json;

json sound_task() {
  return {
      {"format", "samebits-task/1"},
      {"id", "t"},
      {"version", "1"},
      {"data", {{"licence", "MIT"}, {"source", "-"}, {"files", {{"a", {{"file", "data.jsonl"}}}}}, {"evaluate", "a"}}},
      {"request", "multiple_choice"},
      {"prompt", {{"doc_to_text", "{{question}}"}, {"doc_to_target", "answer"}, {"doc_to_choice", "choices"}}},
      {"fewshot", {{"num", 1}, {"pool", "a"}, {"leave_out_document", true}}},
      {"metrics", {{{"metric", "acc"}}}}};
}

std::vector<std::string> task_seeds() {
  json generate = sound_task();
  generate["request"] = "generate_until";
  generate["prompt"] = {{"doc_to_text", "question"}, {"doc_to_target", "{{choices[answer]}}"}, {"chat", true}};
  generate["generation"] = {{"until", {"\n"}}, {"max_gen_toks", 5}, {"temperature", 0.5}, {"repeats", 2}};
  generate["filters"] = {{{"name", "f"}, {"steps", {{{"function", "regex"}, {"regex_pattern", "(\\d)"}}}}}};
  generate["metrics"] = {{{"metric", "exact_match"}, {"args", {{"ignore_case", true}}}}};
  json each = sound_task();
  for (const char* key : {"format", "id"}) each.erase(key);
  each["prompt"]["description"] = "About ${topic}.\n";
  const json group = {{"format", "samebits-group/1"},
                      {"id", "g"},
                      {"version", "1"},
                      {"each", each},
                      {"members", {{{"id", "m"}, {"topic", "sums"}}}}};
  const json suite = {{"format", "samebits-suite/1"}, {"id", "s"}, {"version", "1"}, {"tasks", {{{"task", "t"}}}}};
  return {sound_task().dump(), generate.dump(), group.dump(), suite.dump()};
}

void run_task(std::string_view text) {
  const json definition = parse_json(text, "fuzz.json");
  if (definition.is_object() && definition.value("format", json()) == "samebits-suite/1")
    parse_suite(definition, "fuzz.json");
  else
    plan_task_text(text, ".json");
}

SAMEBITS_FUZZ_TARGET(task_json, task_seeds, run_task);

}  // namespace
}  // namespace samebits
