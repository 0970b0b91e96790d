#include "results/difference.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/core/canonical_json.h"
#include "results/encoding.h"
#include "results/records.h"

namespace samebits {
namespace {

using nlohmann::json;

constexpr size_t kMaxValueBytes = 200;

struct Leaf {
  std::string field, stored, computed;
};

std::string spoken(const json* v) { return v ? cut_text(canonical(*v), kMaxValueBytes) : "absent"; }

std::string spoken_text(std::string_view line) { return cut_text(canonical(text_json(line)), kMaxValueBytes); }

// A text from a little before its first byte that differs from `other`: long prompts often begin alike.
std::string spoken_part(const json& text, const json& other) {
  constexpr size_t kBytesBefore = 40;
  const std::string a = canonical(text), b = canonical(other);
  size_t at = static_cast<size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
  at -= std::min(at, kBytesBefore);
  if (a.size() <= kMaxValueBytes || at == 0) return cut_text(a, kMaxValueBytes);
  while (at > 0 && (static_cast<unsigned char>(a[at]) & 0xC0) == 0x80) --at;  // whole UTF-8 characters
  return "…" + cut_text(a.substr(at), kMaxValueBytes);
}

// The first leaf in which two values differ, as "requests/2/tokens/0/3".
std::optional<Leaf> first_leaf(const std::string& field, const json* stored, const json* computed) {
  if (stored && computed && *stored == *computed) return std::nullopt;
  const auto below = [&](const std::string& key, const json* s, const json* c) {
    return first_leaf(field.empty() ? key : field + "/" + key, s, c);
  };
  if (stored && computed && stored->is_array() && computed->is_array()) {
    for (size_t i = 0; i < std::max(stored->size(), computed->size()); ++i)
      if (auto leaf = below(fmt::to_string(i), i < stored->size() ? &(*stored)[i] : nullptr,
                            i < computed->size() ? &(*computed)[i] : nullptr))
        return leaf;
  }
  if (stored && computed && stored->is_object() && computed->is_object()) {
    json keys = *stored;
    keys.update(*computed);
    const auto member = [](const json& object, const std::string& key) {
      const auto it = object.find(key);
      return it == object.end() ? nullptr : &*it;
    };
    for (const auto& [key, unused] : keys.items())
      if (auto leaf = below(key, member(*stored, key), member(*computed, key))) return leaf;
  }
  if (stored && computed && stored->is_string() && computed->is_string())
    return Leaf{field, spoken_part(*stored, *computed), spoken_part(*computed, *stored)};
  return Leaf{field, spoken(stored), spoken(computed)};
}

constexpr const char* kForged = "or the bundle was edited";

// What most often makes a field of a response differ under equal model and contract.
std::string response_cause(std::string_view field, const Response& stored, const Response& computed) {
  if (field == "error") return "the item fails in one of the two runs: memory, context length or endpoint";
  if (field == "context_ids") return fmt::format("tokenizer, BOS rule or truncation differs, {}", kForged);
  if (field == "output_ids" && stored.tokens.empty() && computed.tokens.empty())
    return fmt::format("the engine's arithmetic or sampling breaks its contract here, {}", kForged);
  if (field == "output_ids") return fmt::format("tokenizer differs, {}", kForged);
  if (field == "tokens" || field == "loglikelihood" || field == "greedy" || field == "logits_digest")
    return fmt::format("the engine's arithmetic breaks its contract here, {}", kForged);
  if (field == "text" || field == "stop") return fmt::format("detokenizing or the stop rule differs, {}", kForged);
  if (field == "stages") return fmt::format("a safety stage has another version, {}", kForged);
  return kForged + std::string(": this field follows from the others");
}

std::string file_cause(const std::string& path, const std::string& field) {
  if (field.find("version") != std::string::npos) return "a metric, filter or stage has another version here";
  if (path.ends_with("items.jsonl") && field.find("scores") != std::string::npos)
    return fmt::format("a metric or filter computes another score here, {}", kForged);
  if (path.ends_with("scores.json") || path.ends_with("groups.json") || path.ends_with("safety.json"))
    return fmt::format("an aggregation computes another value here, {}", kForged);
  return "the bundle was edited";
}

}  // namespace

std::optional<Difference> file_difference(const std::string& path, std::string_view stored, std::string_view computed) {
  if (stored == computed) return std::nullopt;
  for (size_t number = 1;; ++number) {
    const std::string_view s = stored.substr(0, stored.find('\n')), c = computed.substr(0, computed.find('\n'));
    if (s != c || s.size() == stored.size() || c.size() == computed.size()) {
      const json left = s.empty() ? json() : parse_json(s, path), right = c.empty() ? json() : parse_json(c, path);
      const Leaf leaf = first_leaf("", &left, &right).value_or(Leaf{"the end of the file", "", ""});
      return Difference{fmt::format("{}, line {}", path, number), leaf.field, leaf.stored, leaf.computed,
                        file_cause(path, leaf.field)};
    }
    stored.remove_prefix(s.size() + 1);
    computed.remove_prefix(c.size() + 1);
  }
}

std::optional<Difference> text_difference(const std::string& path, std::string_view stored, std::string_view computed) {
  if (stored == computed) return std::nullopt;
  for (size_t number = 1;; ++number) {
    const std::string_view s = stored.substr(0, stored.find('\n')), c = computed.substr(0, computed.find('\n'));
    if (s != c || s.size() == stored.size() || c.size() == computed.size())
      return Difference{path, fmt::format("line {}", number), spoken_text(s), spoken_text(c),
                        "the report was edited, or another version of its reporter wrote it"};
    stored.remove_prefix(s.size() + 1);
    computed.remove_prefix(c.size() + 1);
  }
}

std::optional<Difference> json_difference(const std::string& where, const json& stored, const json& computed,
                                          const std::string& cause) {
  const auto leaf = first_leaf("", &stored, &computed);
  if (!leaf) return std::nullopt;
  return Difference{where, leaf->field, leaf->stored, leaf->computed, cause};
}

std::optional<Difference> response_difference(const std::string& where, const Response& stored,
                                              const Response& computed) {
  const json left = response_json(stored), right = response_json(computed);
  if (left == right) return std::nullopt;
  const auto member = [](const json& object, const char* key) {
    const auto it = object.find(key);
    return it == object.end() ? nullptr : &*it;
  };
  for (const char* field : {"error", "context_ids", "output_ids", "tokens", "loglikelihood", "greedy", "text", "stop",
                            "stages", "warnings", "cost", "logits_digest"}) {
    const json *s = member(left, field), *c = member(right, field);
    if (!s && !c) continue;
    if (const auto leaf = first_leaf(field, s, c))
      return Difference{where, leaf->field, leaf->stored, leaf->computed, response_cause(field, stored, computed)};
  }
  return std::nullopt;
}

}  // namespace samebits
