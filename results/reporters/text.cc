// The terminal tables as a file.
#include "harness/core/registry.h"
#include "results/table.h"

namespace samebits {
namespace {

struct TextReporter final : Reporter {
  std::string extension() const override { return "txt"; }
  std::string render(const nlohmann::json& claims, const nlohmann::json& observations) const override {
    return render_run(claims, observations, TableStyle::terminal);
  }
};

SAMEBITS_REGISTER(Reporter, TextReporter, "text", 1, "aligned tables for a terminal");

}  // namespace
}  // namespace samebits
