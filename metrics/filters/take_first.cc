// take_first: the first of the sample's texts (lm-evaluation-harness 0.4).
#include "harness/core/registry.h"
#include "metrics/arguments.h"

namespace samebits {
namespace {

class TakeFirstFilter : public Filter {
 public:
  std::vector<std::string> apply(const nlohmann::json& json, const Sample&,
                                 std::vector<std::string> texts) const override {
    const Arguments args("filter take_first", json, {});
    if (texts.size() > 1) texts.resize(1);
    return texts;
  }
};

}  // namespace

SAMEBITS_REGISTER(Filter, TakeFirstFilter, "take_first", 1, "the first of the sample's texts");

}  // namespace samebits
