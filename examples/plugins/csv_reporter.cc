// Reporter "csv": one line a metric of every task.
#include "harness/core/canonical_json.h"
#include "harness/core/registry.h"

namespace {
using namespace samebits;

// Claims hold floats as bit strings, and null or an object with the reason where a value is unknown: an empty cell.
std::string number(const nlohmann::json& value) {
  return value.is_string() ? nlohmann::json(f64_from_bits(value.get<std::string>())).dump() : "";
}

struct Csv final : Reporter {
  std::string extension() const override { return "csv"; }
  std::string render(const nlohmann::json& claims, const nlohmann::json&) const override {
    std::string out = "task,metric,filter,value,stderr,n\n";
    for (const nlohmann::json& task : claims.at("tasks"))
      for (const nlohmann::json& row : task.at("scores").at("metrics"))
        out += task["scores"]["id"].get<std::string>() + "," + row["metric"].get<std::string>() + "," +
               row["filter"].get<std::string>() + "," + number(row["value"]) + "," + number(row["stderr"]) + "," +
               row["n"].dump() + "\n";
    return out;
  }
};

SAMEBITS_REGISTER(Reporter, Csv, "csv", 1, "one line a metric, for spreadsheets");

}  // namespace

SAMEBITS_PLUGIN()
