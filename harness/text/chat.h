// Chat templates: a list of messages to the text that a model was trained on, as transformers'
// apply_chat_template(tokenize=False) renders it.
//
// Thread rules: pure functions. Determinism: no clock: strftime_now sees one fixed day.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace samebits {

struct ChatMessage {
  std::string role;  // "system" | "user" | "assistant" | "tool"
  std::string content;
};

struct ChatOptions {
  std::string bos = "", eos = "";       // texts of the model's special tokens
  bool add_generation_prompt = true;    // end with the header of the assistant's turn
  bool continue_final_message = false;  // end inside the last message, so that the model goes on with it
  // lm-eval's rule: where the template refuses the messages and one is a system turn, drop that turn and retry.
  bool drop_refused_system = false;
  nlohmann::ordered_json extra = nlohmann::ordered_json::object();  // further variables: tools, date_string, …
};

// Throws E0310 … E0316 of jinja.h; E0317 when continue_final_message cannot find the final message in the
// rendered text, or is combined with add_generation_prompt.
std::string render_chat(const std::string& chat_template, const std::vector<ChatMessage>&, const ChatOptions&);

}  // namespace samebits
