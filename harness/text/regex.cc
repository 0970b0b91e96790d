#include "harness/text/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <charconv>

#include "harness/core/error.h"
#include "harness/core/utf8.h"
#include "harness/text/regex_syntax.h"

namespace samebits {
namespace {

// Steps of one call, or of a RegexBudget, over whole texts, some 40 ns each: a catastrophic pattern ends in about a
// second. PCRE2's own match limit starts anew at every position of the text, so it cannot bound a call.
constexpr uint64_t kMaxSteps = uint64_t{1} << 25;
constexpr uint64_t kScannedBytesPerStep = 32;   // one item may run over a long text: that costs about as much
constexpr uint32_t kHeapLimitKib = 256 * 1024;  // of backtracking memory
constexpr size_t kMaxPatternBytes = 64 * 1024;

std::string message_of(int code) {
  PCRE2_UCHAR text[256];
  const int n = pcre2_get_error_message(code, text, sizeof text);
  return n > 0 ? std::string(reinterpret_cast<const char*>(text), static_cast<size_t>(n)) : "unknown";
}

}  // namespace

struct Regex::Code {
  pcre2_code* code = nullptr;
  std::string pattern;
  size_t n_groups = 0;
  ~Code() { pcre2_code_free(code); }
};

namespace {

struct Free {
  void operator()(pcre2_match_data* p) const { pcre2_match_data_free(p); }
  void operator()(pcre2_match_context* p) const { pcre2_match_context_free(p); }
};

thread_local uint64_t* shared_steps = nullptr;  // of the RegexBudget that stands; nullptr: none

// PCRE2 calls count() before every item of the pattern that it tries (PCRE2_AUTO_CALLOUT).
struct Steps {
  uint64_t own = 0;
  uint64_t& n = shared_steps ? *shared_steps : own;
  size_t last_position = 0;  // bytes

  static int count(pcre2_callout_block* at, void* steps) {
    Steps& self = *static_cast<Steps*>(steps);
    const auto [near, far] = std::minmax(self.last_position, at->current_position);
    self.last_position = at->current_position;
    self.n += 1 + (far - near) / kScannedBytesPerStep;
    return self.n > kMaxSteps ? PCRE2_ERROR_MATCHLIMIT : 0;
  }
};

// The scratch memory of one call.
class Matcher {
 public:
  Matcher(const pcre2_code* code, std::string_view pattern, std::string_view text)
      : code_(code),
        pattern_(pattern),
        text_(text),
        data_(pcre2_match_data_create_from_pattern(code, nullptr)),
        context_(pcre2_match_context_create(nullptr)) {
    SAMEBITS_ASSERT(data_ && context_);
    pcre2_set_callout(context_.get(), Steps::count, &steps_);
    pcre2_set_match_limit(context_.get(), kMaxSteps);
    pcre2_set_depth_limit(context_.get(), kMaxSteps);
    pcre2_set_heap_limit(context_.get(), kHeapLimitKib);
    if (const size_t bad = find_invalid_utf8(text); bad != std::string_view::npos)
      throw Error("E0314", fmt::format("the searched text is not UTF-8 at byte {}", bad), std::string(pattern),
                  "decode the text before it is searched");
  }

  std::optional<Match> at(size_t start, uint32_t options) {
    const int rc = pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text_.data()), text_.size(), start,
                               options | PCRE2_NO_UTF_CHECK, data_.get(), context_.get());
    if (rc == PCRE2_ERROR_NOMATCH) return std::nullopt;
    if (rc < 0)
      throw Error("E0314", fmt::format("matching gave up: {}", message_of(rc)), fmt::format("pattern {}", pattern_),
                  "write a pattern without nested repetition, such as (a+)+");
    Match match;
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data_.get());
    for (uint32_t i = 0; i < pcre2_get_ovector_count(data_.get()); ++i) {
      if (static_cast<int>(i) < rc && ends[2 * i] != PCRE2_UNSET)
        match.groups.push_back(Match::Span{ends[2 * i], ends[2 * i + 1]});
      else
        match.groups.push_back(std::nullopt);
    }
    return match;
  }

 private:
  const pcre2_code* code_;
  const std::string_view pattern_, text_;
  std::unique_ptr<pcre2_match_data, Free> data_;
  std::unique_ptr<pcre2_match_context, Free> context_;
  Steps steps_;
};

