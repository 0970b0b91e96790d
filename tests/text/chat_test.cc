#include "harness/text/chat.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "harness/core/error.h"
#include "harness/core/resources.h"
#include "tests/shared_data.h"

namespace samebits {
namespace {

const std::string kChatml =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + "
    "'\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
const std::string kNoSystem =
    "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}{{ bos_token }}"
    "{% for m in messages %}[{{ m.role }}]{{ m.content | trim }}{% endfor %}{{ eos_token }}";

std::string code_of(const std::string& chat_template, const std::vector<ChatMessage>& messages, ChatOptions options) {
  try {
    return render_chat(chat_template, messages, options);
  } catch (const Error& e) {
    return e.code;
  }
}

TEST(Chat, RendersTurnsAndTheGenerationPrompt) {
  const std::vector<ChatMessage> turns{{"system", "Be brief."}, {"user", "Hi"}};
  EXPECT_EQ(render_chat(kChatml, turns, {}),
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(render_chat(kChatml, {{"user", "Hi"}}, {.add_generation_prompt = false}),
            "<|im_start|>user\nHi<|im_end|>\n");
}

TEST(Chat, SpecialTokensAndExtraVariablesReachTheTemplate) {
  ChatOptions options{.bos = "<s>", .eos = "</s>"};
  options.extra["date_string"] = "1 Jan 2025";
  EXPECT_EQ(render_chat("{{ bos_token }}{{ date_string }}{{ eos_token }}{{ tools is none }}", {}, options),
            "<s>1 Jan 2025</s>True");
}

TEST(Chat, TheFinalMessageIsContinued) {
  const ChatOptions options{.add_generation_prompt = false, .continue_final_message = true};
  EXPECT_EQ(render_chat(kChatml, {{"user", "Hi"}, {"assistant", "The answer is "}}, options),
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nThe answer is ");
  // A template that trims the message: what stands before the cut is trimmed too.
  EXPECT_EQ(render_chat(kNoSystem, {{"user", "Hi"}, {"assistant", "The answer is "}}, options),
            "[user]Hi[assistant]The answer is");
  EXPECT_EQ(code_of("{{ messages[0].content }}", {{"user", "Hi"}, {"assistant", "x"}}, options), "E0317");
  EXPECT_EQ(code_of(kChatml, {}, options), "E0317");
  EXPECT_EQ(code_of(kChatml, {{"user", "Hi"}}, {.continue_final_message = true}), "E0317");
}

TEST(Chat, ARefusedSystemTurnIsDroppedOnlyWhenAsked) {
  const std::vector<ChatMessage> turns{{"system", "Be brief."}, {"user", "Hi"}};
  EXPECT_EQ(code_of(kNoSystem, turns, {}), "E0315");
  EXPECT_EQ(code_of(kNoSystem, turns, {.drop_refused_system = true}), "[user]Hi");
  EXPECT_EQ(code_of(kNoSystem, {{"system", "alone"}}, {.drop_refused_system = true}), "E0315");
  EXPECT_EQ(code_of("{{ 1 + 'a' }}", turns, {.drop_refused_system = true}), "E0316");
}

TEST(Chat, TheDateIsFixed) { EXPECT_EQ(render_chat("{{ strftime_now('%d %B %Y') }}", {}, {}), "26 July 2024"); }

TEST(Chat, MessagesCannotBeChangedByTheTemplate) {
  EXPECT_EQ(code_of("{% set _ = messages.append(1) %}", {{"user", "Hi"}}, {}), "E0311");
}

// The value of a GGUF string key: the key, a type (u32), a length (u64), the bytes.
std::string gguf_string(const std::string& path, const std::string& key) {
  std::ifstream file(path, std::ios::binary);
  std::string head(size_t{4} << 20, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  const size_t at = head.find(key) + key.size() + sizeof(uint32_t);
  uint64_t bytes = 0;
  std::memcpy(&bytes, head.data() + at, sizeof bytes);
  return head.substr(at + sizeof bytes, bytes);
}

// Expected: Jinja2 with the settings of transformers.
TEST(Chat, TheTemplateOfSmolLm2) {
  const std::string path = cache_dir() + "/models/smollm2-135m-instruct.gguf";
  SAMEBITS_NEEDS_MODEL(path);
  const std::string smollm2 = gguf_string(path, "tokenizer.chat_template");
  EXPECT_EQ(render_chat(smollm2, {{"user", "Hi"}}, {}),
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(render_chat(smollm2, {{"system", "Be brief."}, {"user", "Hi"}, {"assistant", "The"}},
                        {.add_generation_prompt = false, .continue_final_message = true}),
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nThe");
}

}  // namespace
}  // namespace samebits
