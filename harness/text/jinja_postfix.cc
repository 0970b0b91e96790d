// What follows a value in an expression: attributes, subscripts, calls, filters and tests.
#include <fmt/format.h>

#include "harness/core/error.h"
#include "harness/text/jinja_filters.h"
#include "harness/text/jinja_parser.h"

namespace samebits::jinja {

// Subscripts and calls bind tighter than a sign: -a.b is -(a.b).
ExprPtr Parser::postfix(ExprPtr value) {
  while (true) {
    if (is_symbol(".") || is_symbol("["))
      value = subscript(std::move(value));
    else if (is_symbol("("))
      value = call(std::move(value));
    else
      return value;
  }
}

ExprPtr Parser::filters_and_tests(ExprPtr value) {
  while (true) {
    if (is_symbol("|"))
      value = filter(std::move(value));
    else if (is_name("is"))
      value = test(std::move(value));
    else if (is_symbol("("))
      value = call(std::move(value));
    else
      return value;
  }
}

ExprPtr Parser::subscript(ExprPtr object) {
  const uint32_t line = current().place.line;
  if (skip_symbol("[")) {
    ExprPtr result = subscript_part(std::move(object));
    expect_symbol("]");
    return result;
  }
  next();
  std::vector<ExprPtr> children;
  children.push_back(std::move(object));
  const Token name = next();
  if (name.kind == TokenKind::name) {
    ExprPtr attribute = node(ExprKind::attribute, line, std::move(children));
    attribute->text = name.text;
    return attribute;
  }
  // Jinja: a.0 is a[0].
  if (name.kind != TokenKind::integer) unexpected(name, "a name or a number");
  children.push_back(node(ExprKind::constant, line));
  children.back()->value = Value::integer(name.integer);
  return node(ExprKind::item, line, std::move(children));
}

// What stands between the brackets: a key, or start:stop:step.
ExprPtr Parser::subscript_part(ExprPtr object) {
  const uint32_t line = current().place.line;
  std::vector<ExprPtr> children;
  children.push_back(std::move(object));
  children.push_back(is_symbol(":") ? nullptr : expression());
  if (!is_symbol(":")) return node(ExprKind::item, line, std::move(children));
  while (children.size() < 4 && skip_symbol(":"))
    children.push_back(is_symbol(":") || is_symbol("]") ? nullptr : expression());
  children.resize(4);
  return node(ExprKind::slice, line, std::move(children));
}

ExprPtr Parser::call(ExprPtr callee) {
  const uint32_t line = current().place.line;
  std::vector<ExprPtr> children;
  children.push_back(std::move(callee));
  ExprPtr expr = node(ExprKind::call, line, std::move(children));
  expr->arguments = call_arguments();
  return deepen(std::move(expr));
}

CallArguments Parser::call_arguments() {
  // The place that a message about the arguments names.
  const Token open = current();
  expect_symbol("(");
  CallArguments arguments;
  const auto ensure = [&](bool ok) {
    if (!ok)
      fail_at(open, "arguments stand in a wrong order", "write positional, named, *args, **kwargs in this order");
  };
  while (!is_symbol(")")) {
    if (skip_symbol("*")) {
      ensure(!arguments.star && !arguments.double_star);
      arguments.star = expression();
    } else if (skip_symbol("**")) {
      ensure(!arguments.double_star);
      arguments.double_star = expression();
    } else if (current().kind == TokenKind::name && ahead(1).kind == TokenKind::symbol && ahead(1).text == "=") {
      ensure(!arguments.double_star);
      std::string name = next().text;
      next();
      arguments.named.emplace_back(std::move(name), expression());
    } else {
      ensure(!arguments.star && !arguments.double_star && arguments.named.empty());
      arguments.positional.push_back(expression());
    }
    if (!skip_symbol(",")) break;
  }
  expect_symbol(")");
  return arguments;
}

// Names are looked up here; inside a branch a missing filter is an error only when it is reached, as in Jinja2.
ExprPtr Parser::filter(ExprPtr input) {
  expect_symbol("|");
  const Token name = current();
  std::vector<ExprPtr> children;
  children.push_back(std::move(input));
  ExprPtr expr = node(ExprKind::filter, name.place.line, std::move(children));
  expr->text = any_name();
  expr->filter = find_filter(expr->text, program_.options.dialect);
  if (!expr->filter && branches_ == 0)
    fail_at(name, fmt::format("no filter named '{}'{}", expr->text, did_you_mean(expr->text, filter_names())),
            "use one of Jinja2's own filters");
  if (is_symbol("(")) expr->arguments = call_arguments();
  return deepen(std::move(expr));
}

// value is [not] name, name argument, or name(arguments).
ExprPtr Parser::test(ExprPtr input) {
  expect_name("is");
  const bool negated = skip_name("not");
  const Token name = current();
  std::vector<ExprPtr> children;
  children.push_back(std::move(input));
  ExprPtr expr = node(ExprKind::test, name.place.line, std::move(children));
  expr->text = any_name();
  expr->test = find_test(expr->text);
  if (!expr->test && branches_ == 0)
    fail_at(name, fmt::format("no test named '{}'{}", expr->text, did_you_mean(expr->text, test_names())),
            "use one of Jinja2's own tests");
  const bool keyword = is_name("else") || is_name("or") || is_name("and");
  if (is_symbol("(")) {
    expr->arguments = call_arguments();
  } else if (is_symbol("[") || is_symbol("{") || current().kind == TokenKind::string ||
             current().kind == TokenKind::integer || current().kind == TokenKind::real ||
             (current().kind == TokenKind::name && !keyword)) {
    if (is_name("is")) fail_at(current(), "tests cannot be chained with is", "join them with and");
    // A test takes one argument without parentheses: x is divisibleby 3.
    expr->arguments.positional.push_back(postfix(primary()));
  }
  expr = deepen(std::move(expr));
  if (!negated) return expr;
  std::vector<ExprPtr> inner;
  inner.push_back(std::move(expr));
  return node(ExprKind::logical_not, name.place.line, std::move(inner));
}

}  // namespace samebits::jinja
