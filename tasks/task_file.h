// One task as its file defines it: parsed and checked, before any data is read.
//
// The format is "samebits-task/1", JSON (tasks/README.md). lm-eval's YAML is converted into it
// (yaml_task.h), so there is one definition, one parser and one digest. Names of the prompt keys, and what they
// mean, are lm-evaluation-harness 0.4's.
// Thread rules: a value. Errors: E0403, E0404 with file and key.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/types.h"

namespace samebits {

inline constexpr uint64_t kDefaultSeed = 1234;  // lm-eval's

enum class OutputType : uint8_t { multiple_choice, loglikelihood, loglikelihood_rolling, generate_until };
std::string_view output_type_name(OutputType);

struct DataFile {
  std::string file;    // relative to the task's folder, tasks/data, or a --data folder
  std::string format;  // "jsonl" | "json" | "csv" | "tsv" | "text"
  std::string field;   // json: the key that holds the records; empty: the top level
  std::string sha256;  // of the uncompressed bytes; empty: pinned when the data is read
};

struct DataSpec {
  std::string licence, source;
  std::map<std::string, DataFile> files;  // by split
  std::string evaluate;                   // split
  std::string process;                    // native document processing (process.h); empty: none
  nlohmann::json select;                  // {field: value}: only documents that have all of them; null: all
};

// Templates are Jinja text, or the name of a field of the document.
struct PromptSpec {
  std::string description, gen_prefix;
  nlohmann::json doc_to_text = "";  // string, or an integer (index of the right choice: several inputs)
  nlohmann::json doc_to_target;     // string, integer or list
  nlohmann::json doc_to_choice;     // string or list of strings; null: none
  std::string target_delimiter = " ", fewshot_delimiter = "\n\n";
  std::string input;          // what a user typed: judged by safety stages; empty: none
  std::string measured_text;  // rolling: text whose words and bytes count; empty: the scored text itself
  bool chat = false;          // rendered by the model's chat template, where the model has one
};

struct FewshotSpec {
  int num = 0;
  bool fixed = false;               // --num-fewshot does not change `num`
  std::string pool;                 // split; empty: no examples can be drawn, unless `samples` has some
  nlohmann::json samples;           // the examples themselves: a list of documents; null: none
  std::string sampler = "default";  // "default": random.Random(seed) | "first_n"
  bool leave_out_document = false;  // draws n + 1 and drops the evaluated document (lm-eval's rule)
  PromptSpec prompt;                // how examples are written: the task's own, with the file's overrides
};

struct GenerationSpec {
  std::vector<std::string> until;
  int max_gen_toks = 256;  // lm-eval's default
  int repeats = 1;
  Sampling sampling;  // seed is set for each request
};

struct TaskFile {
  std::string id, version, about, language, scoring;
  std::vector<std::string> tags;
  uint64_t seed = kDefaultSeed;  // of few-shot draws, unless --seed gives another
  OutputType request{};
  DataSpec data;
  PromptSpec prompt;
  FewshotSpec fewshot;
  GenerationSpec generation;
  std::vector<FilterPipeline> filters;
  std::vector<MetricUse> metrics;
  std::vector<StageUse> stages;
  std::map<std::string, std::string> slices;  // name -> template or field

  nlohmann::json definition;  // what was parsed
  std::string file;           // path, for messages: an observation
  std::string folder;         // where relative data files are looked for first
};

// `where`: the file's path.
TaskFile parse_task_file(const nlohmann::json& definition, const std::string& where);

}  // namespace samebits