std::string group_text(const Match& match, size_t group, std::string_view text) {
  const auto& span = match.groups[group];
  return span ? std::string(text.substr(span->begin, span->end - span->begin)) : "";
}

// A piece of a replacement: literal text, or a group (group >= 0).
struct Piece {
  std::string literal;
  int group = -1;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_octal(char c) { return c >= '0' && c <= '7'; }

[[noreturn]] void bad_replacement(std::string what, std::string_view replacement) {
  throw Error("E0313", std::move(what), fmt::format("replacement {}", replacement),
              "refer to groups as \\1, \\g<1> or \\g<name>; write \\\\ for a backslash");
}

}  // namespace

RegexBudget::RegexBudget() {
  if (!shared_steps) shared_steps = &steps_;
}
RegexBudget::~RegexBudget() {
  if (shared_steps == &steps_) shared_steps = nullptr;
}

Regex::Regex(std::shared_ptr<const Code> code) : code_(std::move(code)) {}

Regex Regex::compile(std::string_view python_pattern, RegexFlags flags) {
  if (python_pattern.size() > kMaxPatternBytes)
    throw Error("E0313", "the pattern is longer than 64 KiB", "pattern", "split it");
  const std::string translated = translate_python_regex(python_pattern);
  uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_UTF_CHECK | PCRE2_AUTO_CALLOUT;
  if (flags.ignore_case) options |= PCRE2_CASELESS;
  if (flags.dotall) options |= PCRE2_DOTALL;
  if (flags.multiline) options |= PCRE2_MULTILINE;
  pcre2_compile_context* context = pcre2_compile_context_create(nullptr);
  SAMEBITS_ASSERT(context);
  pcre2_set_newline(context, PCRE2_NEWLINE_LF);  // not what the library was built with
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_shared<Code>();
  code->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(), options, &error,
                             &offset, context);
  pcre2_compile_context_free(context);
  if (!code->code)
    throw Error("E0313", message_of(error), fmt::format("pattern {}", python_pattern),
                "try the pattern in Python: re.compile names the place");
  code->pattern = python_pattern;
  uint32_t n_groups = 0;
  pcre2_pattern_info(code->code, PCRE2_INFO_CAPTURECOUNT, &n_groups);
  code->n_groups = n_groups;
  return Regex(std::move(code));
}

std::optional<Match> Regex::search(std::string_view text) const {
  return Matcher(code_->code, code_->pattern, text).at(0, 0);
}
std::optional<Match> Regex::match(std::string_view text) const {
  return Matcher(code_->code, code_->pattern, text).at(0, PCRE2_ANCHORED);
}
std::optional<Match> Regex::fullmatch(std::string_view text) const {
  return Matcher(code_->code, code_->pattern, text).at(0, PCRE2_ANCHORED | PCRE2_ENDANCHORED);
}

// At most `limit` matches, 0: all. After an empty match the next one must not be empty at the same place.
std::vector<Match> Regex::scan(std::string_view text, size_t limit) const {
  Matcher matcher(code_->code, code_->pattern, text);
  std::vector<Match> found;
  size_t start = 0;
  bool after_empty = false;
  while (limit == 0 || found.size() < limit) {
    auto match = matcher.at(start, after_empty ? PCRE2_NOTEMPTY_ATSTART : 0);
    if (!match) break;
    const auto [begin, end] = *match->groups[0];
    after_empty = begin == end;
    start = std::max(end, start);
    found.push_back(std::move(*match));
  }
  return found;
}

std::vector<Match> Regex::find_iter(std::string_view text) const { return scan(text, 0); }

std::vector<std::vector<std::string>> Regex::find_all(std::string_view text) const {
  std::vector<std::vector<std::string>> all;
  for (const Match& match : find_iter(text)) {
    auto& groups = all.emplace_back();
    for (size_t i = code_->n_groups > 0 ? 1 : 0; i < match.groups.size(); ++i)
      groups.push_back(group_text(match, i, text));
  }
  return all;
}

