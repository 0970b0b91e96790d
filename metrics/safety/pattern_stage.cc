#include "metrics/safety/pattern_stage.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "harness/core/utf8.h"
#include "harness/text/python_text.h"

namespace samebits {
namespace {

[[noreturn]] void reject(std::string problem, std::string_view where) {
  throw Error("E0503", std::move(problem), std::string(where), "take the shipped list, or mend the entry");
}

std::string text_field(const nlohmann::json& entry, const char* key, const std::string& where) {
  if (!entry.is_object() || !entry.contains(key) || !entry[key].is_string() || entry[key] == "")
    reject(fmt::format("the field \"{}\" is missing or no text", key), where);
  return entry[key].get<std::string>();
}

}  // namespace

PatternList PatternList::load(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error("E0101", "the pattern list cannot be read", path, "check that it exists and is readable");
  return parse(std::string(std::istreambuf_iterator<char>(in), {}), path);
}

PatternList PatternList::parse(std::string_view json, std::string_view where) {
  const nlohmann::json file = parse_json(json, where);
  if (text_field(file, "format", std::string(where)) != "samebits-patterns/1")
    reject("the format is not samebits-patterns/1", where);
  if (!file.contains("entries") || !file["entries"].is_array() || file["entries"].empty())
    reject("the array \"entries\" is missing or empty", where);
  PatternList list;
  for (size_t i = 0; i < file["entries"].size(); ++i) {
    const nlohmann::json& entry = file["entries"][i];
    const std::string at = fmt::format("{}, entries[{}]", where, i);
    const std::string pattern = text_field(entry, "pattern", at);
    try {
      list.entries_.push_back({text_field(entry, "category", at), Regex::compile(pattern, {.ignore_case = true})});
    } catch (const Error& error) {
      reject(error.problem, at);
    }
  }
  list.digest_ = sha256_hex(canonical(file));
  return list;
}

Stage::Verdict PatternList::judge(std::string_view text) const {
  // Invalid UTF-8 becomes U+FFFD: a broken reply must be judged, not end the run.
  const std::string plain = py_replace(to_utf8(to_code_points(text)), "\u2019", "'");
  for (const Entry& entry : entries_)
    if (entry.pattern.search(plain)) return {true, entry.category};
  return {};
}

}  // namespace samebits
