#include "tasks/yaml_task.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "harness/core/error.h"
#include "harness/text/python_text.h"
#include "tasks/data_file.h"
#include "tasks/json_reader.h"
#include "tasks/yaml_value.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Config = nlohmann::ordered_json;

constexpr size_t kMaxIncludeDepth = 32;
constexpr int kMaxIncludes = 256;  // of one task: two files that include the next one twice double the work

[[noreturn]] void unsupported(const ObjectReader& reader, std::string_view key, const std::string& what,
                              const std::string& hint) {
  throw Error("E0416", what, reader.where(key), hint);
}

// Python (!function, class, custom_dataset) anywhere in the file is refused with its key.
void refuse_python(const Config& v, const std::string& path, const std::string& where) {
  if (v.is_object() && v.size() == 1 && v.begin().key().starts_with('!'))
    throw Error("E0415", fmt::format("\"{}\" is {} {}", path, v.begin().key(), v.begin().value().dump()),
                where + ": " + path, "Write it as a Jinja template, or prepare the data beforehand.");
  if (v.is_object())
    for (const auto& [key, item] : v.items()) refuse_python(item, path.empty() ? key : path + "." + key, where);
  if (v.is_array())
    for (size_t i = 0; i < v.size(); ++i) refuse_python(v[i], fmt::format("{}[{}]", path, i), where);
}

// What runs code, or what this version does not have: named, never passed over, since prompts would differ.
void refuse_unsupported(ObjectReader& reader) {
  for (const char* key : {"class", "custom_dataset"})
    if (reader.find(key))
      throw Error("E0415", fmt::format("\"{}\" needs Python", key), reader.where(key),
                  "Prepare the data beforehand and read it with dataset_path: json.");
  for (const char* key : {"process_docs", "process_results", "doc_to_image", "doc_to_audio", "use_prompt"})
    if (reader.find(key))
      unsupported(reader, key, fmt::format("\"{}\" is not supported", key), "Use a task without it.");
  if (reader.boolean("unsafe_code", false))
    unsupported(reader, "unsafe_code", "running a model's code is not supported", "Use a task without it.");
}

// Python's str() of a version: 1.0 stays "1.0", 2 is "2". Empty when the file gives none (lm-eval says "Yaml" then).
std::string version_text(ObjectReader& reader) {
  const json* metadata = reader.find("metadata");
  if (!metadata || !metadata->is_object() || !metadata->contains("version")) return "";
  const json& v = (*metadata)["version"];
  if (v.is_string()) return v.get<std::string>();
  if (v.is_number_float()) return py_repr(v.get<double>());
  return v.dump();
}

std::vector<std::string> text_or_texts(ObjectReader& reader, std::string_view key) {
  const json* v = reader.find(key);
  if (v && v->is_string()) return {v->get<std::string>()};
  return reader.texts(key);
}

// data_files may be a list of one.
std::string one_file(const json& v, const ObjectReader& reader) {
  const json& file = v.is_array() && v.size() == 1 ? v.front() : v;
  if (!file.is_string())
    unsupported(reader, "data_files", "a split of several files is not supported", "Join them into one file.");
  return file.get<std::string>();
}

// dataset_path: json | csv | text with dataset_kwargs.data_files (a file, or one a split).
json data_files(ObjectReader& reader) {
  const std::string format = reader.text("dataset_path", "");
  if (format != "json" && format != "csv" && format != "text")
    unsupported(reader, "dataset_path", fmt::format("the data set \"{}\" is not a local file", format),
                "Export it, and use dataset_path: json with dataset_kwargs: {data_files: FILE}.");
  reader.text("dataset_name", "");
  std::optional<ObjectReader> kwargs = reader.object("dataset_kwargs");
  if (!kwargs) unsupported(reader, "dataset_kwargs", "no data_files are named", "Add data_files.");
  const json& files = kwargs->require("data_files");
  const std::string folder = kwargs->text("data_dir", ""), field = kwargs->text("field", "");
  // inert: no remote code is ever run
  kwargs->boolean("trust_remote_code", false);
  kwargs->done();
  json out = json::object();
  const auto put = [&](const std::string& split, const json& v) {
    out[split] = {{"file", (fs::path(folder) / one_file(v, reader)).generic_string()}, {"format", format}};
    if (!field.empty()) out[split]["field"] = field;
  };
  if (!files.is_object()) put("train", files);  // the name Hugging Face gives a single file
  if (files.is_object())
    for (const auto& [split, v] : files.items()) put(split, v);
  return out;
}

