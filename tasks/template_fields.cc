#include "tasks/template_fields.h"

#include <fmt/core.h>

#include <algorithm>

#include "harness/core/error.h"
#include "harness/text/python_text.h"

namespace samebits {
namespace {

// str.isdigit, as far as int literals go.
bool is_digits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

FieldTemplate::FieldTemplate(const nlohmann::json& value, std::string where) : where_(std::move(where)) {
  if (!value.is_string()) {
    constant_ = value;
    return;
  }
  template_text_ = value.get<std::string>();
  // A plain word renders to itself, so a field name needs no special case here.
  if (!template_text_.empty()) template_ = jinja::Template::parse(template_text_, jinja::kLmEval, where_);
}

std::string FieldTemplate::where(size_t doc_id) const { return fmt::format("{}, document {}", where_, doc_id); }

void FieldTemplate::wrong(const std::string& what, size_t doc_id) const {
  throw Error("E0411", what, where(doc_id), "Correct the template, or the document.");
}

Document FieldTemplate::value(const Document& doc, size_t doc_id) const {
  // An integer or list of the task file is the value itself.
  if (!constant_.is_null()) return constant_;
  if (!template_) return "";
  // A name of a field gives the field, of whatever type (lm_eval.api.task: doc_to_text and its like).
  if (const auto field = doc.find(template_text_); field != doc.end()) return *field;
  try {
    return template_->render(doc);
  } catch (const Error& e) {
    throw Error(e.code, e.problem, e.where.empty() ? where(doc_id) : where(doc_id) + ": " + e.where, e.hint);
  }
}

std::string FieldTemplate::text(const Document& doc, size_t doc_id) const {
  const Document v = value(doc, doc_id);
  if (!v.is_string()) wrong(fmt::format("expected text, got {} {}", v.type_name(), v.dump()), doc_id);
  return v.get<std::string>();
}

DocTemplates::DocTemplates(const PromptSpec& prompt, const std::string& where)
    : text_(prompt.doc_to_text, where + "doc_to_text"),
      target_(prompt.doc_to_target, where + "doc_to_target"),
      choice_(prompt.doc_to_choice.is_null() ? nlohmann::json("") : prompt.doc_to_choice, where + "doc_to_choice"),
      gen_prefix_(prompt.gen_prefix, where + "gen_prefix"),
      has_choices_(!prompt.doc_to_choice.is_null()) {}

RenderedDoc DocTemplates::render(const Document& doc, size_t doc_id) const {
  RenderedDoc out;
  // lm-eval evaluates rendered text that looks like an integer or a list as Python, but never a field's own text.
  out.text = text_.value(doc, doc_id);
  if (!text_.is_field(doc) && out.text.is_string() && has_choices_ && is_digits(out.text.get<std::string>()))
    out.text = py_literal_eval(out.text.get<std::string>(), text_.where(doc_id));
  if (!out.text.is_string() && !(has_choices_ && out.text.is_number_integer()))
    text_.wrong(fmt::format("the prompt is not text: {}", out.text.dump()), doc_id);

  out.target = target_.value(doc, doc_id);
  if (!target_.is_field(doc) && out.target.is_string()) {
    const std::string target = out.target.get<std::string>();
    const bool list = target.size() >= 2 && target.front() == '[' && target.back() == ']';
    if (has_choices_ && is_digits(target)) out.target = py_literal_eval(target, target_.where(doc_id));
    if (list) try {
        out.target = py_literal_eval(target, target_.where(doc_id));
      } catch (const Error&) {  // not a list after all: lm-eval keeps the text
      }
  }

  if (has_choices_) {
    Document choices = choice_.value(doc, doc_id);
    if (choices.is_string() && !choice_.is_field(doc))
      choices = py_literal_eval(choices.get<std::string>(), choice_.where(doc_id));
    if (!choices.is_array() || choices.empty())
      choice_.wrong(fmt::format("the choices are not a list: {}", choices.dump()), doc_id);
    for (const Document& c : choices) {
      if (!c.is_string()) choice_.wrong(fmt::format("a choice is not text: {}", c.dump()), doc_id);
      out.choices.push_back(c.get<std::string>());
    }
  }
  out.gen_prefix = gen_prefix_.text(doc, doc_id);
  return out;
}

}  // namespace samebits
