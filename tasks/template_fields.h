// The Jinja templates of a task, applied to a document the way lm-evaluation-harness 0.4 does (lm_eval/api/task.py:
// doc_to_text, doc_to_choice, doc_to_target, resolve_field).
//
// A template that is the name of a field yields that field's value, of any type. Other text is rendered; where lm-eval
// reads the rendered text as a Python literal (choices always, digits and lists where it expects them), so does this.
// Thread rules: immutable after construction. Errors: those of jinja.h, and E0411 for a value of the wrong type, with
// task, key and document in `where`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/text/jinja.h"
#include "tasks/documents.h"

namespace samebits {

class FieldTemplate {
 public:
  // `value`: template text, or a constant (integer, list). `where`: "task.json: prompt.doc_to_text".
  FieldTemplate(const nlohmann::json& value, std::string where);

  // The field's value, the constant, or the rendered text.
  Document value(const Document&, size_t doc_id) const;
  // The same, which must be text (numbers and booleans as Python prints them are refused too).
  std::string text(const Document&, size_t doc_id) const;
  [[noreturn]] void wrong(const std::string& what, size_t doc_id) const;  // E0411
  bool is_field(const Document& doc) const { return !template_text_.empty() && doc.contains(template_text_); }
  std::string where(size_t doc_id) const;

 private:
  std::string where_, template_text_;
  Document constant_;                        // null: a template
  std::optional<jinja::Template> template_;  // nullopt: never rendered (constant or empty)
};

// What the templates of one prompt make of one document.
struct RenderedDoc {
  Document text;                     // a string, or an integer: index into choices (several inputs)
  std::vector<std::string> choices;  // empty without doc_to_choice
  Document target;                   // string, integer or list
  std::string gen_prefix;
};

class DocTemplates {
 public:
  DocTemplates(const PromptSpec&, const std::string& where);
  RenderedDoc render(const Document&, size_t doc_id) const;

 private:
  FieldTemplate text_, target_, choice_, gen_prefix_;
  bool has_choices_;
};

}  // namespace samebits
