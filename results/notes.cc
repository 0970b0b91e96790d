#include "results/notes.h"

#include <fmt/format.h>

#include "results/encoding.h"

namespace samebits {
namespace {

using nlohmann::json;

constexpr const char* kNotedIn = "claims";

// Empty, or "few-shot examples from test, standing in for train".
std::string pool_note(const json& task) {
  if (task.at("num_fewshot").get<int>() == 0) return "";
  const json definition = json_of_embedded(task.at("definition"), kNotedIn);
  const json fewshot = definition.is_object() ? definition.value("fewshot", json()) : json();
  const auto word = [&](const char* key) {
    const json value = fewshot.is_object() ? fewshot.value(key, json()) : json();
    return value.is_string() ? value.get<std::string>() : std::string();
  };
  const std::string pool = word("pool"), replaced = word("pool_stands_in_for");
  if (pool.empty() || replaced.empty()) return "";
  return fmt::format("few-shot examples from {}, standing in for {}", pool, replaced);
}

}  // namespace

json warnings_json(const json& claims) {
  json out = json::object();
  for (const json& entry : claims.at("tasks")) {
    const auto warnings = entry.find("warnings");
    if (warnings == entry.end()) continue;
    json& counts = out[text_of_json(entry.at("task").at("id"), kNotedIn)];
    for (const json& w : *warnings) counts[text_of_json(w.at("code"), kNotedIn)] = w.at("n").get<uint64_t>();
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> run_notes(const json& claims) {
  std::vector<std::pair<std::string, std::string>> notes;
  const json warnings = warnings_json(claims);
  for (const auto& [task, counts] : warnings.items())
    for (const auto& [code, n] : counts.items())
      notes.emplace_back("warning", fmt::format("{}: {} in {} requests", task, code, n.get<uint64_t>()));
  for (const json& entry : claims.at("tasks")) {
    const json& task = entry.at("task");
    const std::string id = text_of_json(task.at("id"), kNotedIn);
    if (const std::string note = pool_note(task); !note.empty()) notes.emplace_back("few-shot", id + ": " + note);
    if (text_of_json(task.at("version"), kNotedIn).empty())
      notes.emplace_back("version", id + ": its task file has none");
  }
  return notes;
}

}  // namespace samebits
