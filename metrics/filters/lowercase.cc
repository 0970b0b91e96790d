// lowercase: each text in lower case (lm-evaluation-harness 0.4).
#include "harness/core/registry.h"
#include "harness/text/python_text.h"
#include "metrics/arguments.h"

namespace samebits {
namespace {

class LowercaseFilter : public Filter {
 public:
  std::vector<std::string> apply(const nlohmann::json& json, const Sample&,
                                 std::vector<std::string> texts) const override {
    const Arguments args("filter lowercase", json, {});
    for (std::string& text : texts) text = py_lower(text);
    return texts;
  }
};

}  // namespace

SAMEBITS_REGISTER(Filter, LowercaseFilter, "lowercase", 1, "each text in lower case");

}  // namespace samebits
