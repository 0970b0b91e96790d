#include "harness/text/jinja.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/core/error.h"
#include "harness/text/jinja_interpreter.h"
#include "harness/text/jinja_lexer.h"
#include "harness/text/jinja_parser.h"
#include "harness/text/regex.h"

namespace samebits::jinja {
namespace {

std::string hint_for(std::string_view code) {
  if (code == "E0311") return "check the spelling against the document's fields, or guard it with `is defined`";
  if (code == "E0312") return "make the template or the document smaller";
  if (code == "E0315") return "give the template the messages that it asks for";
  return "check the types of the values that the template combines";
}

}  // namespace

Template::Template(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

Template Template::parse(std::string_view source, Options options, std::string_view where) {
  auto program = std::make_shared<Program>();
  program->options = options;
  program->where = where;
  Parser(tokenize(source, options, where), *program).parse();
  return Template(std::move(program));
}

std::string Template::render(const nlohmann::ordered_json& variables) const {
  if (!variables.is_object())
    throw Error("E0316", "the variables of a template are not an object", program_->where, "pass a JSON object");
  Interpreter interpreter(*program_, variables);
  const RegexBudget budget;
  try {
    return interpreter.run();
  } catch (const Failure& failure) {
    throw Error(failure.code, failure.what, fmt::format("{}:{}", program_->where, interpreter.line()),
                hint_for(failure.code));
  }
}

}  // namespace samebits::jinja
