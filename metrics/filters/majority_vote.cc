// majority_vote: the most frequent of the sample's texts, the earliest of equals (lm-evaluation-harness 0.4).
#include <algorithm>

#include "harness/core/registry.h"
#include "metrics/arguments.h"

namespace samebits {
namespace {

class MajorityVoteFilter : public Filter {
 public:
  std::vector<std::string> apply(const nlohmann::json& json, const Sample&,
                                 std::vector<std::string> texts) const override {
    const Arguments args("filter majority_vote", json, {});
    if (texts.empty()) return texts;
    const auto votes = [&](const std::string& text) { return std::ranges::count(texts, text); };
    return {*std::ranges::max_element(texts, {}, votes)};
  }
};

}  // namespace

SAMEBITS_REGISTER(Filter, MajorityVoteFilter, "majority_vote", 1,
                  "the most frequent of the sample's texts, the earliest of equals");

}  // namespace samebits
