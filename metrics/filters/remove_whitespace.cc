// remove_whitespace: each text without white space at its ends (lm-evaluation-harness 0.4).
#include "harness/core/registry.h"
#include "harness/text/python_text.h"
#include "metrics/arguments.h"

namespace samebits {
namespace {

class RemoveWhitespaceFilter : public Filter {
 public:
  std::vector<std::string> apply(const nlohmann::json& json, const Sample&,
                                 std::vector<std::string> texts) const override {
    const Arguments args("filter remove_whitespace", json, {});
    for (std::string& text : texts) text = std::string(py_strip(text));
    return texts;
  }
};

}  // namespace

SAMEBITS_REGISTER(Filter, RemoveWhitespaceFilter, "remove_whitespace", 1, "each text without white space at its ends");

}  // namespace samebits
