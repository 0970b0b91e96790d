// libFuzzer harness: any bytes as a template and as a pattern end in a result or a coded error.
//
// clang++ -fsanitize=fuzzer,address,undefined, linked with the core and text folders.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "harness/core/error.h"
#include "harness/text/jinja.h"
#include "harness/text/regex.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace samebits;
  static const nlohmann::ordered_json variables{
      {"x", 1}, {"s", "text"}, {"l", {1, "b", nullptr}}, {"d", {{"a", 1.5}}}, {"messages", {{{"role", "user"}}}}};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& options : {jinja::kLmEval, jinja::kChat}) {
    try {
      jinja::Template::parse(text, options, "fuzz").render(variables);
    } catch (const Error&) {
    }
  }
  try {
    Regex::compile(text.substr(0, 256)).find_all("a text, 12 and (b)\n");
  } catch (const Error&) {
  }
  return 0;
}
