#include "tasks/prompt.h"

#include <fmt/core.h>

#include "harness/core/error.h"
#include "harness/text/chat.h"
#include "harness/text/python_text.h"

namespace samebits {
namespace {

bool ends_with_space(std::string_view s) { return py_rstrip(s).size() != s.size(); }
bool starts_with_space(std::string_view s) { return py_lstrip(s).size() != s.size(); }

// lm_eval.api.utils.maybe_delimit: a delimiter only where neither side has white space at the join.
std::string maybe_delimit(const std::string& prefix, const std::string& suffix, const std::string& delimiter) {
  if (prefix.empty() || suffix.empty()) return prefix + suffix;
  return prefix + (ends_with_space(prefix) || starts_with_space(suffix) ? "" : delimiter) + suffix;
}

// lm_eval.api.utils.requires_delimiter
bool requires_delimiter(const std::string& prefix, const std::string& suffix) {
  return !prefix.empty() && !ends_with_space(prefix) && !starts_with_space(suffix);
}

bool has_answer(const Document& answer) { return !answer.is_null() && answer != ""; }

// The text of an example's answer: a choice by index, the first of several, or the text itself.
std::string answer_text(const RenderedDoc& doc, const Document& answer, const std::string& where) {
  if ((answer.is_number_integer() || answer.is_boolean()) && !doc.choices.empty()) {
    const int64_t i = answer.is_boolean() ? answer.get<bool>() : answer.get<int64_t>();
    if (i >= 0 && i < static_cast<int64_t>(doc.choices.size())) return doc.choices[static_cast<size_t>(i)];
    throw Error("E0412", fmt::format("the answer is choice {} of {}", i, doc.choices.size()), where,
                "Correct doc_to_target, or the document.");
  }
  const Document& first = answer.is_array() && !answer.empty() ? answer.front() : answer;
  if (first.is_string()) return first.get<std::string>();
  throw Error("E0411", fmt::format("the answer of an example is not text: {}", answer.dump()), where,
              "Correct doc_to_target, or the document.");
}

// lm_eval.api.utils.multiturn_to_singleturn: all user and assistant turns in one user message.
std::vector<Message> one_turn(std::vector<Message> messages) {
  std::vector<Message> out;
  size_t first = 0, last = messages.size();
  if (messages.front().role == "system") out.push_back(messages[first++]);
  const bool prefixed = messages.back().role == "assistant";
  if (prefixed) --last;
  messages[last - 1].delimiter.clear();
  std::string text;
  for (size_t i = first; i < last; ++i) text += messages[i].content + messages[i].delimiter;
  out.push_back({"user", text, ""});
  if (prefixed) out.push_back(messages.back());
  return out;
}

}  // namespace

std::vector<Message> system_turn(const std::string& instruction, const std::string& description,
                                 const std::string& delimiter) {
  const std::string text = maybe_delimit(instruction, description, delimiter);
  if (text.empty()) return {};
  return {{"system", text, ""}};
}

std::vector<Message> question_turn(const RenderedDoc& doc, const Document& answer, const PromptSpec& prompt,
                                   const std::string& where) {
  const std::string question = doc.text.get<std::string>();
  const bool answered = has_answer(answer);
  const bool delimited = doc.gen_prefix.empty() ? answered : requires_delimiter(question, doc.gen_prefix);
  std::vector<Message> turn = {{"user", question, delimited ? prompt.target_delimiter : ""}};
  if (answered)
    turn.push_back(
        {"assistant", maybe_delimit(doc.gen_prefix, answer_text(doc, answer, where), " "), prompt.fewshot_delimiter});
  else if (!doc.gen_prefix.empty())
    turn.push_back({"assistant", doc.gen_prefix, ""});
  return turn;
}

std::string choice_delimiter(const PromptSpec& prompt, const PromptStyle& style) {
  // The generation prompt of a chat template ends the context: nothing stands between it and the choice.
  const bool open_prefix = !prompt.gen_prefix.empty() && !ends_with_space(prompt.gen_prefix);
  return style.chat_model && !open_prefix ? "" : prompt.target_delimiter;
}

std::string render_prompt(std::vector<Message> messages, const PromptStyle& style, bool gen_prefix) {
  if (!style.chat_model) {
    std::string text;
    for (const Message& m : messages) text += m.content + m.delimiter;
    return text;
  }
  if (!style.multiturn) messages = one_turn(std::move(messages));
  std::vector<ChatMessage> chat;
  for (const Message& m : messages) chat.push_back({m.role, m.content});
  ChatOptions options;
  options.bos = style.chat_model->bos;
  options.eos = style.chat_model->eos;
  options.add_generation_prompt = !gen_prefix;
  options.continue_final_message = gen_prefix;
  options.drop_refused_system = true;
  return render_chat(style.chat_model->chat_template, chat, options);
}

}  // namespace samebits
