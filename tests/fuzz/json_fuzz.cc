// Canonical JSON and bit strings: what is read can be written, and what is written reads back to the same bytes.
#include "harness/core/canonical_json.h"
#include "harness/core/error.h"
#include "tests/fuzz/fuzz.h"

namespace samebits {
namespace {

std::vector<std::string> json_seeds() {
  return {canonical({{"a", {1, -2.5, 1e300, nullptr, true}}, {"\u00e9\n", "\xF0\x9F\x98\x80"}, {"", {{"b", "c"}}}}),
          R"( {"\ud83d\ude00": [0.1, 1E-7, 9007199254740991, "\/\b\u0000"]} )",
          "[[[[[[[[]]]]]]]]",
          "-0.0",
          canonical(bits(0.1)),
          canonical(bits(-1.5f))};
}

void run_json(std::string_view text) {
  const nlohmann::json value = parse_json(text, "fuzz");
  const std::string written = canonical(value);
  SAMEBITS_ASSERT(canonical(parse_canonical(written, "fuzz")) == written);
  if (!value.is_string()) return;
  const std::string& number = value.get_ref<const std::string&>();
  if (number.starts_with("f32:")) SAMEBITS_ASSERT(bits(f32_from_bits(number)) == number);
  if (number.starts_with("f64:")) SAMEBITS_ASSERT(bits(f64_from_bits(number)) == number);
}

SAMEBITS_FUZZ_TARGET(json, json_seeds, run_json);

}  // namespace
}  // namespace samebits
