// Strict reading of JSON objects in task and suite files: every key is asked for by name, and a key that nobody
// asked for is an error with the nearest known names.
//
// Thread rules: one reader a thread. Errors: E0403 unknown key, E0404 missing key or wrong type; both name the
// file and the key as `where`: "packs/arc_easy.json: data.files.test".
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace samebits {

class ObjectReader {
 public:
  // `value` must outlive the reader. `file` and `path` ("data.files") are for messages.
  ObjectReader(const nlohmann::json& value, std::string file, std::string path = "");

  const nlohmann::json* find(std::string_view key);     // nullptr when absent; null counts as absent
  const nlohmann::json& require(std::string_view key);  // E0404 when absent

  std::string text(std::string_view key);  // required
  std::string text(std::string_view key, std::string otherwise);
  bool boolean(std::string_view key, bool otherwise);
  int64_t integer(std::string_view key, int64_t otherwise, int64_t low, int64_t high);
  double number(std::string_view key, double otherwise, double low, double high);
  std::vector<std::string> texts(std::string_view key);  // empty when absent
  // A reader of a nested object; nullopt when absent.
  std::optional<ObjectReader> object(std::string_view key);
  // Readers of a list of objects; empty when absent.
  std::vector<ObjectReader> objects(std::string_view key);

  // The keys that nobody asked for yet, as an object: arguments that a plugin defines. Marks them as asked.
  nlohmann::json rest();
  // Call last: throws E0403 for a key that nobody asked for.
  void done() const;

  std::string where(std::string_view key = "") const;
  [[noreturn]] void fail(std::string_view key, const std::string& what, const std::string& hint) const;

 private:
  [[noreturn]] void wrong_type(std::string_view key, std::string_view wanted, const nlohmann::json& got) const;
  std::string path_of(std::string_view key) const;

  const nlohmann::json* value_;
  std::string file_, path_;
  std::vector<std::string> asked_;
};

}  // namespace samebits
