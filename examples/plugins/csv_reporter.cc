// Reporter "csv": one line a metric, "task,metric,value,stderr,n", of the bundle's claims.
#include "harness/core/registry.h"

namespace {
using namespace samebits;

// A text of the claims as it stands there; empty for null and objects.
std::string cell(const nlohmann::json& row, const char* key) {
  const auto it = row.find(key);
  if (it == row.end() || it->is_null() || it->is_structured()) return "";
  std::string text = it->is_string() ? it->get<std::string>() : it->dump();
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

struct Csv final : Reporter {
  std::string extension() const override { return "csv"; }
  std::string render(const nlohmann::json& claims, const nlohmann::json&) const override {
    std::string out = "task,metric,value,stderr,n\n";
    const auto results = claims.find("results");
    if (results == claims.end()) return out;
    for (const auto& [task, metrics] : results->items())
      for (const auto& [metric, row] : metrics.items())
        out += task + "," + metric + "," + cell(row, "value") + "," + cell(row, "stderr") + "," + cell(row, "n") + "\n";
    return out;
  }
};

SAMEBITS_REGISTER(Reporter, Csv, "csv", 1, "one line a metric, for spreadsheets");

}  // namespace

SAMEBITS_PLUGIN()
