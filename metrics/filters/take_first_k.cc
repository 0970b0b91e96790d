// take_first_k: the first k of the sample's texts (lm-evaluation-harness 0.4).
#include <fmt/format.h>

#include "harness/core/error.h"
#include "harness/core/registry.h"
#include "metrics/arguments.h"

namespace samebits {
namespace {

class TakeFirstKFilter : public Filter {
 public:
  std::vector<std::string> apply(const nlohmann::json& json, const Sample&,
                                 std::vector<std::string> texts) const override {
    const Arguments args("filter take_first_k", json, {"k"});
    const int64_t k = args.integer("k", 0);
    if (k < 1 || k > static_cast<int64_t>(texts.size()))
      throw Error("E0501", fmt::format("{} of {} replies are wanted", k, texts.size()), "filter take_first_k",
                  "set k between 1 and the task's repeats");
    texts.resize(static_cast<size_t>(k));
    return texts;
  }
};

}  // namespace

SAMEBITS_REGISTER(Filter, TakeFirstKFilter, "take_first_k", 1, "the first k of the sample's texts");

}  // namespace samebits
