#include "harness/numeric/latency.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "harness/numeric/percentiles.h"

namespace samebits {
namespace {

nlohmann::json field_summary(std::vector<int64_t> values) {
  std::ranges::sort(values);
  nlohmann::json out = {{"count", values.size()}, {"max", values.back()}};
  for (const Percentile& p : {kP50, kP90, kP99}) {
    const std::string name(p.name);
    const Known<int64_t> value = percentile(values, p);
    out[name] = is_known(value) ? nlohmann::json(std::get<int64_t>(value)) : nlohmann::json();
    if (!is_known(value)) out[name + "_reason"] = std::get<Unknown>(value).reason;
  }
  return out;
}

}  // namespace

nlohmann::json latency_summary(std::span<const Observation> measured, uint64_t total_requests) {
  std::map<std::string_view, std::vector<int64_t>> values;  // by field
  std::set<uint32_t> requests;
  for (const Observation& o : measured) {
    values[o.field].push_back(o.value);
    requests.insert(o.index);
  }
  nlohmann::json out = {{"measured_requests", requests.size()}, {"total_requests", total_requests}};
  for (auto& [field, of_field] : values) out[std::string(field)] = field_summary(std::move(of_field));
  if (requests.empty()) {
    out["value"] = nullptr;
    out["value_reason"] = "none was timed in this run: answers from the journal are not timed again";
  }
  return out;
}

}  // namespace samebits