// Templates may be null, booleans (Python's 0 and 1) or, for choices, a mapping whose values count.
json template_value(ObjectReader& reader, std::string_view key) {
  const json* v = reader.find(key);
  if (!v) return nullptr;
  return v->is_boolean() ? json(v->get<bool>() ? 1 : 0) : *v;
}

void copy_prompt_keys(ObjectReader& from, json& to) {
  for (const char* key :
       {"doc_to_text", "doc_to_target", "doc_to_choice", "target_delimiter", "fewshot_delimiter", "gen_prefix"})
    if (json v = template_value(from, key); !v.is_null()) to[key] = std::move(v);
}

struct Splits {
  std::string training, validation, test;
};

// The pool by lm-eval's precedence; the evaluated document is left out when both splits have one name, or none.
json fewshot_of(ObjectReader& reader, const Splits& splits) {
  json out = json::object();
  const json* num = reader.find("num_fewshot");
  if (num) out["num"] = *num;
  if (num && *num == 0) out["fixed"] = true;  // lm-eval: 0 cannot be overridden
  std::string split = reader.text("fewshot_split", "");
  if (std::optional<ObjectReader> config = reader.object("fewshot_config")) {
    split = config->text("split", split);
    copy_prompt_keys(*config, out);
    out["sampler"] = config->text("sampler", "default");
    if (const json* samples = config->find("samples"); samples && split.empty()) out["samples"] = *samples;
    config->find("fewshot_indices");  // lm-eval reads it and does not use it
    config->done();
  }
  std::string pool = split;
  for (const std::string& next : {splits.training, splits.validation, splits.test})
    if (pool.empty()) pool = next;
  if (!out.contains("samples")) out["pool"] = pool;
  out["leave_out_document"] = split == splits.test;
  return out;
}

json generation_of(ObjectReader& reader, const std::string& fewshot_delimiter) {
  json out = {{"until", json::array({fewshot_delimiter})}};
  out["repeats"] = reader.integer("repeats", 1, 1, 1024);
  std::optional<ObjectReader> kwargs = reader.object("generation_kwargs");
  if (!kwargs) return out;
  if (kwargs->find("until")) out["until"] = text_or_texts(*kwargs, "until");
  for (const char* key : {"max_completion_tokens", "max_tokens", "max_new_tokens", "max_gen_toks"})  // the last wins
    if (const json* v = kwargs->find(key)) out["max_gen_toks"] = *v;
  // lm_eval.models.utils: a temperature without do_sample means sampling, do_sample: false means greedy.
  const double temperature = kwargs->number("temperature", 0, 0, 100);
  const bool sample = kwargs->boolean("do_sample", temperature > 0);
  out["temperature"] = sample ? temperature : 0.0;
  if (sample)
    for (const char* key : {"top_k", "top_p"})
      if (const json* v = kwargs->find(key)) out[key] = *v;
  kwargs->find("top_k"), kwargs->find("top_p");
  kwargs->done();
  return out;
}

json filters_of(ObjectReader& reader) {
  json out = json::array();
  for (ObjectReader& pipeline : reader.objects("filter_list")) {
    json steps = json::array();
    for (ObjectReader& step : pipeline.objects("filter")) steps.push_back(step.rest());
    out.push_back({{"name", pipeline.text("name")}, {"steps", std::move(steps)}});
    pipeline.done();
  }
  return out;
}

// lm_eval.api.registry: of a metric that does not say so itself.
bool higher_is_better(const std::string& metric) {
  static constexpr std::array<std::string_view, 5> kLower = {"perplexity", "word_perplexity", "byte_perplexity",
                                                             "bits_per_byte", "brier_score"};
  return std::find(kLower.begin(), kLower.end(), metric) == kLower.end();
}

// lm_eval.api.registry.DEFAULT_METRIC_REGISTRY.
json default_metrics(const std::string& output_type) {
  std::vector<std::string> names = {"exact_match"};
  if (output_type == "multiple_choice") names = {"acc", "acc_norm"};
  if (output_type == "loglikelihood") names = {"perplexity", "acc"};
  if (output_type == "loglikelihood_rolling") names = {"word_perplexity", "byte_perplexity", "bits_per_byte"};
  json out = json::array();
  for (const std::string& name : names) out.push_back({{"metric", name}, {"higher_is_better", higher_is_better(name)}});
  return out;
}

