// Regular expressions with Python's `re` syntax and semantics (str patterns), run by PCRE2.
//
// Python's syntax is translated and what Python refuses is refused, so that a pattern means the same here as in
// the lm-eval task it came from. Work is bounded by counted steps, never by time. Text is UTF-8; positions are bytes.
// Thread rules: a Regex is immutable; matching may run concurrently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace samebits {

struct RegexFlags {
  bool ignore_case = false;
  bool dotall = false;
  bool multiline = false;
};

// Groups of one match; [0] is the whole match. An unset group is nullopt.
struct Match {
  struct Span {
    size_t begin = 0, end = 0;  // bytes
  };
  std::vector<std::optional<Span>> groups;
};

class Regex {
 public:
  // Throws E0313 with the offset in the pattern.
  static Regex compile(std::string_view python_pattern, RegexFlags = {});

  // All throw E0314 when a call takes more than the limit of steps (about a second) or the text is not UTF-8.
  std::optional<Match> search(std::string_view text) const;
  std::optional<Match> match(std::string_view text) const;      // at the start
  std::optional<Match> fullmatch(std::string_view text) const;  // of the whole text
  std::vector<Match> find_iter(std::string_view text) const;    // non-overlapping, left to right

  // re.findall: each match as its groups; without groups, as the whole match (one entry). Unset groups are "".
  std::vector<std::vector<std::string>> find_all(std::string_view text) const;
  // re.sub: `replacement` with \1, \g<1>, \g<name>, \n …; at most `count` replacements, 0: all.
  std::string sub(std::string_view replacement, std::string_view text, size_t count = 0) const;
  // re.split: captured groups stand between the parts (unset ones as ""); at most `max_splits`, 0: all.
  std::vector<std::string> split(std::string_view text, size_t max_splits = 0) const;

 private:
  struct Code;
  explicit Regex(std::shared_ptr<const Code>);
  std::vector<Match> scan(std::string_view text, size_t limit) const;
  std::shared_ptr<const Code> code_;
};

// While one stands on the stack, all calls of this thread share one limit of steps: a template that searches in a
// loop, a filter over many answers. One within another is part of it.
class RegexBudget {
 public:
  RegexBudget();
  ~RegexBudget();
  RegexBudget(const RegexBudget&) = delete;
  RegexBudget& operator=(const RegexBudget&) = delete;

 private:
  uint64_t steps_ = 0;
};

}  // namespace samebits
