// multi_choice_regex: the letter "(A)", "(B)", … that a free-form reply to a multiple choice means: what the pattern
// captures, else the text of a choice found in the reply, else a bare letter after a colon
// (lm-evaluation-harness 0.4).
#include <algorithm>
#include <map>

#include "harness/core/error.h"
#include "harness/core/registry.h"
#include "harness/core/utf8.h"
#include "harness/text/python_text.h"
#include "harness/text/unicode.h"
#include "metrics/filters/find_match.h"

namespace samebits {
namespace {

// re.escape: a backslash before every character that is special to Python's regular expressions.
std::string escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c != '\0' && std::string_view("()[]{}?*+-|^$\\.&~# \t\n\r\v\f").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

struct ChoiceCleanUp {
  std::vector<Regex> regexes;
  bool ignore_case = false, ignore_punctuation = false;

  std::string operator()(std::string text) const {
    for (const Regex& regex : regexes) text = regex.sub("", text);
    if (ignore_case) text = py_lower(text);
    if (!ignore_punctuation) return text;
    std::string kept;
    for (size_t at = 0; at < text.size();) {
      const Utf8Char c = decode_utf8(text, at);
      if (!c.valid || !is_punctuation(c.code_point)) kept.append(text, at, c.bytes);
      at += c.bytes;
    }
    return kept;
  }
};

// The choices of a sample as two patterns: their texts (longest first, so that one that begins another does not hide
// it) and their letters.
struct ChoicePatterns {
  std::map<std::string, std::string> letter_of_text, letter_of_letter;  // -> "(A)"
  Regex texts, letters;

  static ChoicePatterns make(const Sample& sample, const ChoiceCleanUp& clean) {
    std::map<std::string, std::string> of_text, of_letter;
    std::vector<std::string> texts;
    std::string letters;
    for (size_t i = 0; i < sample.choices.size(); ++i) {
      const std::string text = clean(std::string(py_strip(sample.choices[i])));
      std::string letter;
      append_utf8(letter, static_cast<char32_t>('A' + i));
      texts.push_back(escape(text));
      letters += (i == 0 ? "" : "|") + letter;
      of_text[text] = of_letter[letter] = "(" + letter + ")";
    }
    std::ranges::stable_sort(texts, std::greater<>(), [](const auto& t) { return count_code_points(t); });
    std::string any_text;
    for (const std::string& text : texts) any_text += (any_text.empty() ? "" : "|") + text;
    return {of_text, of_letter, Regex::compile(any_text), Regex::compile(":[\\s]*(" + letters + ")")};
  }
};

std::string convert(const std::optional<Found>& found, const std::map<std::string, std::string>& table) {
  if (!found) return "";
  const auto it = table.find(found->text);
  return it == table.end() ? found->text : it->second;
}

class MultiChoiceRegexFilter : public Filter {
 public:
  std::vector<std::string> apply(const nlohmann::json& json, const Sample& sample,
                                 std::vector<std::string> texts) const override {
    const Arguments args(
        "filter multi_choice_regex", json,
        {"regex_pattern", "group_select", "fallback", "ignore_case", "ignore_punctuation", "regexes_to_ignore"});
    if (sample.choices.empty())
      throw Error("E0501", "the filter multi_choice_regex needs choices, which the sample does not have",
                  "document " + std::to_string(sample.doc_id),
                  "give the task a doc_to_choice, or use the filter regex");
    const RegexBudget budget;
    ChoiceCleanUp clean{{}, args.flag("ignore_case"), args.flag("ignore_punctuation")};
    for (const std::string& pattern : args.texts("regexes_to_ignore")) clean.regexes.push_back(Regex::compile(pattern));
    const Regex regex = Regex::compile(args.text("regex_pattern", kDefaultPattern));
    const int64_t select = args.integer("group_select", 0);
    const ChoicePatterns choices = ChoicePatterns::make(sample, clean);
    for (std::string& text : texts) {
      std::string match = convert(find_match(regex, text, select), {});
      if (match.empty()) match = convert(find_match(choices.texts, clean(text), select), choices.letter_of_text);
      if (match.empty()) match = convert(find_match(choices.letters, text, select), choices.letter_of_letter);
      text = match.empty() ? args.text("fallback", kDefaultFallback) : match;
    }
    return texts;
  }
};

}  // namespace

SAMEBITS_REGISTER(Filter, MultiChoiceRegexFilter, "multi_choice_regex", 1,
                  "the letter of the choice that a free-form reply means");

}  // namespace samebits
