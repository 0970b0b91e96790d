// Python literals, as data sets hold lists in their text fields, and Python's string operations.
#include <nlohmann/json.hpp>

#include "harness/text/python_text.h"
#include "tests/fuzz/fuzz.h"

namespace samebits {
namespace {

std::vector<std::string> literal_seeds() {
  return {R"(['a', "b\n", r'\d', '\u00e9' 'f', 'g'])",
          "{'k': (1, -2.5e3, 0x1F, 1_000), 'n': [None, True]}",
          "(1,)",
          "'''long\n'text'''",
          "['it\\'s', \"\\u2022\"]",
          "[[[[1]]]]"};
}

void run_literal(std::string_view text) {
  py_repr(py_title(py_lower(py_upper(text))));
  py_split(py_strip(text));
  py_literal_eval(text, "fuzz");
}

SAMEBITS_FUZZ_TARGET(python_literal, literal_seeds, run_literal);

}  // namespace
}  // namespace samebits
