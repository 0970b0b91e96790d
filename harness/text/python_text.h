// What Python's str, repr and ast.literal_eval do, for prompts and answers that must equal those of Python harnesses.
//
// Strings are UTF-8; positions and lengths count code points. An invalid sequence counts as one code point, is never
// white space, has no case, and keeps its bytes. White space is str.isspace's unless characters are given.
// Determinism: pinned Unicode tables (unicode.h), no locale.
// Thread rules: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace samebits {

// str.strip and its halves: views into `text`. `chars`: a set of code points; nullopt: white space.
std::string_view py_strip(std::string_view text, std::optional<std::string_view> chars = {});
std::string_view py_lstrip(std::string_view text, std::optional<std::string_view> chars = {});
std::string_view py_rstrip(std::string_view text, std::optional<std::string_view> chars = {});

// str.split() at runs of white space, and str.split(separator) (not empty); at most `max_splits`, -1: no limit.
std::vector<std::string> py_split(std::string_view text, int64_t max_splits = -1);
std::vector<std::string> py_split(std::string_view text, std::string_view separator, int64_t max_splits = -1);

std::string py_upper(std::string_view);       // full mappings: "ß" -> "SS"
std::string py_lower(std::string_view);       // full mappings and the final sigma
std::string py_title(std::string_view);       // a new word after every uncased character: "it's" -> "It'S"
std::string py_capitalize(std::string_view);  // first code point in title case, the rest in lower case

// text[start:stop] with Python's negative and out-of-range positions; nullopt: open.
std::string_view py_slice(std::string_view text, std::optional<int64_t> start, std::optional<int64_t> stop);

std::string py_replace(std::string_view text, std::string_view from, std::string_view to, int64_t max_count = -1);

// len(re.split(r"\s+", text)): what lm-evaluation-harness counts as words. At least 1.
size_t py_count_words(std::string_view text);

std::string py_repr(double);            // repr(float): shortest digits that read back, "1e-05", "inf", "nan"
std::string py_repr(std::string_view);  // repr(str); `text` is valid UTF-8

// ast.literal_eval of str, int, float, bool, None, list, tuple (an array) and dict with str keys.
// Throws E0390 on anything else, on integers beyond 64 bits, and on nesting beyond 64. `where` names the text in
// errors.
nlohmann::ordered_json py_literal_eval(std::string_view text, std::string_view where);

}  // namespace samebits