json metrics_of(ObjectReader& reader, const std::string& output_type) {
  if (!reader.find("metric_list")) return default_metrics(output_type);
  json out = json::array();
  for (ObjectReader& metric : reader.objects("metric_list")) {
    const std::string name = metric.text("metric");
    const std::string aggregation = metric.text("aggregation", "mean");
    // The aggregations that our metrics have themselves.
    const bool own = aggregation == "mean" || aggregation == name || aggregation == "weighted_perplexity" ||
                     aggregation == "nanmean";
    if (!own)
      unsupported(metric, "aggregation", fmt::format("the aggregation \"{}\" is not supported", aggregation),
                  "Leave the key away: a metric brings its own aggregation.");
    if (metric.boolean("hf_evaluate", false))
      unsupported(metric, "hf_evaluate", "metrics of the evaluate library are not supported", "Use a built-in one.");
    const bool higher = metric.boolean("higher_is_better", higher_is_better(name));
    out.push_back({{"metric", name}, {"higher_is_better", higher}, {"args", metric.rest()}});
  }
  return out;
}

}  // namespace

json task_from_yaml(const Config& config, const std::string& where) {
  refuse_python(config, "", where);
  json values = config;
  if (const auto choices = config.find("doc_to_choice"); choices != config.end() && choices->is_object()) {
    values["doc_to_choice"] = json::array();  // in the file's order, which sorted JSON would lose
    for (const auto& [key, v] : choices->items()) values["doc_to_choice"].push_back(json(v));
  }
  ObjectReader reader(values, where);
  refuse_unsupported(reader);
  const std::string output_type = reader.text("output_type", "generate_until");
  const Splits splits{reader.text("training_split", ""), reader.text("validation_split", ""),
                      reader.text("test_split", "")};
  json out = {{"format", "samebits-task/1"}, {"id", reader.text("task")}, {"version", version_text(reader)}};
  out["about"] = "lm-eval task";
  out["tags"] = text_or_texts(reader, "tag");
  out["request"] = output_type;
  out["data"] = {{"licence", "unstated"}, {"source", "the task's author"}, {"files", data_files(reader)}};
  out["data"]["evaluate"] = splits.test.empty() ? splits.validation : splits.test;
  out["prompt"] = {{"description", reader.text("description", "")}};
  copy_prompt_keys(reader, out["prompt"]);
  out["fewshot"] = fewshot_of(reader, splits);
  const json generation = generation_of(reader, reader.text("fewshot_delimiter", "\n\n"));
  if (output_type == "generate_until") out["generation"] = generation;
  out["filters"] = filters_of(reader);
  out["metrics"] = metrics_of(reader, output_type);
  for (const char* inert : {"task_alias", "should_decontaminate", "doc_to_decontamination_query", "metadata"})
    reader.find(inert);
  reader.done();
  return out;
}

Config load_yaml_config(const std::string& path) {
  struct Loader {
    std::vector<std::string> open;  // files that are being read
    int n_loads = 0;

    Config load(const std::string& file) {
      const std::string name = fs::path(file).lexically_normal().string();
      if (std::find(open.begin(), open.end(), name) != open.end() || open.size() > kMaxIncludeDepth)
        throw Error("E0417", "the file includes itself", name, "Remove the include.");
      if (++n_loads > kMaxIncludes)
        throw Error("E0417", fmt::format("the task includes more than {} files", kMaxIncludes), open.front(),
                    "Include each file once.");
      open.push_back(name);
      Config own = parse_yaml(read_data_bytes(name), name);
      if (!own.is_object()) throw Error("E0405", "the file is not a mapping of keys", name, "Correct the YAML.");
      const Config includes = own.contains("include") ? Config(own["include"]) : Config();
      own.erase("include");
      Config merged = Config::object();
      for (const Config& include : includes.is_array() ? includes : Config::array({includes})) {
        if (include.is_null()) continue;
        if (!include.is_string()) throw Error("E0417", "\"include\" is not a file name", name, "Name a file.");
        const fs::path target = fs::path(name).parent_path() / include.get<std::string>();
        if (!fs::is_regular_file(target))
          throw Error("E0417", "the included file is not there: " + target.string(), name, "Correct the include.");
        // of several included files the later wins
        merged.update(load(target.string()));
      }
      merged.update(own);
      open.pop_back();
      return merged;
    }
  };
  return Loader{}.load(path);
}

}  // namespace samebits
