#include "harness/text/chat.h"

#include <algorithm>
#include <iterator>

#include "harness/core/error.h"
#include "harness/text/jinja.h"
#include "harness/text/python_text.h"

namespace samebits {
namespace {

// transformers' own marker: the text of the turn goes on where it stands in the rendered chat.
constexpr std::string_view kContinueTag = "CONTINUE_FINAL_MESSAGE_TAG ";

nlohmann::ordered_json variables(const std::vector<ChatMessage>& messages, const ChatOptions& options) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& message : messages) list.push_back({{"role", message.role}, {"content", message.content}});
  if (options.continue_final_message) list.back()["content"] = messages.back().content + std::string(kContinueTag);
  nlohmann::ordered_json all{{"messages", std::move(list)},
                             {"tools", nullptr},
                             {"documents", nullptr},
                             {"add_generation_prompt", options.add_generation_prompt}};
  if (!options.bos.empty()) all["bos_token"] = options.bos;
  if (!options.eos.empty()) all["eos_token"] = options.eos;
  for (const auto& [name, value] : options.extra.items()) all[name] = value;
  return all;
}

[[noreturn]] void cannot_continue(std::string what) {
  throw Error("E0317", std::move(what), "chat template", "use another template, or do not continue the final message");
}

// Cuts the rendered chat behind the final message.
std::string cut_after_final(std::string rendered, const std::string& final_message) {
  const std::string_view bare_tag = py_strip(kContinueTag);
  const size_t tag = rendered.rfind(bare_tag);
  if (tag == std::string::npos || rendered.find(py_strip(final_message)) == std::string::npos)
    cannot_continue("the final message does not stand in the rendered chat");
  const bool spacing_kept = rendered.compare(tag, kContinueTag.size(), kContinueTag) == 0;
  rendered.resize(tag);
  return spacing_kept ? rendered : std::string(py_rstrip(rendered));  // the template trimmed the message: so do we
}

}  // namespace

std::string render_chat(const std::string& chat_template, const std::vector<ChatMessage>& messages,
                        const ChatOptions& options) {
  if (options.continue_final_message && options.add_generation_prompt)
    cannot_continue("the final message cannot be continued and followed by a generation prompt");
  if (options.continue_final_message && messages.empty()) cannot_continue("there is no message to continue");
  const auto parsed = jinja::Template::parse(chat_template, jinja::kChat, "chat template");
  std::string rendered;
  try {
    rendered = parsed.render(variables(messages, options));
  } catch (const Error& refused) {
    std::vector<ChatMessage> rest;
    std::copy_if(messages.begin(), messages.end(), std::back_inserter(rest),
                 [](const ChatMessage& message) { return message.role != "system"; });
    const bool refusal = refused.code == "E0311" || refused.code == "E0315";
    if (!options.drop_refused_system || !refusal || rest.empty() || rest.size() == messages.size()) throw;
    rendered = parsed.render(variables(rest, options));
  }
  return options.continue_final_message ? cut_after_final(std::move(rendered), messages.back().content) : rendered;
}

}  // namespace samebits
