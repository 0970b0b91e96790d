#include "inference/tokenizer/encode_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "harness/core/error.h"
#include "harness/text/python_text.h"

namespace samebits {
namespace {

using Ids = std::vector<int32_t>;

// With BOS where the tokenizer adds one. A text that begins with the BOS text gets exactly one too.
Ids encode_with_bos(const Tokenizer& tokenizer, std::string_view text, bool special) {
  if (!tokenizer.add_bos()) return tokenizer.encode(text, special);
  const std::string bos = tokenizer.token_bytes(tokenizer.bos());
  if (text.starts_with(bos)) text.remove_prefix(bos.size());
  Ids ids = tokenizer.encode(text, special);
  ids.insert(ids.begin(), tokenizer.bos());
  return ids;
}

// The token that stands before a text without context: BOS, else EOS; -1 when the tokenizer has neither.
int32_t prefix_token(const Tokenizer& tokenizer) { return tokenizer.bos() >= 0 ? tokenizer.bos() : tokenizer.eos(); }

EncodedRequest failed(EncodedRequest encoded, std::string why) {
  encoded.windows.clear();
  encoded.error = std::move(why);
  return encoded;
}

void warn_double_bos(const Tokenizer& tokenizer, const Ids& ids, EncodedRequest& encoded) {
  if (ids.size() >= 2 && ids[0] == tokenizer.bos() && ids[1] == ids[0]) encoded.warnings.push_back("double_bos");
}

Ids last(const Ids& ids, size_t n) { return Ids(ids.end() - std::min(n, ids.size()), ids.end()); }

struct Pair {
  Ids context, continuation;
  bool shifted = false;  // the context's own tokens are not a prefix of the whole text's
};

// The whole text is encoded and cut at the length of the context's encoding, whether or not that is its prefix.
Pair encode_pair(const Tokenizer& tokenizer, const Request& request) {
  const size_t kept = py_rstrip(request.context).size();  // trailing white space goes to the continuation
  const Ids whole = encode_with_bos(tokenizer, request.context + request.continuation, request.chat);
  const Ids context = encode_with_bos(tokenizer, request.context.substr(0, kept), request.chat);
  const size_t cut = std::min(context.size(), whole.size());  // a merge at the border can make the whole shorter
  const bool shifted = !std::equal(context.begin(), context.begin() + cut, whole.begin());
  return {context, Ids(whole.begin() + cut, whole.end()), shifted};
}

Pair encode_without_context(const Tokenizer& tokenizer, const Request& request) {
  const int32_t prefix = prefix_token(tokenizer);
  Pair pair{{}, encode_with_bos(tokenizer, request.continuation, request.chat)};
  if (prefix >= 0) pair.context.push_back(prefix);
  if (!pair.continuation.empty() && pair.continuation[0] == prefix) pair.continuation.erase(pair.continuation.begin());
  return pair;
}

EncodedRequest encode_loglikelihood(const Tokenizer& tokenizer, const Request& request, size_t context_length) {
  EncodedRequest encoded;
  Pair pair = request.context.empty() ? encode_without_context(tokenizer, request) : encode_pair(tokenizer, request);
  Ids all = pair.context;
  all.insert(all.end(), pair.continuation.begin(), pair.continuation.end());
  warn_double_bos(tokenizer, all, encoded);
  if (pair.continuation.empty()) encoded.warnings.push_back("empty_continuation");
  if (pair.shifted) encoded.warnings.push_back("shifted_continuation");
  if (pair.context.empty()) return failed(encoded, "the context has no tokens and the tokenizer adds none");
  if (pair.continuation.empty()) return failed(encoded, "the continuation has no tokens of its own");
  if (pair.continuation.size() > context_length)
    return failed(encoded, fmt::format("the continuation has {} tokens, the model's context {}",
                                       pair.continuation.size(), context_length));
  if (all.size() > context_length + 1) encoded.warnings.push_back("truncated_left");
  all = last(all, context_length + 1);
  encoded.context_ids.assign(all.begin(), all.end() - pair.continuation.size());
  encoded.output_ids = std::move(pair.continuation);
  all.pop_back();  // the last token is only a target
  const auto first_scored = static_cast<uint32_t>(all.size() - encoded.output_ids.size());
  encoded.windows.push_back({std::move(all), first_scored, encoded.output_ids});
  return encoded;
}

EncodedRequest encode_rolling(const Tokenizer& tokenizer, const Request& request, int context_length) {
  EncodedRequest encoded;
  const int32_t prefix = prefix_token(tokenizer);
  if (prefix < 0) return failed(encoded, "the tokenizer has no BOS or EOS token to begin the text with");
  encoded.context_ids = {prefix};
  encoded.output_ids = encode_with_bos(tokenizer, request.context, request.chat);
  if (encoded.output_ids.empty()) encoded.warnings.push_back("empty_continuation");
  encoded.windows = rolling_windows(encoded.output_ids, prefix, context_length);
  // The prefix and the BOS of the text: lm-evaluation-harness feeds both (its issue 3333).
  if (!encoded.output_ids.empty()) warn_double_bos(tokenizer, {prefix, encoded.output_ids[0]}, encoded);
  return encoded;
}

EncodedRequest encode_generation(const Tokenizer& tokenizer, const Request& request, int context_length) {
  EncodedRequest encoded;
  if (request.max_tokens < 0 || request.max_tokens >= context_length)
    return failed(encoded, fmt::format("{} tokens to generate leave no room for the prompt in a context of {}",
                                       request.max_tokens, context_length));
  const Ids prompt = encode_with_bos(tokenizer, request.context, request.chat);
  if (prompt.empty()) return failed(encoded, "the prompt has no tokens");
  warn_double_bos(tokenizer, prompt, encoded);
  const size_t room = context_length - request.max_tokens;
  if (prompt.size() > room) encoded.warnings.push_back("truncated_left");
  encoded.context_ids = last(prompt, room);
  const auto first_scored = static_cast<uint32_t>(encoded.context_ids.size() - 1);
  encoded.windows.push_back({encoded.context_ids, first_scored, {}});
  return encoded;
}

}  // namespace

EncodedRequest encode_request(const Tokenizer& tokenizer, const Request& request, int context_length) {
  SAMEBITS_ASSERT(context_length >= 1);
  EncodedRequest encoded;
  switch (request.kind) {
    case RequestKind::loglikelihood:
      encoded = encode_loglikelihood(tokenizer, request, context_length);
      break;
    case RequestKind::loglikelihood_rolling:
      encoded = encode_rolling(tokenizer, request, context_length);
      break;
    case RequestKind::generate:
      encoded = encode_generation(tokenizer, request, context_length);
      break;
  }
  if (!tokenizer.spells(request.context) || !tokenizer.spells(request.continuation))
    encoded.warnings.push_back("dropped_bytes");
  return encoded;
}

std::vector<Window> rolling_windows(const std::vector<int32_t>& tokens, int32_t prefix, int context_length) {
  const auto length = static_cast<size_t>(context_length);
  std::vector<Window> windows;
  for (size_t scored = 0; scored < tokens.size();) {
    const size_t n = std::min(length, tokens.size() - scored), end = scored + n;
    Window window;
    if (scored == 0) window.input.push_back(prefix);
    // The last token is only a target. A later window looks back as far as it has room.
    window.input.insert(window.input.end(), tokens.begin() + (scored == 0 ? 0 : end - length - 1),
                        tokens.begin() + end - 1);
    window.first_scored = static_cast<uint32_t>(window.input.size() - n);
    window.targets.assign(tokens.begin() + scored, tokens.begin() + end);
    windows.push_back(std::move(window));
    scored = end;
  }
  return windows;
}

}  // namespace samebits
