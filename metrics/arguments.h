// The arguments that a task file gives to a metric or filter, read strictly: a mistyped name or a wrong type is an
// error with the names that exist, never a silent default.
//
// Thread rules: one object a call.
#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace samebits {

class Arguments {
 public:
  // `owner`: "filter regex" (for messages). Throws E0501 when `args` is neither null nor an object whose keys are all
  // `known`. `args` must outlive this object.
  Arguments(std::string_view owner, const nlohmann::json& args, std::initializer_list<std::string_view> known);

  // The value of `key`, or `otherwise` when it is absent or null. E0501 on another type.
  std::string text(std::string_view key, std::string_view otherwise) const;
  int64_t integer(std::string_view key, int64_t otherwise) const;
  bool flag(std::string_view key) const;                       // absent: false
  std::vector<std::string> texts(std::string_view key) const;  // an array of strings; absent: empty
  const nlohmann::json* find(std::string_view key) const;      // nullptr when absent or null

  [[noreturn]] void reject(std::string_view key, std::string_view wanted) const;

 private:
  std::string_view owner_;
  const nlohmann::json& args_;
};

}  // namespace samebits
