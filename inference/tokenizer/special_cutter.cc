#include "inference/tokenizer/special_cutter.h"

#include <algorithm>

namespace samebits {

SpecialCutter::SpecialCutter(const Vocabulary& vocabulary, bool control) {
  for (size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const TokenType type = vocabulary.types[id];
    const bool cut =
        type == TokenType::user_defined || (control && (type == TokenType::control || type == TokenType::unknown));
    if (cut && !vocabulary.tokens[id].empty()) entries_.emplace_back(vocabulary.tokens[id], static_cast<int32_t>(id));
  }
  std::sort(entries_.begin(), entries_.end());
  first_.fill({0, 0});  // most bytes begin no special text, so most of a text is passed at one look a byte
  for (size_t i = 0; i < entries_.size(); ++i) {
    auto& [begin, end] = first_[static_cast<uint8_t>(entries_[i].first[0])];
    if (begin == end) begin = i;
    end = i + 1;
  }
}

std::optional<SpecialCutter::Match> SpecialCutter::find(std::string_view text, size_t from) const {
  if (entries_.empty()) return {};
  for (size_t at = from; at < text.size(); ++at)
    if (const auto match = match_at(text, at)) return match;
  return {};
}

// Narrows the sorted entries byte by byte to those that the text at `at` agrees with.
std::optional<SpecialCutter::Match> SpecialCutter::match_at(std::string_view text, size_t at) const {
  std::optional<Match> longest;
  auto [begin, end] = first_[static_cast<uint8_t>(text[at])];
  for (size_t depth = 1; begin != end; ++depth) {
    if (entries_[begin].first.size() == depth) {  // sorted: the shortest of the range comes first
      longest = Match{at, at + depth, entries_[begin].second};
      ++begin;
    }
    if (at + depth == text.size()) break;
    const auto byte = static_cast<uint8_t>(text[at + depth]);
    const auto at_depth = [depth](const Entry& entry) { return static_cast<uint8_t>(entry.first[depth]); };
    const auto lower = std::lower_bound(entries_.begin() + begin, entries_.begin() + end, byte,
                                        [&](const Entry& entry, uint8_t b) { return at_depth(entry) < b; });
    const auto upper = std::upper_bound(lower, entries_.begin() + end, byte,
                                        [&](uint8_t b, const Entry& entry) { return b < at_depth(entry); });
    begin = lower - entries_.begin(), end = upper - entries_.begin();
  }
  return longest;
}

}  // namespace samebits
