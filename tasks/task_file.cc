#include "tasks/task_file.h"

#include <fmt/core.h>

#include <array>
#include <filesystem>

#include "harness/core/error.h"
#include "harness/core/limits.h"
#include "tasks/json_reader.h"

namespace samebits {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> kOutputTypes = {"multiple_choice", "loglikelihood", "loglikelihood_rolling",
                                                          "generate_until"};
// Bounds far beyond any published task: a slip of the keyboard ends in a message, not in a day of work.
constexpr int kMaxGeneratedTokens = 1 << 20;
constexpr int kMaxRepeats = 1024;

// One of the allowed words, else E0404 with the nearest ones.
std::string one_of(ObjectReader& reader, std::string_view key, std::string value,
                   const std::vector<std::string>& allowed) {
  for (const std::string& a : allowed)
    if (value == a) return value;
  std::string list;
  for (const std::string& a : allowed) list += (list.empty() ? "\"" : ", \"") + a + "\"";
  reader.fail(key, fmt::format("\"{}\" is not a {}{}", value, key, did_you_mean(value, allowed)),
              "Write one of " + list + ".");
}

// By the last extension that is not a packer's.
std::string format_by_name(std::string name) {
  for (const char* packed : {".zst", ".gz"})
    if (name.ends_with(packed)) name.resize(name.size() - std::string_view(packed).size());
  for (const char* format : {"jsonl", "json", "csv", "tsv"})
    if (name.ends_with(std::string(".") + format)) return format;
  return "text";
}

DataFile read_data_file(ObjectReader& reader) {
  DataFile out;
  out.file = reader.text("file");
  out.format = one_of(reader, "format", reader.text("format", format_by_name(out.file)),
                      {"jsonl", "json", "csv", "tsv", "text"});
  out.field = reader.text("field", "");
  out.sha256 = reader.text("sha256", "");
  if (!out.sha256.empty() &&
      (out.sha256.size() != 64 || out.sha256.find_first_not_of("0123456789abcdef") != std::string::npos))
    reader.fail("sha256", "not a SHA-256 in 64 lower-case hex digits", "Copy the first word of `sha256sum FILE`.");
  reader.done();
  return out;
}

DataSpec read_data(ObjectReader reader) {
  DataSpec out;
  out.licence = reader.text("licence");
  out.source = reader.text("source");
  const json& files = reader.require("files");
  ObjectReader splits = *reader.object("files");
  for (const auto& [split, v] : files.items()) {
    splits.require(split);  // null counts as absent
    ObjectReader file = *splits.object(split);
    out.files[split] = read_data_file(file);
  }
  std::vector<std::string> names;
  for (const auto& [split, file] : out.files) names.push_back(split);
  out.evaluate = one_of(reader, "evaluate", reader.text("evaluate"), names);
  reader.text("evaluate_stands_in_for", "");  // says in the definition what the evaluated split replaces
  out.process = reader.text("process", "");
  if (std::optional<ObjectReader> select = reader.object("select")) out.select = select->rest();
  reader.done();
  return out;
}

// A template key that may also be an integer or a list, as lm-eval has it. Absent: keeps `out`.
void read_template(ObjectReader& reader, std::string_view key, bool integer, bool list, json& out) {
  const json* v = reader.find(key);
  if (!v) return;
  const bool fits = v->is_string() || (integer && v->is_number_integer()) || (list && v->is_array());
  if (!fits)
    reader.fail(key, fmt::format("\"{}\" has the wrong type: {}", key, v->type_name()),
                fmt::format("Write a template{}{}.", integer ? ", an integer" : "", list ? " or a list" : ""));
  out = *v;
}

// The keys that the task and its few-shot examples share. `out` holds the defaults.
void read_prompt_keys(ObjectReader& reader, PromptSpec& out) {
  read_template(reader, "doc_to_text", true, false, out.doc_to_text);
  read_template(reader, "doc_to_target", true, true, out.doc_to_target);
  read_template(reader, "doc_to_choice", false, true, out.doc_to_choice);
  out.target_delimiter = reader.text("target_delimiter", out.target_delimiter);
  out.fewshot_delimiter = reader.text("fewshot_delimiter", out.fewshot_delimiter);
  out.gen_prefix = reader.text("gen_prefix", out.gen_prefix);
}

PromptSpec read_prompt(ObjectReader reader) {
  PromptSpec out;
  read_prompt_keys(reader, out);
  // Their defaults serve the few-shot overrides; a task must say what it asks.
  reader.require("doc_to_text");
  reader.require("doc_to_target");
  out.description = reader.text("description", "");
  out.input = reader.text("input", "");
  out.measured_text = reader.text("measured_text", "");
  out.chat = reader.boolean("chat", false);
  reader.done();
  return out;
}

FewshotSpec read_fewshot(std::optional<ObjectReader> reader, const PromptSpec& task, const DataSpec& data) {
  FewshotSpec out;
  out.prompt = task;
  if (!reader) return out;
  out.num = static_cast<int>(reader->integer("num", 0, 0, kMaxFewshot));
  out.fixed = reader->boolean("fixed", false);
  out.pool = reader->text("pool", "");
  reader->text("pool_stands_in_for", "");  // says in the definition which split's place the pool takes
  if (!out.pool.empty() && !data.files.contains(out.pool))
    reader->fail("pool", fmt::format("no data file for the split \"{}\"", out.pool), "Name a split of \"data.files\".");
  if (const json* samples = reader->find("samples")) {
    if (!samples->is_array()) reader->fail("samples", "\"samples\" must be a list of documents", "Write a list.");
    out.samples = *samples;
  }
  out.sampler = one_of(*reader, "sampler", reader->text("sampler", "default"), {"default", "first_n"});
  out.leave_out_document = reader->boolean("leave_out_document", false);
  read_prompt_keys(*reader, out.prompt);
  reader->done();
  return out;
}

GenerationSpec read_generation(std::optional<ObjectReader> reader, const std::string& fewshot_delimiter) {
  GenerationSpec out;
  // lm-eval's default: what would begin the next example
  out.until = {fewshot_delimiter};
  if (!reader) return out;
  if (reader->find("until")) out.until = reader->texts("until");
  out.max_gen_toks = static_cast<int>(reader->integer("max_gen_toks", out.max_gen_toks, 1, kMaxGeneratedTokens));
  out.repeats = static_cast<int>(reader->integer("repeats", 1, 1, kMaxRepeats));
  out.sampling.temperature = reader->number("temperature", 0, 0, 100);
  out.sampling.top_k = static_cast<int>(reader->integer("top_k", 0, 0, 1 << 20));
  out.sampling.top_p = reader->number("top_p", 1, 0, 1);
  reader->done();
  return out;
}

std::vector<FilterPipeline> read_filters(std::vector<ObjectReader> readers, const GenerationSpec& generation) {
  std::vector<FilterPipeline> out;
  for (ObjectReader& reader : readers) {
    FilterPipeline& pipeline = out.emplace_back();
    pipeline.name = reader.text("name");
    for (ObjectReader& step : reader.objects("steps")) {
      const std::string function = step.text("function");
      pipeline.steps.push_back({function, step.rest()});
    }
    reader.done();
  }
  if (out.empty()) out.emplace_back();  // "none"
  // lm-eval's own default: of several answers to one prompt the first counts.
  if (generation.repeats > 1 && out.front().steps.empty()) out.front().steps.push_back({"take_first"});
  return out;
}

// A metric without "filter" is computed after every pipeline, as in lm-eval.
std::vector<MetricUse> read_metrics(ObjectReader& task, const std::vector<FilterPipeline>& filters) {
  task.require("metrics");
  std::vector<std::string> names;
  for (const FilterPipeline& f : filters) names.push_back(f.name);
  std::vector<MetricUse> out;
  for (ObjectReader& reader : task.objects("metrics")) {
    MetricUse use;
    use.metric = reader.text("metric");
    use.higher_is_better = reader.boolean("higher_is_better", true);
    if (std::optional<ObjectReader> args = reader.object("args")) use.args = args->rest();
    const bool every = !reader.find("filter");
    if (!every) use.filter = one_of(reader, "filter", reader.text("filter"), names);
    reader.done();
    for (const std::string& name : names) {
      if (!every && name != use.filter) continue;
      use.filter = name;
      for (const MetricUse& other : out)  // a score is named by both
        if (other.metric == use.metric && other.filter == name)
          task.fail("metrics", fmt::format("\"{}\" after the filter \"{}\" is named twice", use.metric, name),
                    "Leave one of them away.");
      out.push_back(use);
    }
  }
  if (out.empty()) task.fail("metrics", "no metric is named", "Name at least one, such as {\"metric\": \"acc\"}.");
  return out;
}

std::vector<StageUse> read_stages(ObjectReader& task) {
  std::vector<StageUse> out;
  for (ObjectReader& reader : task.objects("stages")) {
    StageUse& use = out.emplace_back();
    use.point = one_of(reader, "point", reader.text("point"), {"input", "output"});
    use.stage = reader.text("stage");
    reader.done();
  }
  return out;
}

void check_kind(ObjectReader& reader, const TaskFile& task) {
  const bool choice = task.request == OutputType::multiple_choice;
  if (choice && task.prompt.doc_to_choice.is_null())
    reader.fail("prompt.doc_to_choice", "a multiple_choice task needs \"doc_to_choice\"",
                "Add it to \"prompt\": a list of strings or a template of one.");
  if (!choice && task.prompt.doc_to_text.is_number())
    reader.fail("prompt.doc_to_text", "an integer \"doc_to_text\" needs request \"multiple_choice\"",
                "Write a template.");
  if (task.request != OutputType::generate_until && reader.find("generation"))
    reader.fail("generation", "\"generation\" needs request \"generate_until\"", "Remove the key.");
}

}  // namespace

