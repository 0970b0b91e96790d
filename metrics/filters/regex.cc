// regex: what a pattern captures in each text, or a fallback (lm-evaluation-harness 0.4).
#include "harness/core/registry.h"
#include "metrics/filters/find_match.h"

namespace samebits {
namespace {

class RegexFilter : public Filter {
 public:
  std::vector<std::string> apply(const nlohmann::json& json, const Sample&,
                                 std::vector<std::string> texts) const override {
    const Arguments args("filter regex", json, {"regex_pattern", "group_select", "fallback"});
    const Regex regex = Regex::compile(args.text("regex_pattern", kDefaultPattern));
    const RegexBudget budget;
    const int64_t select = args.integer("group_select", 0);
    const std::string fallback = args.text("fallback", kDefaultFallback);
    for (std::string& text : texts) {
      const std::optional<Found> found = find_match(regex, text, select);
      text = found && !found->all_groups_empty ? found->text : fallback;
    }
    return texts;
  }
};

}  // namespace

SAMEBITS_REGISTER(Filter, RegexFilter, "regex", 1, "what a pattern captures in each text, or a fallback");

}  // namespace samebits
