#include "tasks/build.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "harness/text/python_text.h"
#include "tasks/fewshot.h"
#include "tasks/plan.h"
#include "tasks/prompt.h"
#include "tasks/targets.h"

namespace samebits {
namespace {

using nlohmann::json;

// One key of a sampled generation: independent of order, batch and shard.
uint64_t sampling_seed(uint64_t seed, const std::string& task, uint32_t doc_id, uint32_t slot) {
  const std::string hex = sha256_hex(fmt::format("samebits sampling/1\n{}\n{}\n{}\n{}", seed, task, doc_id, slot));
  return std::stoull(hex.substr(0, 16), nullptr, 16);
}

// lm_eval.evaluator: a task that says 0 keeps it, whatever the command line says.
int fewshot_count(const TaskFile& task, const PlanOptions& options) {
  if (options.num_fewshot && *options.num_fewshot < 0)
    throw Error("E0413", fmt::format("{} few-shot examples", *options.num_fewshot), "--num-fewshot", "Give 0 or more.");
  // A rolling log-likelihood has no context to put examples in.
  if (task.fewshot.fixed || task.request == OutputType::loglikelihood_rolling) return task.fewshot.num;
  return options.num_fewshot.value_or(task.fewshot.num);
}

// A task that is written as a chat (`chat`) uses the model's template where there is one; the flag insists on it.
PromptStyle prompt_style(const TaskFile& task, const PlanOptions& options) {
  PromptStyle style{nullptr, options.fewshot_as_multiturn};
  const bool has_template = options.model && !options.model->chat_template.empty();
  if (options.apply_chat_template && !has_template)
    throw Error("E0418", options.model ? "the model file has no chat template" : "no model is given", task.id,
                options.model ? "Leave --apply-chat-template away." : "Name the model with -m.");
  if (has_template && (options.apply_chat_template || task.prompt.chat)) style.chat_model = options.model;
  return style;
}

// Builds the requests of one task, document by document in order.
class TaskBuilder {
 public:
  TaskBuilder(const TaskFile& file, const PlanOptions& options, Plan& plan)
      : file_(file),
        options_(options),
        plan_(plan),
        style_(prompt_style(file, options)),
        where_(file.file + ": "),
        num_fewshot_(fewshot_count(file, options)),
        templates_(file.prompt, where_ + "prompt."),
        example_templates_(file.fewshot.prompt, where_ + "fewshot."),
        description_(file.prompt.description, where_ + "prompt.description"),
        evaluated_(load_split(file, file.data.evaluate, options.data_dirs)),
        pool_(load_pool()),
        sampler_(file, pool_, options.seed.value_or(file.seed)),
        examples_(pool_.size()) {}

  void build() {
    const int64_t n_docs = static_cast<int64_t>(evaluated_.docs.size());
    const int64_t n = std::min(options_.limit.value_or(n_docs), n_docs);
    task_ = static_cast<uint32_t>(plan_.tasks.size());
    Task task = task_record(n_docs, n < n_docs);
    // Named twice, by a group and alone say: its requests are there already.
    if (has_task(plan_, task)) return;
    plan_.tasks.push_back(std::move(task));
    for (int64_t i = 0; i < n; ++i) add_document(static_cast<uint32_t>(i));
    if (style_.chat_model || (!options_.system_instruction.empty() && plan_.chat.is_null())) note_chat();
  }

 private:
  // The documents that examples are drawn from. Not read when none are: a data set may lack that split.
  std::vector<Document> load_pool() {
    if (num_fewshot_ == 0) return {};
    if (file_.fewshot.samples.is_array()) return {file_.fewshot.samples.begin(), file_.fewshot.samples.end()};
    if (file_.fewshot.pool.empty())
      throw Error("E0413", fmt::format("task \"{}\" has no documents to draw examples from", file_.id), file_.file,
                  "Run it with --num-fewshot 0.");
    return load_split(file_, file_.fewshot.pool, options_.data_dirs).docs;
  }

  Task task_record(int64_t n_docs, bool partial) const {
    Task task;
    task.id = file_.id;
    task.version = file_.version;
    task.scoring = file_.scoring;
    task.definition = pinned_definition(file_, options_.data_dirs);
    task.digest = sha256_hex(canonical(task.definition));
    task.num_fewshot = num_fewshot_;
    task.n_docs = n_docs;
    task.partial = partial;
    task.metrics = file_.metrics;
    task.filters = file_.filters;
    task.stages = file_.stages;
    return task;
  }

  // What shaped the prompts besides the task: a re-planner reads it.
  void note_chat() {
    plan_.chat = {{"template_sha256", style_.chat_model ? json(sha256_hex(style_.chat_model->chat_template)) : json()},
                  {"system_instruction", options_.system_instruction},
                  {"fewshot_as_multiturn", options_.fewshot_as_multiturn}};
  }

  // An example as turns; rendered once however often it is drawn.
  const std::vector<Message>& example(size_t i) {
    if (!examples_[i].empty()) return examples_[i];
    RenderedDoc doc = example_templates_.render(pool_[i], i);
    const std::string where = fmt::format("{}fewshot, document {}", where_, i);
    if (doc.text.is_number_integer()) {  // several inputs: the right one is the question
      doc.text = doc.choices[choice_index(doc.text, doc.choices.size(), where)];
      doc.choices.clear();
    }
    return examples_[i] = question_turn(doc, doc.target, file_.fewshot.prompt, where);
  }

