// The exact context of a request: system text, few-shot examples and the question, as plain text or through the
// model's chat template (lm_eval/api/task.py: fewshot_context, build_qa_turn; lm_eval/api/utils.py).
//
// Thread rules: pure functions. Errors: E0411 for an answer that is no text or no choice.
#pragma once

#include <string>
#include <vector>

#include "harness/core/interfaces.h"
#include "tasks/template_fields.h"

namespace samebits {

struct Message {
  std::string role;  // "system" | "user" | "assistant"
  std::string content;
  std::string delimiter;  // follows the content in plain text, never in a chat
};

// How a list of messages becomes text.
struct PromptStyle {
  const ModelInfo* chat_model = nullptr;  // renders through its chat template; nullptr: plain text
  bool multiturn = true;                  // examples stay turns of their own; else one user message holds all
};

// First the user's system instruction, then the task's description; empty when neither is there.
std::vector<Message> system_turn(const std::string& instruction, const std::string& description,
                                 const std::string& delimiter);

// A question and, for examples, its answer. For the evaluated document `answer` is null.
std::vector<Message> question_turn(const RenderedDoc&, const Document& answer, const PromptSpec&,
                                   const std::string& where);

// The delimiter between context and choice.
std::string choice_delimiter(const PromptSpec&, const PromptStyle&);

// Text of the whole conversation. `gen_prefix`: the final message is a beginning that the model goes on with.
std::string render_prompt(std::vector<Message>, const PromptStyle&, bool gen_prefix);

}  // namespace samebits
