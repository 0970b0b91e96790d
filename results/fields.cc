#include "results/fields.h"

#include <algorithm>
#include <charconv>

#include "harness/core/error.h"
#include "results/encoding.h"

namespace samebits {

using nlohmann::json;

void fail_field(const std::string& problem, const std::string& where) {
  throw Error("E0610", problem, where, "take an undamaged copy; the file was not written by samebits in this form");
}

Fields::Fields(const json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is_object()) fail_field("not an object", where_);
}

// Taken keys are noted, so that done() finds the ones nobody asked for.
const json* Fields::find(const char* key) {
  const auto it = object_.find(key);
  if (it == object_.end()) return nullptr;
  taken_.push_back(key);
  return &*it;
}

const json& Fields::get(const char* key) {
  const json* v = find(key);
  if (!v) fail_field("a key is missing", where(key));
  return *v;
}

std::string Fields::string(const char* key) {
  const json& v = get(key);
  if (!v.is_string()) fail_field("not a string", where(key));
  return v.get<std::string>();
}

std::string Fields::text(const char* key) { return text_of_json(get(key), where(key)); }

std::vector<std::string> Fields::texts(const char* key) {
  std::vector<std::string> out;
  for (const json& v : array(key)) out.push_back(text_of_json(v, where(key)));
  return out;
}

bool Fields::boolean(const char* key) {
  const json& v = get(key);
  if (!v.is_boolean()) fail_field("not true or false", where(key));
  return v.get<bool>();
}

const json& Fields::array(const char* key) {
  const json& v = get(key);
  if (!v.is_array()) fail_field("not an array", where(key));
  return v;
}

// Strings, since JSON readers keep integers beyond 2^53 only by luck. One spelling: no sign, no leading zero.
uint64_t Fields::u64(const char* key) {
  const std::string digits = string(key);
  uint64_t v = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), v);
  if (status != std::errc() || end != digits.data() + digits.size() || fmt::to_string(v) != digits)
    fail_field("not a decimal string of 64 bits", where(key));
  return v;
}

// An unknown key may mean something to the version that wrote it: to skip it would be to misread the record.
void Fields::done() const {
  for (const auto& [key, value] : object_.items())
    if (std::find(taken_.begin(), taken_.end(), key) == taken_.end()) fail_field("an unknown key", where_ + ": " + key);
}

}  // namespace samebits
