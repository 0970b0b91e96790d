// uppercase: each text in upper case (lm-evaluation-harness 0.4).
#include "harness/core/registry.h"
#include "harness/text/python_text.h"
#include "metrics/arguments.h"

namespace samebits {
namespace {

class UppercaseFilter : public Filter {
 public:
  std::vector<std::string> apply(const nlohmann::json& json, const Sample&,
                                 std::vector<std::string> texts) const override {
    const Arguments args("filter uppercase", json, {});
    for (std::string& text : texts) text = py_upper(text);
    return texts;
  }
};

}  // namespace

SAMEBITS_REGISTER(Filter, UppercaseFilter, "uppercase", 1, "each text in upper case");

}  // namespace samebits