  // Everything in front of the question.
  std::vector<Message> preamble(const Document& document, uint32_t doc_id) {
    std::vector<Message> messages =
        system_turn(options_.system_instruction, description_.text(document, doc_id), file_.prompt.fewshot_delimiter);
    if (num_fewshot_ == 0) return messages;
    for (const size_t i : sampler_.draw(num_fewshot_, document)) {
      const std::vector<Message>& turn = example(i);
      messages.insert(messages.end(), turn.begin(), turn.end());
    }
    return messages;
  }

  // `before`: the preamble. A gen_prefix opens the assistant's turn and is left open.
  std::string context(const std::vector<Message>& before, const RenderedDoc& doc, uint32_t doc_id) const {
    std::vector<Message> messages = before;
    const std::string where = fmt::format("{}document {}", where_, doc_id);
    for (Message& m : question_turn(doc, nullptr, file_.prompt, where)) messages.push_back(std::move(m));
    return render_prompt(std::move(messages), style_, !doc.gen_prefix.empty());
  }

  void add_document(uint32_t doc_id) {
    const Document& document = evaluated_.docs[doc_id];
    const RenderedDoc doc = templates_.render(document, doc_id);
    Sample sample = make_sample(file_, document, doc, doc_id);
    sample.task = task_;
    sample.first_request = static_cast<uint32_t>(plan_.requests.size());
    switch (file_.request) {
      case OutputType::multiple_choice:
        add_choices(doc, preamble(document, doc_id), sample);
        break;
      case OutputType::loglikelihood:
        add_request(sample, RequestKind::loglikelihood, context(preamble(document, doc_id), doc, doc_id),
                    sample.targets.front());
        break;
      case OutputType::loglikelihood_rolling:
        add_request(sample, RequestKind::loglikelihood_rolling, sample.targets.front(), "");
        break;
      case OutputType::generate_until: {
        const std::string text = context(preamble(document, doc_id), doc, doc_id);
        for (int i = 0; i < file_.generation.repeats; ++i) add_request(sample, RequestKind::generate, text, "");
      }
    }
    plan_.samples.push_back(std::move(sample));
  }

  // One request a choice, in the choices' order: slot i is choice i.
  void add_choices(const RenderedDoc& doc, const std::vector<Message>& before, Sample& sample) {
    const std::string delimiter = choice_delimiter(file_.prompt, style_);
    if (doc.text.is_string()) {
      const std::string text = context(before, doc, sample.doc_id);
      for (const std::string& choice : doc.choices)
        add_request(sample, RequestKind::loglikelihood, text, delimiter + choice);
    } else {  // several inputs, one continuation (winogrande)
      for (const std::string& choice : doc.choices) {
        RenderedDoc input = doc;
        input.text = choice;
        // The delimiter stands in the continuation already.
        PromptSpec undelimited = file_.prompt;
        undelimited.target_delimiter.clear();
        std::vector<Message> messages = before;
        for (Message& m : question_turn(input, nullptr, undelimited, where_)) messages.push_back(std::move(m));
        add_request(sample, RequestKind::loglikelihood,
                    render_prompt(std::move(messages), style_, !doc.gen_prefix.empty()),
                    delimiter + sample.targets.front());
      }
    }
  }

  void add_request(Sample& sample, RequestKind kind, std::string context, std::string continuation) {
    Request& r = plan_.requests.emplace_back();
    r.index = static_cast<uint32_t>(plan_.requests.size() - 1);
    r.task = task_;
    r.sample = static_cast<uint32_t>(plan_.samples.size());
    r.slot = sample.n_requests++;
    r.kind = kind;
    r.context = std::move(context);
    r.continuation = std::move(continuation);
    r.chat = style_.chat_model && kind != RequestKind::loglikelihood_rolling;
    if (kind != RequestKind::generate) return;
    r.until = file_.generation.until;
    r.max_tokens = file_.generation.max_gen_toks;
    r.sampling = file_.generation.sampling;
    // Greedy decoding draws nothing: its requests are the same under every seed.
    if (r.sampling.temperature > 0)
      r.sampling.seed = sampling_seed(options_.seed.value_or(kDefaultSeed), file_.id, sample.doc_id, r.slot);
  }

  const TaskFile& file_;
  const PlanOptions& options_;
  Plan& plan_;
  const PromptStyle style_;
  const std::string where_;
  const int num_fewshot_;
  const DocTemplates templates_, example_templates_;
  const FieldTemplate description_;
  const Split evaluated_;
  const std::vector<Document> pool_;
  FewshotSampler sampler_;
  std::vector<std::vector<Message>> examples_;  // (pool position); empty: not drawn yet
  uint32_t task_ = 0;
};

}  // namespace

json without_floats(json v) {
  if (v.is_structured())
    for (json& item : v) item = without_floats(std::move(item));
  return v.is_number_float() ? json(bits(v.get<double>())) : v;
}

json pinned_definition(const TaskFile& task, const std::vector<std::string>& data_dirs) {
  json out = without_floats(task.definition);
  for (auto& [split, file] : out["data"]["files"].items()) {
    file["sha256"] = split_sha256(task, split, data_dirs);
    // Where a file lies is an observation; its name is part of the definition.
    const std::filesystem::path name(file["file"].get<std::string>());
    if (name.is_absolute() || name.string().find("..") != std::string::npos) file["file"] = name.filename().string();
  }
  return out;
}

void add_task(const TaskFile& task, const PlanOptions& options, Plan& plan) {
  if (options.limit && *options.limit < 1)
    throw Error("E0414", fmt::format("a limit of {} documents", *options.limit), "--limit", "Give 1 or more.");
  TaskBuilder(task, options, plan).build();
}

}  // namespace samebits