std::string_view output_type_name(OutputType t) { return kOutputTypes[static_cast<size_t>(t)]; }

TaskFile parse_task_file(const json& definition, const std::string& where) {
  ObjectReader reader(definition, where);
  TaskFile out;
  one_of(reader, "format", reader.text("format"), {"samebits-task/1"});
  out.id = reader.text("id");
  out.version = reader.text("version");
  out.about = reader.text("about", "");
  out.language = reader.text("language", "en");
  out.scoring = one_of(reader, "scoring", reader.text("scoring", "lm-eval/0.4"), {"lm-eval/0.4"});
  out.tags = reader.texts("tags");
  out.seed = static_cast<uint64_t>(reader.integer("seed", kDefaultSeed, 0, INT64_MAX));
  const std::string request =
      one_of(reader, "request", reader.text("request"), {kOutputTypes.begin(), kOutputTypes.end()});
  for (size_t i = 0; i < kOutputTypes.size(); ++i)
    if (kOutputTypes[i] == request) out.request = static_cast<OutputType>(i);
  reader.require("data");
  out.data = read_data(*reader.object("data"));
  reader.require("prompt");
  out.prompt = read_prompt(*reader.object("prompt"));
  out.fewshot = read_fewshot(reader.object("fewshot"), out.prompt, out.data);
  out.generation = read_generation(reader.object("generation"), out.prompt.fewshot_delimiter);
  out.filters = read_filters(reader.objects("filters"), out.generation);
  out.metrics = read_metrics(reader, out.filters);
  out.stages = read_stages(reader);
  if (std::optional<ObjectReader> slices = reader.object("slices")) {
    // The names are the author's own; each must be text.
    const json named = slices->rest();
    for (const auto& [name, v] : named.items()) out.slices[name] = slices->text(name);
  }
  check_kind(reader, out);
  reader.done();
  out.definition = definition;
  out.file = where;
  out.folder = std::filesystem::path(where).parent_path().string();
  return out;
}

}  // namespace samebits
