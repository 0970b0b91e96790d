#include "tasks/targets.h"

#include <fmt/core.h>

#include <algorithm>

#include "harness/core/error.h"
#include "harness/text/python_text.h"

namespace samebits {
namespace {

std::string doc_where(const TaskFile& task, uint32_t doc_id) {
  return fmt::format("{}: prompt.doc_to_target, document {}", task.file, doc_id);
}

// One gold choice: an index, or the text of a choice.
int32_t gold_choice(const Document& target, const std::vector<std::string>& choices, const std::string& where) {
  if (!target.is_string()) return static_cast<int32_t>(choice_index(target, choices.size(), where));
  const auto it = std::find(choices.begin(), choices.end(), target.get<std::string>());
  if (it == choices.end())
    throw Error("E0412", fmt::format("the answer {} is not among the choices", target.dump()), where,
                "Correct doc_to_target, or the document.");
  return static_cast<int32_t>(it - choices.begin());
}

// lm-eval compares texts: an integer answer counts as its digits.
std::string reference_text(const Document& target, const std::string& where) {
  if (target.is_string()) return target.get<std::string>();
  if (target.is_number_integer()) return target.dump();
  throw Error("E0411", fmt::format("the reference answer is not text: {}", target.dump()), where,
              "Correct doc_to_target, or the document.");
}

void set_choices(const RenderedDoc& doc, const std::string& where, Sample& sample) {
  sample.choices = doc.choices;
  if (!doc.text.is_string()) {  // several inputs: the text says which is right, the target is what follows
    sample.gold = {gold_choice(doc.text, doc.choices, where)};
    sample.targets = {reference_text(doc.target, where)};
  } else if (doc.target.is_array()) {
    // several are right: any of them scores
    for (const Document& t : doc.target) sample.gold.push_back(gold_choice(t, doc.choices, where));
  } else {
    sample.gold = {gold_choice(doc.target, doc.choices, where)};
  }
}

void set_references(const RenderedDoc& doc, const std::string& where, Sample& sample) {
  if (!doc.choices.empty() && !doc.target.is_array() && !doc.target.is_string())
    sample.targets = {doc.choices[choice_index(doc.target, doc.choices.size(), where)]};
  else if (doc.target.is_array())
    for (const Document& t : doc.target) sample.targets.push_back(reference_text(t, where));
  else
    sample.targets = {reference_text(doc.target, where)};
}

}  // namespace

size_t choice_index(const Document& index, size_t n, const std::string& where) {
  // True and False are Python's 1 and 0.
  const bool integer = index.is_number_integer() || index.is_boolean();
  const int64_t i = !integer ? -1 : index.is_boolean() ? index.get<bool>() : index.get<int64_t>();
  if (i < 0 || i >= static_cast<int64_t>(n))
    throw Error("E0412", fmt::format("the answer {} is not one of {} choices", index.dump(), n), where,
                "Correct doc_to_target, or the document.");
  return static_cast<size_t>(i);
}

Sample make_sample(const TaskFile& task, const Document& document, const RenderedDoc& doc, uint32_t doc_id) {
  const std::string where = doc_where(task, doc_id);
  Sample sample;
  sample.doc_id = doc_id;
  sample.doc_digest = document_digest(document);
  if (task.request == OutputType::multiple_choice)
    set_choices(doc, where, sample);
  else if (task.request == OutputType::generate_until)
    set_references(doc, where, sample);
  else
    sample.targets = {reference_text(doc.target, where)};
  // Perplexities divide by the words and bytes of the text as it was published, which may be another than the
  // scored one (WikiText is detokenised first).
  if (task.request == OutputType::loglikelihood_rolling) {
    const FieldTemplate measured(task.prompt.measured_text, task.file + ": prompt.measured_text");
    const std::string text =
        task.prompt.measured_text.empty() ? sample.targets.front() : measured.text(document, doc_id);
    sample.words = py_count_words(text);
    sample.bytes = text.size();
  }
  if (!task.prompt.input.empty())
    sample.input = FieldTemplate(task.prompt.input, task.file + ": prompt.input").text(document, doc_id);
  for (const auto& [name, source] : task.slices)
    sample.slices[name] = FieldTemplate(source, task.file + ": slices." + name).text(document, doc_id);
  return sample;
}

}  // namespace samebits
