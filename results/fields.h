// Strict reading of one JSON object of a bundle or journal: every key is taken once, none is left over.
//
// Anything missing, of another type, out of range or unknown is E0610 with file and key. Values only.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/core/canonical_json.h"

namespace samebits {

[[noreturn]] void fail_field(const std::string& problem, const std::string& where);

// Runs `read`; JSON of another shape than it expects becomes E0610.
template <class Read>
auto with_shape_errors(const std::string& where, Read read) {
  try {
    return read();
  } catch (const nlohmann::json::exception& e) {
    fail_field("JSON of another shape than samebits writes: " + shape_problem(e), where);
  }
}

class Fields {
 public:
  // `object` must outlive this. `where`: file and line, for messages.
  Fields(const nlohmann::json& object, std::string where);

  const nlohmann::json& get(const char* key);
  const nlohmann::json* find(const char* key);  // nullptr when absent
  std::string where(const char* key) const { return where_ + ": " + key; }

  std::string string(const char* key);
  std::string text(const char* key);  // text_json's inverse
  std::vector<std::string> texts(const char* key);
  bool boolean(const char* key);
  const nlohmann::json& array(const char* key);
  uint64_t u64(const char* key);  // a decimal string
  template <class Int>
  Int integer(const char* key) {
    return integer_of<Int>(get(key), where(key));
  }
  template <class Int>
  std::vector<Int> integers(const char* key) {
    std::vector<Int> out;
    for (const nlohmann::json& v : array(key)) out.push_back(integer_of<Int>(v, where(key)));
    return out;
  }
  void done() const;  // throws when a key was not taken

  template <class Int>
  static Int integer_of(const nlohmann::json& v, const std::string& where) {
    bool fits = v.is_number_integer();  // unsigned ones too
    if (fits && v.is_number_unsigned())
      fits = std::in_range<Int>(v.get<uint64_t>());
    else if (fits)
      fits = std::in_range<Int>(v.get<int64_t>());
    if (!fits) fail_field(fmt::format("not an integer of {} bits", 8 * sizeof(Int)), where);
    return v.get<Int>();
  }

 private:
  const nlohmann::json& object_;
  std::string where_;
  std::vector<std::string_view> taken_;
};

}  // namespace samebits
