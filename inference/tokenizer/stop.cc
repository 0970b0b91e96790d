#include "inference/tokenizer/stop.h"

#include <algorithm>

#include "harness/core/utf8.h"

namespace samebits {

StopMatcher::StopMatcher(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase_if(stops_, [](const std::string& stop) { return stop.empty(); });
  for (const std::string& stop : stops_) longest_ = std::max(longest_, stop.size());
}

bool StopMatcher::feed(std::string_view bytes) {
  const size_t from = bytes_.size() - std::min(bytes_.size(), longest_);  // a match may have begun before
  bytes_ += bytes;
  for (const std::string& stop : stops_) stopped_ = stopped_ || bytes_.find(stop, from) != std::string::npos;
  return stopped_;
}

size_t StopMatcher::end() const {
  std::string_view text = bytes_;
  for (const std::string& stop : stops_) text = text.substr(0, text.find(stop));
  return text.size();
}

GenerationText::GenerationText(const Tokenizer& tokenizer, std::vector<std::string> stops)
    : tokenizer_(tokenizer), matcher_(std::move(stops)) {}

bool GenerationText::push(int32_t id) {
  if (tokenizer_.is_control(id)) return matcher_.stopped();
  // decode() of one token drops the leading space where the whole text's decode() would: at its very beginning.
  const std::string bytes = first_ ? tokenizer_.decode({&id, 1}, true) : tokenizer_.token_bytes(id);
  first_ = first_ && tokenizer_.token_bytes(id).empty();
  return matcher_.feed(bytes);
}

std::string GenerationText::text() const {
  return to_utf8(to_code_points(std::string_view(matcher_.bytes()).substr(0, matcher_.end())));
}

}  // namespace samebits
