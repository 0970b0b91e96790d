// Tables to paste into an issue, a model card or a README.
#include "harness/core/registry.h"
#include "results/table.h"

namespace samebits {
namespace {

struct MarkdownReporter final : Reporter {
  std::string extension() const override { return "md"; }
  std::string render(const nlohmann::json& claims, const nlohmann::json& observations) const override {
    return "# samebits result\n\n" + render_run(claims, observations, TableStyle::markdown);
  }
};

SAMEBITS_REGISTER(Reporter, MarkdownReporter, "markdown", 1, "tables to paste");

}  // namespace
}  // namespace samebits
