#include "runners/latency.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/numeric/percentiles.h"

namespace samebits {

void Latency::add(const Observation& observation) {
  auto it = values_.find(observation.field);
  if (it == values_.end()) it = values_.emplace(observation.field, std::vector<int64_t>()).first;
  it->second.push_back(observation.value);
}

nlohmann::json Latency::summary() const {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [field, values] : values_) {
    std::vector<int64_t> sorted = values;
    std::ranges::sort(sorted);
    nlohmann::json& row = out[field];
    row["count"] = sorted.size();
    row["max"] = sorted.back();
    for (const Percentile& p : {kP50, kP90, kP99}) {
      const std::string name(p.name);
      const Known<int64_t> value = percentile(sorted, p);
      row[name] = is_known(value) ? nlohmann::json(std::get<int64_t>(value)) : nlohmann::json();
      if (!is_known(value)) row[name + "_reason"] = std::get<Unknown>(value).reason;
    }
  }
  return out;
}

}  // namespace samebits
