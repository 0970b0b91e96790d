// Task source "tsv": every NAME.tsv in an --include-path folder is the multiple-choice task NAME.
// A line is: question TAB right choice TAB wrong choice [TAB wrong choice …].
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "harness/core/registry.h"

namespace {
using namespace samebits;
namespace fs = std::filesystem;

// NAME -> path, sorted; the first folder that has a name wins.
std::map<std::string, std::string> find_files(const PlanOptions& options) {
  std::map<std::string, std::string> found;
  for (const std::string& folder : options.include_paths)
    for (const fs::directory_entry& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".tsv") found.try_emplace(entry.path().stem().string(), entry.path().string());
  return found;
}

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, '\t');) fields.push_back(field);
  return fields;
}

// Appends one question and its requests, one a choice.
void add_sample(const std::vector<std::string>& fields, const std::string& line, uint32_t doc_id, Plan& plan) {
  Sample sample;
  sample.task = static_cast<uint32_t>(plan.tasks.size());
  sample.doc_id = doc_id;
  sample.doc_digest = sha256_hex(line);
  sample.choices.assign(fields.begin() + 1, fields.end());
  sample.gold = {0};
  sample.first_request = static_cast<uint32_t>(plan.requests.size());
  sample.n_requests = static_cast<uint32_t>(sample.choices.size());
  for (uint32_t slot = 0; slot < sample.n_requests; ++slot) {
    Request& request = plan.requests.emplace_back();
    request.index = sample.first_request + slot;
    request.task = sample.task;
    request.sample = static_cast<uint32_t>(plan.samples.size());
    request.slot = slot;
    request.context = "Question: " + fields[0] + "\nAnswer:";
    request.continuation = " " + sample.choices[slot];
  }
  plan.samples.push_back(std::move(sample));
}

struct TsvTasks final : TaskSource {
  std::vector<TaskSummary> list(const PlanOptions& options) const override {
    std::vector<TaskSummary> out;
    for (const auto& [name, path] : find_files(options)) {
      TaskSummary& task = out.emplace_back();
      task.id = name;
      task.version = "1";
      task.kind = "loglikelihood";
      task.source = path;
      task.description = "multiple choice from a TSV file";
    }
    return out;
  }

  bool add(std::string_view id, const PlanOptions& options, Plan& plan) const override {
    const auto files = find_files(options);
    const auto file = files.find(std::string(id));
    if (file == files.end()) return false;
    std::ifstream in(file->second);
    std::string line;
    uint32_t doc_id = 0;
    for (; std::getline(in, line); ++doc_id) {
      if (options.limit && doc_id >= *options.limit) continue;
      const std::vector<std::string> fields = split(line);
      if (fields.size() < 3)
        throw Error("E0401", "a line needs a question and two choices", file->second + ":" + std::to_string(doc_id + 1),
                    "separate them with tabs");
      add_sample(fields, line, doc_id, plan);
    }
    Task task;
    task.id = id;
    task.version = "1";
    task.definition = {{"format", "tsv"}, {"sha256", sha256_file(file->second)}};
    task.digest = sha256_hex(canonical(task.definition));  // `verify` holds every task to this
    task.n_docs = doc_id;
    task.partial = options.limit && *options.limit < task.n_docs;
    task.metrics = {{"acc"}};
    plan.tasks.push_back(std::move(task));
    return true;
  }
};

SAMEBITS_REGISTER(TaskSource, TsvTasks, "tsv", 1, "multiple-choice questions, one a line of a TSV file");

}  // namespace

SAMEBITS_PLUGIN()
