// Jinja templates, byte for byte as Jinja2 3.1 renders them: prompts of task files and chat templates of models.
//
// A template sees JSON values and nothing else: no files, attributes, environment or clock. Work is bounded
// (size, nesting, steps, output), so a hostile template ends in an error, never in a hang.
// Thread rules: a Template is immutable; render() may run concurrently. Determinism: a pure function of
// template and variables.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace samebits::jinja {

struct Program;  // the parsed template

// What the host program of the template offers.
// lm_eval: StrictUndefined, tojson with sorted keys and HTML escapes, the filter regex_replace.
// chat: undefined prints as nothing, tojson as transformers has it, raise_exception, strftime_now, immutable
// dict and list arguments, `generation` blocks.
enum class Dialect : uint8_t { lm_eval, chat };

struct Options {
  bool trim_blocks = false;           // drop the newline that follows a block tag
  bool lstrip_blocks = false;         // drop the blanks that precede a block tag on its line
  bool keep_trailing_newline = true;  // of the template
  Dialect dialect = Dialect::lm_eval;
};
inline constexpr Options kLmEval{false, false, true, Dialect::lm_eval};
inline constexpr Options kChat{true, true, false, Dialect::chat};

class Template {
 public:
  // `where` names the file or key in errors. Throws E0310 (syntax; line and column), E0312 (too large or nested).
  static Template parse(std::string_view source, Options, std::string_view where);

  // `variables`: an object. Throws E0311 (undefined variable, named), E0312 (limits), E0315 (the template
  // called raise_exception), E0316 (an operation that Python refuses, such as "a" + 1).
  std::string render(const nlohmann::ordered_json& variables) const;

 private:
  explicit Template(std::shared_ptr<const Program>);
  std::shared_ptr<const Program> program_;
};

}  // namespace samebits::jinja
