// Python regular expressions: pattern, then a newline, then the text that is searched, split and rewritten.
#include <algorithm>

#include "harness/text/regex.h"
#include "tests/fuzz/fuzz.h"

namespace samebits {
namespace {

std::vector<std::string> regex_seeds() {
  return {"#### (\\-?[0-9\\.\\,]+)\nFirst 2, then $3.00.\n#### 1,234.5 ####",
          "(?i)(?P<word>[a-z]+)\\s(?P=word)\nthe The cat",
          "^(?:(a+)+|b{2,3}?)$\naaaaaaaaaa!",
          "\\b(?<!\\d)\\w+(?=,|$)|\\Z\none, two2, \u00e9t\u00e9",
          "(?x) [^\\W\\d_]+  # letters\nabc 12 def",
          "\n"};
}

void run_regex(std::string_view input) {
  const size_t end = std::min(input.find('\n'), input.size());
  const Regex regex = Regex::compile(input.substr(0, end));
  const std::string_view text = input.substr(std::min(end + 1, input.size()));
  regex.find_all(text);
  regex.split(text, 3);
  regex.sub("<\\g<0>>", text);
}

SAMEBITS_FUZZ_TARGET(regex, regex_seeds, run_regex);

}  // namespace
}  // namespace samebits
