#include "harness/cli/conformance.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "harness/core/canonical_json.h"
#include "harness/core/error.h"
#include "results/claims.h"
#include "results/fields.h"
#include "results/files.h"
#include "results/read.h"
#include "results/records.h"

namespace samebits {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr uint64_t kMaxVectorsBytes = 16 << 20, kMaxVectorBytes = 1 << 20;  // of a file, of a line
constexpr std::string_view kVectorsExtension = ".jsonl";

// A response without its cost, which the contract does not say.
json vector_json(const Response& response) {
  json out = response_json(response);
  out.erase("cost");
  return out;
}

void read_head(const json& line, const std::string& where, ConformanceSet& set) {
  Fields f(line, where);
  if (f.string("format") != kConformanceFormat) fail_field("not a file of conformance vectors", f.where("format"));
  set.contract = f.string("contract");
  set.model_digest = f.string("model_digest");
  set.logits_digest = f.string("logits_digest");
  f.done();
}

void read_vector(const json& line, const std::string& where, ConformanceSet& set) {
  Fields f(line, where);
  Request request = request_of_json(f.get("request"), f.where("request"));
  request.index = request.sample = static_cast<uint32_t>(set.requests.size());
  response_of_json(f.get("response"), f.where("response"));  // for its form
  set.requests.push_back(std::move(request));
  set.responses.push_back(f.get("response"));
  f.done();
}

ConformanceSet load_set(const std::string& folder, const std::string& name) {
  const std::string file = name + std::string(kVectorsExtension);
  ConformanceSet set;
  set.name = name;
  bool head = true;
  for_each_line(read_below(folder, file, kMaxVectorsBytes), folder + "/" + file, kMaxVectorBytes,
                [&](std::string_view text, const std::string& where) {
                  const json line = parse_json(text, where);
                  head ? read_head(line, where, set) : read_vector(line, where, set);
                  head = false;
                });
  if (set.requests.empty()) fail_field("a file of conformance vectors without any", folder + "/" + file);
  return set;
}

}  // namespace

std::vector<ConformanceSet> load_conformance(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
    if (entry.path().extension() == kVectorsExtension) names.push_back(entry.path().stem().string());
  if (names.empty())
    throw Error("E0101", "the folder holds no conformance vectors (NAME.jsonl)", folder,
                "leave --vectors out for the shipped ones");
  std::sort(names.begin(), names.end());
  std::vector<ConformanceSet> sets;
  for (const std::string& name : names) sets.push_back(load_set(folder, name));
  return sets;
}

std::string conformance_text(const ModelInfo& model, const std::vector<Request>& requests, const Responses& responses) {
  std::string out = canonical({{"format", kConformanceFormat},
                               {"contract", model.contract},
                               {"model_digest", model.digest},
                               {"logits_digest", run_logits_digest(responses)}}) +
                    "\n";
  for (size_t i = 0; i < requests.size(); ++i)
    out += canonical({{"request", request_json(requests[i])}, {"response", vector_json(responses[i].value())}}) + "\n";
  return out;
}

Responses answer_all(Backend& backend, const std::vector<Request>& requests) {
  Responses out(requests.size());
  backend.answer(
      requests, [&](Response&& r) { out.at(r.index) = std::move(r); }, [](const Observation&) {});
  return out;
}

std::string conformance_difference(const ConformanceSet& set, const Responses& responses) {
  for (size_t i = 0; i < set.requests.size(); ++i) {
    if (!responses.at(i)) return fmt::format("request {}: no response", i);
    const json expected = set.responses[i], computed = vector_json(*responses[i]);
    for (const json& change : json::diff(expected, computed))
      return fmt::format("request {}: {}", i, change.at("path").get<std::string>().substr(1));
  }
  return run_logits_digest(responses) == set.logits_digest ? "" : "the set's logits digest";
}

}  // namespace samebits
