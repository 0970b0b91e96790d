// JSON whose bytes are decided by its content: RFC 8785 (JCS), read back strictly (RFC 7493, I-JSON).
//
// Thread rules: pure functions. Determinism: the bytes depend on the value only, never on locale or platform.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace samebits {

// RFC 8785: UTF-8, no white space, keys sorted by UTF-16 code units, shortest ES6 numbers.
// Throws E0601 on invalid UTF-8, NaN or infinity, integers beyond 2^53 - 1.
std::string canonical(const nlohmann::json&);

struct JsonLimits {
  int depth = 64;
  size_t bytes = size_t{256} << 20;
};

// Rejects BOM, invalid UTF-8, lone surrogates, duplicate keys, numbers of more than 32 characters or beyond a
// double, trailing data, depth and size beyond the limits. `where` names the file in errors (E0602, with the
// byte offset; line and column too in a text of several lines). Integers become int64 or uint64 where they fit, else
// double.
nlohmann::json parse_json(std::string_view text, std::string_view where, JsonLimits = {});

// The same rules, and objects keep the order of their keys: looking one up walks them, so bound their number before.
// `refuse` gets what is wrong and at which byte, and throws.
using JsonRefusal = std::function<void(const std::string& problem, size_t offset)>;
nlohmann::ordered_json parse_ordered_json(std::string_view text, const JsonRefusal& refuse, JsonLimits = {});

// Where a byte of a text stands, both from 1; columns count code points.
struct TextPlace {
  size_t line, column;
};
TextPlace place_in(std::string_view text, size_t offset);

// In words for users, what a value of another shape than the reader expects made nlohmann throw.
std::string shape_problem(const nlohmann::json::exception&);

// parse_json, and the text must already be canonical (E0603 otherwise).
nlohmann::json parse_canonical(std::string_view text, std::string_view where, JsonLimits = {});

// Whether every JSON tool carries this text unchanged: valid UTF-8 without U+007F and noncharacters. Claims hold
// other text as base64.
bool is_portable_text(std::string_view);

// Floats in claims: "f32:3f800000", "f64:3ff0000000000000". from_* throw E0604 on anything else.
std::string bits(float);
std::string bits(double);
float f32_from_bits(std::string_view);
double f64_from_bits(std::string_view);

}  // namespace samebits
