// One match out of re.findall, as lm-evaluation-harness 0.4's filters take it.
//
// Thread rules: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/text/regex.h"
#include "metrics/arguments.h"

namespace samebits {

inline constexpr std::string_view kDefaultPattern = "#### (\\-?[0-9\\.\\,]+)";
inline constexpr std::string_view kDefaultFallback = "[invalid]";

struct Found {
  std::string text;               // stripped
  bool all_groups_empty = false;  // several groups, none of which captured anything
};

// The match number `select` (negative: from the end): its group, the first non-empty one of several groups, or the
// whole match of a pattern without groups. nullopt without a match, also when there are fewer matches than `select`
// asks for (where lm-eval stops with an IndexError).
std::optional<Found> find_match(const Regex&, std::string_view text, int64_t select);

}  // namespace samebits
