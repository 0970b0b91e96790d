#include "tasks/json_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "harness/core/error.h"

namespace samebits {

using nlohmann::json;

ObjectReader::ObjectReader(const json& value, std::string file, std::string path)
    : value_(&value), file_(std::move(file)), path_(std::move(path)) {
  // An empty key stands for the object itself.
  if (!value.is_object()) wrong_type("", "an object", value);
}

std::string ObjectReader::path_of(std::string_view key) const {
  if (path_.empty() || key.empty()) return path_ + std::string(key);
  return path_ + "." + std::string(key);
}

std::string ObjectReader::where(std::string_view key) const {
  const std::string path = path_of(key);
  return path.empty() ? file_ : file_ + ": " + path;
}

void ObjectReader::fail(std::string_view key, const std::string& what, const std::string& hint) const {
  throw Error("E0404", what, where(key), hint);
}

void ObjectReader::wrong_type(std::string_view key, std::string_view wanted, const json& got) const {
  const std::string name = path_of(key).empty() ? "the file" : "\"" + path_of(key) + "\"";
  fail(key, fmt::format("{} must be {}, not {} {}", name, wanted, got.is_array() ? "an" : "a", got.type_name()),
       fmt::format("Write {} there.", wanted));
}

const json* ObjectReader::find(std::string_view key) {
  // Also when it is absent: it is a known name, for the hint of a misspelt one.
  asked_.emplace_back(key);
  const auto it = value_->find(key);
  return it == value_->end() || it->is_null() ? nullptr : &*it;
}

const json& ObjectReader::require(std::string_view key) {
  if (const json* v = find(key)) return *v;
  fail(key, fmt::format("\"{}\" is missing", path_of(key)), "Add the key.");
}

std::string ObjectReader::text(std::string_view key) {
  const json& v = require(key);
  if (!v.is_string()) wrong_type(key, "a string", v);
  return v.get<std::string>();
}

std::string ObjectReader::text(std::string_view key, std::string otherwise) {
  const json* v = find(key);
  if (!v) return otherwise;
  if (!v->is_string()) wrong_type(key, "a string", *v);
  return v->get<std::string>();
}

bool ObjectReader::boolean(std::string_view key, bool otherwise) {
  const json* v = find(key);
  if (!v) return otherwise;
  if (!v->is_boolean()) wrong_type(key, "true or false", *v);
  return v->get<bool>();
}

int64_t ObjectReader::integer(std::string_view key, int64_t otherwise, int64_t low, int64_t high) {
  const json* v = find(key);
  if (!v) return otherwise;
  const std::string wanted = fmt::format("an integer from {} to {}", low, high);
  if (!v->is_number_integer()) wrong_type(key, wanted, *v);
  // nlohmann keeps integers beyond INT64_MAX as unsigned: get<int64_t> would wrap.
  const bool beyond = v->is_number_unsigned() && v->get<uint64_t>() > static_cast<uint64_t>(INT64_MAX);
  if (beyond || v->get<int64_t>() < low || v->get<int64_t>() > high)
    fail(key, fmt::format("\"{}\" is {}, which is out of range", path_of(key), v->dump()),
         fmt::format("Write {} there.", wanted));
  return v->get<int64_t>();
}

double ObjectReader::number(std::string_view key, double otherwise, double low, double high) {
  const json* v = find(key);
  if (!v) return otherwise;
  if (!v->is_number()) wrong_type(key, "a number", *v);
  const double x = v->get<double>();
  // Written so that NaN is out of range.
  if (!(x >= low && x <= high))
    fail(key, fmt::format("\"{}\" is {}, which is out of range", path_of(key), v->dump()),
         fmt::format("Write a number from {} to {} there.", low, high));
  return x;
}

std::vector<std::string> ObjectReader::texts(std::string_view key) {
  const json* v = find(key);
  if (!v) return {};
  std::vector<std::string> out;
  if (!v->is_array()) wrong_type(key, "a list of strings", *v);
  for (const json& item : *v) {
    if (!item.is_string()) wrong_type(key, "a list of strings", item);
    out.push_back(item.get<std::string>());
  }
  return out;
}

std::optional<ObjectReader> ObjectReader::object(std::string_view key) {
  const json* v = find(key);
  if (!v) return std::nullopt;
  return ObjectReader(*v, file_, path_of(key));
}

std::vector<ObjectReader> ObjectReader::objects(std::string_view key) {
  const json* v = find(key);
  if (!v) return {};
  if (!v->is_array()) wrong_type(key, "a list of objects", *v);
  std::vector<ObjectReader> out;
  for (size_t i = 0; i < v->size(); ++i) out.emplace_back((*v)[i], file_, fmt::format("{}[{}]", path_of(key), i));
  return out;
}

json ObjectReader::rest() {
  json out = json::object();
  for (const auto& [key, v] : value_->items())
    if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) out[key] = v;
  for (const auto& [key, v] : out.items()) asked_.push_back(key);
  return out;
}

void ObjectReader::done() const {
  for (const auto& [key, v] : value_->items())
    if (std::find(asked_.begin(), asked_.end(), key) == asked_.end())
      throw Error("E0403", fmt::format("unknown key \"{}\"{}", path_of(key), did_you_mean(key, asked_)), file_,
                  "Correct or remove the key.");
}

}  // namespace samebits
