// Finding and naming the first difference between a bundle and its re-computation. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "results/verify.h"

namespace samebits {

// Of two versions of a claims file (JSON or JSONL).
std::optional<Difference> file_difference(const std::string& path, std::string_view stored, std::string_view computed);

// Of two responses to one request: its fields in the order in which the engine produces them.
std::optional<Difference> response_difference(const std::string& where, const Response& stored,
                                              const Response& computed);

}  // namespace samebits