std::vector<std::string> Regex::split(std::string_view text, size_t max_splits) const {
  std::vector<std::string> parts;
  size_t at = 0;
  for (const Match& match : scan(text, max_splits)) {
    parts.emplace_back(text.substr(at, match.groups[0]->begin - at));
    for (size_t i = 1; i < match.groups.size(); ++i) parts.push_back(group_text(match, i, text));
    at = match.groups[0]->end;
  }
  parts.emplace_back(text.substr(at));
  return parts;
}

namespace {

// \g<1>, \g<name>; `at` stands on the letter g and is left on the closing bracket.
int named_group(const pcre2_code* code, std::string_view replacement, size_t& at, size_t n_groups) {
  const size_t close = replacement.find('>', at);
  if (at + 1 >= replacement.size() || replacement[at + 1] != '<' || close == std::string_view::npos)
    bad_replacement("a group reference is not closed", replacement);
  const std::string name(replacement.substr(at + 2, close - at - 2));
  at = close;
  if (!name.empty() && name.size() < 6 && std::all_of(name.begin(), name.end(), is_digit)) {
    int group = 0;
    std::from_chars(name.data(), name.data() + name.size(), group);
    if (static_cast<size_t>(group) > n_groups) bad_replacement("invalid group reference " + name, replacement);
    return group;
  }
  const int group = pcre2_substring_number_from_name(code, reinterpret_cast<PCRE2_SPTR>(name.c_str()));
  if (name.empty() || group < 0) bad_replacement("unknown group name '" + name + "'", replacement);
  return group;
}

// The replacement as Python's re parses it.
std::vector<Piece> parse_replacement(const pcre2_code* code, std::string_view text, size_t n_groups) {
  static constexpr std::string_view kLetters = "abfnrtv\\", kMeanings = "\a\b\f\n\r\t\v\\";
  std::vector<Piece> pieces(1);
  const auto add_group = [&](int group) {
    if (static_cast<size_t>(group) > n_groups) bad_replacement(fmt::format("invalid group reference {}", group), text);
    pieces.push_back({"", group});
    pieces.emplace_back();
  };
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      pieces.back().literal += text[at];
      continue;
    }
    if (++at >= text.size()) bad_replacement("the replacement ends in a backslash", text);
    const char c = text[at];
    if (c == 'g') {
      add_group(named_group(code, text, at, n_groups));
    } else if (is_digit(c)) {
      const auto octal = [&](size_t n) { return at + n < text.size() && is_octal(text[at + n]); };
      const bool three = is_octal(c) && octal(1) && octal(2);
      if (c == '0' || three) {
        uint32_t value = 0;
        size_t n = 0;
        for (; n < 3 && octal(n); ++n) value = value * 8 + static_cast<uint32_t>(text[at + n] - '0');
        if (value > 0377) bad_replacement("an octal escape is beyond \\377", text);
        append_utf8(pieces.back().literal, value);
        at += n - 1;
      } else {
        int group = c - '0';
        if (at + 1 < text.size() && is_digit(text[at + 1])) group = group * 10 + (text[++at] - '0');
        add_group(group);
      }
    } else if (const size_t known = kLetters.find(c); known != std::string_view::npos) {
      pieces.back().literal += kMeanings[known];
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      bad_replacement(fmt::format("bad escape \\{}", c), text);
    } else {
      pieces.back().literal += '\\';
      pieces.back().literal += c;
    }
  }
  return pieces;
}

}  // namespace

std::string Regex::sub(std::string_view replacement, std::string_view text, size_t count) const {
  const std::vector<Piece> pieces = parse_replacement(code_->code, replacement, code_->n_groups);
  std::string out;
  size_t at = 0;
  for (const Match& match : scan(text, count)) {
    out += text.substr(at, match.groups[0]->begin - at);
    for (const Piece& piece : pieces)
      out += piece.group < 0 ? piece.literal : group_text(match, static_cast<size_t>(piece.group), text);
    at = match.groups[0]->end;
  }
  out += text.substr(at);
  return out;
}

}  // namespace samebits
