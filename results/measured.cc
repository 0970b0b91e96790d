#include "results/measured.h"

#include <algorithm>
#include <set>

#include "harness/core/canonical_json.h"
#include "harness/numeric/latency.h"
#include "results/bundle.h"
#include "results/fields.h"
#include "results/read.h"

namespace samebits {

using nlohmann::json;

std::string requests_jsonl(std::vector<Observation> measured) {
  std::stable_sort(measured.begin(), measured.end(),
                   [](const Observation& a, const Observation& b) { return a.index < b.index; });
  std::string out;
  for (size_t i = 0; i < measured.size();) {
    json line = {{"index", measured[i].index}};
    for (const uint32_t index = measured[i].index; i < measured.size() && measured[i].index == index; ++i)
      line[std::string(measured[i].field)] = measured[i].value;
    out += canonical(line) + "\n";
  }
  return out;
}

json latency_json(std::string_view requests_jsonl, uint64_t total_requests) {
  std::set<std::string> fields;  // an Observation only views its field's name
  std::vector<Observation> measured;
  uint64_t next = 0;
  for_each_line(
      requests_jsonl, kMeasuredName, BundleLimits{}.line_bytes, [&](std::string_view text, const std::string& where) {
        const json line = parse_json(text, where);
        const auto index = Fields(line, where).integer<uint32_t>("index");
        if (index < next || index >= total_requests)
          fail_field("not the index of a request of the run, ascending", where + ": index");
        next = uint64_t{index} + 1;
        for (const auto& [field, value] : line.items())
          if (field != "index")
            measured.push_back(
                {index, *fields.insert(field).first, Fields::integer_of<int64_t>(value, where + ": " + field)});
      });
  return latency_summary(measured, total_requests);
}

}  // namespace samebits
