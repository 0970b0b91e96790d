// What `samebits show --json` prints, with the observations beside it; canonical, so that cmp works.
#include "harness/core/canonical_json.h"
#include "harness/core/registry.h"
#include "results/show.h"

namespace samebits {
namespace {

struct JsonReporter final : Reporter {
  std::string extension() const override { return "json"; }
  std::string render(const nlohmann::json& claims, const nlohmann::json& observations) const override {
    nlohmann::json out = results_json(claims);
    out["observations"] = observations;
    return canonical(out) + "\n";
  }
};

SAMEBITS_REGISTER(Reporter, JsonReporter, "json", 1, "results and observations for programs");

}  // namespace
}  // namespace samebits
