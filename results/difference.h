// Finding and naming the first difference between a bundle and its re-computation. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "results/verify.h"

namespace samebits {

// Of two versions of a claims file (JSON or JSONL).
std::optional<Difference> file_difference(const std::string& path, std::string_view stored, std::string_view computed);

// Of two versions of a report, by its first line that differs.
std::optional<Difference> text_difference(const std::string& path, std::string_view stored, std::string_view computed);

// Of two JSON values at one place: the first leaf.
std::optional<Difference> json_difference(const std::string& where, const nlohmann::json& stored,
                                          const nlohmann::json& computed, const std::string& cause);

// Of two responses to one request: its fields in the order in which the engine produces them.
std::optional<Difference> response_difference(const std::string& where, const Response& stored,
                                              const Response& computed);

}  // namespace samebits
