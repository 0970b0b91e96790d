#include "metrics/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/core/error.h"

namespace samebits {

Arguments::Arguments(std::string_view owner, const nlohmann::json& args, std::initializer_list<std::string_view> known)
    : owner_(owner), args_(args) {
  if (args.is_null()) return;
  if (!args.is_object())
    throw Error("E0501", "the arguments are not an object", std::string(owner), "write them as {\"name\": value}");
  const std::vector<std::string> names(known.begin(), known.end());
  for (const auto& [key, value] : args.items())
    if (std::ranges::find(names, key) == names.end())
      throw Error(
          "E0501", fmt::format("there is no argument \"{}\"{}", key, did_you_mean(key, names)), std::string(owner),
          names.empty() ? "it takes no arguments: remove it" : fmt::format("use one of: {}", fmt::join(names, ", ")));
}

const nlohmann::json* Arguments::find(std::string_view key) const {
  if (!args_.is_object()) return nullptr;
  const auto it = args_.find(std::string(key));
  return it == args_.end() || it->is_null() ? nullptr : &*it;
}

std::string Arguments::text(std::string_view key, std::string_view otherwise) const {
  const nlohmann::json* value = find(key);
  if (!value) return std::string(otherwise);
  if (!value->is_string()) reject(key, "a string");
  return value->get<std::string>();
}

int64_t Arguments::integer(std::string_view key, int64_t otherwise) const {
  const nlohmann::json* value = find(key);
  if (!value) return otherwise;
  if (!value->is_number_integer() || *value > INT64_MAX) reject(key, "an integer");
  return value->get<int64_t>();
}

bool Arguments::flag(std::string_view key) const {
  const nlohmann::json* value = find(key);
  if (!value) return false;
  if (!value->is_boolean()) reject(key, "true or false");
  return value->get<bool>();
}

std::vector<std::string> Arguments::texts(std::string_view key) const {
  const nlohmann::json* value = find(key);
  if (!value) return {};
  const bool usable = value->is_array() && std::ranges::all_of(*value, [](const auto& v) { return v.is_string(); });
  if (!usable) reject(key, "an array of strings");
  return value->get<std::vector<std::string>>();
}

void Arguments::reject(std::string_view key, std::string_view wanted) const {
  throw Error("E0501", fmt::format("the argument \"{}\" is not {}", key, wanted), std::string(owner_),
              "mend it in the task file");
}

}  // namespace samebits
