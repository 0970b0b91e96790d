// A model's chat template over the messages that tasks make.
#include "harness/text/chat.h"
#include "tests/fuzz/fuzz.h"

namespace samebits {
namespace {

std::vector<std::string> chat_seeds() {
  return {
      "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' "
      "+ '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
      "{{ bos_token }}{% for m in messages %}{{ '[INST] ' ~ m.content|trim ~ ' [/INST]' if m.role == 'user' else "
      "m.content ~ eos_token }}{% endfor %}",
      "{%- set loop_messages = messages[1:] -%}{{ strftime_now('%d %b %Y') }}{% for m in loop_messages %}"
      "{% generation %}{{ m | tojson(indent=2) }}{% endgeneration %}{% endfor %}",
      "{% if messages is not defined %}{{ raise_exception('no messages') }}{% endif %}{{ messages[-1]['content'] }}"};
}

void run_chat(std::string_view text) {
  const std::vector<ChatMessage> messages = {
      {"system", "Be brief."}, {"user", "Hello"}, {"assistant", "Hi"}, {"user", "2 + 2?"}};
  ChatOptions options{.bos = "<s>", .eos = "</s>"};
  options.drop_refused_system = true;
  render_chat(std::string(text), messages, options);
}

SAMEBITS_FUZZ_TARGET(chat_template, chat_seeds, run_chat);

}  // namespace
}  // namespace samebits
