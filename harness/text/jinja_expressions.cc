// The expression half of the parser: one function a level of precedence, from or (loosest) to the literals. What may
// follow these is in jinja_postfix.cc.
#include <fmt/format.h>

#include <array>

#include "harness/core/error.h"
#include "harness/text/jinja_parser.h"

namespace samebits::jinja {
namespace {

constexpr uint32_t kMaxTreeDepth = 250;  // also of chains such as a + b + c, which nest to the left

struct Comparison {
  std::string_view symbol;
  Op op;
};
constexpr std::array<Comparison, 6> kComparisons{
    {{"==", Op::eq}, {"!=", Op::ne}, {"<", Op::lt}, {"<=", Op::le}, {">", Op::gt}, {">=", Op::ge}}};

}  // namespace

ExprPtr Parser::node(ExprKind kind, uint32_t line, std::vector<ExprPtr> children) {
  auto expr = std::make_unique<Expr>();
  expr->kind = kind;
  expr->line = line;
  expr->children = std::move(children);
  return deepen(std::move(expr));
}

// Evaluating and freeing a tree recurse: its depth is bounded when it is built.
ExprPtr Parser::deepen(ExprPtr expr) {
  const auto below = [&](const ExprPtr& child) {
    if (child) expr->depth = std::max(expr->depth, child->depth + 1);
  };
  for (const auto& child : expr->children) below(child);
  for (const auto& child : expr->arguments.positional) below(child);
  for (const auto& [name, child] : expr->arguments.named) below(child);
  below(expr->arguments.star);
  below(expr->arguments.double_star);
  if (expr->depth > kMaxTreeDepth)
    throw Error("E0312", fmt::format("an expression is nested more than {} deep", kMaxTreeDepth),
                fmt::format("{}:{}", program_.where, expr->line), "split it with {% set %}");
  return expr;
}

ExprPtr Parser::binary(Op op, ExprPtr left, ExprPtr right) {
  const uint32_t line = left->line;
  std::vector<ExprPtr> children;
  children.push_back(std::move(left));
  children.push_back(std::move(right));
  ExprPtr expr = node(ExprKind::binary, line, std::move(children));
  expr->ops = {op};
  return expr;
}

// a, b, c without or with parentheses; one expression without a comma is itself.
ExprPtr Parser::tuple(int mode) {
  const uint32_t line = current().place.line;
  std::vector<ExprPtr> items;
  bool comma = false;
  const auto at_end = [&] {
    return current().kind == TokenKind::variable_end || current().kind == TokenKind::block_end || is_symbol(")") ||
           (mode == kNoConditional && is_name("recursive"));
  };
  // A trailing comma is allowed, and ends a tuple.
  while (!at_end()) {
    items.push_back(expression(mode != kNoConditional));
    if (!skip_symbol(",")) break;
    comma = true;
  }
  if (!comma && !items.empty()) return std::move(items.front());
  if (!comma && mode != kParenthesised) unexpected(current(), "an expression");
  return node(ExprKind::tuple, line, std::move(items));
}

ExprPtr Parser::expression(bool with_conditional) {
  const Nesting nesting(*this);
  return with_conditional ? conditional() : logical_or();
}

// value if condition else other; without else an undefined value.
ExprPtr Parser::conditional() {
  const Nesting nesting(*this);
  ExprPtr value = logical_or();
  while (is_name("if")) {
    const uint32_t line = next().place.line;
    std::vector<ExprPtr> children;
    children.push_back(std::move(value));
    // What stands in a branch may never run: unknown filters in it are no errors yet.
    ++branches_;
    children.push_back(logical_or());
    children.push_back(skip_name("else") ? conditional() : nullptr);
    --branches_;
    value = node(ExprKind::conditional, line, std::move(children));
  }
  return value;
}

ExprPtr Parser::logical_or() {
  ExprPtr left = logical_and();
  while (skip_name("or")) {
    // the operator of a logical node is not looked at
    left = binary(Op::eq, std::move(left), logical_and());
    left->kind = ExprKind::logical_or;
  }
  return left;
}

ExprPtr Parser::logical_and() {
  ExprPtr left = logical_not();
  while (skip_name("and")) {
    left = binary(Op::eq, std::move(left), logical_not());
    left->kind = ExprKind::logical_and;
  }
  return left;
}

ExprPtr Parser::logical_not() {
  if (!is_name("not")) return comparison();
  const Nesting nesting(*this);
  const uint32_t line = next().place.line;
  std::vector<ExprPtr> children;
  children.push_back(logical_not());
  return node(ExprKind::logical_not, line, std::move(children));
}

// a < b < c is one node: each operand is evaluated once, as in Python.
ExprPtr Parser::comparison() {
  const uint32_t line = current().place.line;
  std::vector<ExprPtr> operands;
  std::vector<Op> ops;
  operands.push_back(sum());
  while (true) {
    if (skip_name("in")) {
      ops.push_back(Op::in);
    } else if (is_name("not") && ahead(1).kind == TokenKind::name && ahead(1).text == "in") {
      next();
      next();
      ops.push_back(Op::not_in);
    } else {
      const auto found = std::find_if(kComparisons.begin(), kComparisons.end(),
                                      [&](const Comparison& c) { return is_symbol(c.symbol); });
      if (found == kComparisons.end()) break;
      next();
      ops.push_back(found->op);
    }
    operands.push_back(sum());
  }
  if (ops.empty()) return std::move(operands.front());
  ExprPtr expr = node(ExprKind::compare, line, std::move(operands));
  expr->ops = std::move(ops);
  return expr;
}

ExprPtr Parser::sum() {
  ExprPtr left = concatenation();
  while (is_symbol("+") || is_symbol("-")) {
    const Op op = next().text == "+" ? Op::add : Op::sub;
    left = binary(op, std::move(left), concatenation());
  }
  return left;
}

// ~ binds tighter than + in Jinja.
ExprPtr Parser::concatenation() {
  const uint32_t line = current().place.line;
  std::vector<ExprPtr> parts;
  parts.push_back(product());
  while (skip_symbol("~")) parts.push_back(product());
  return parts.size() == 1 ? std::move(parts.front()) : node(ExprKind::concat, line, std::move(parts));
}

ExprPtr Parser::product() {
  ExprPtr left = power();
  while (is_symbol("*") || is_symbol("/") || is_symbol("//") || is_symbol("%")) {
    const std::string symbol = next().text;
    const Op op = symbol == "*" ? Op::mul : symbol == "/" ? Op::div : symbol == "//" ? Op::floordiv : Op::mod;
    left = binary(op, std::move(left), power());
  }
  return left;
}

ExprPtr Parser::power() {
  ExprPtr left = unary();
  while (skip_symbol("**")) left = binary(Op::pow, std::move(left), unary());  // Jinja's groups to the left
  return left;
}

// A filter after a sign applies to the negated value: -1|abs is 1.
ExprPtr Parser::unary(bool with_filter) {
  const Nesting nesting(*this);
  const uint32_t line = current().place.line;
  ExprPtr value;
  if (is_symbol("-") || is_symbol("+")) {
    const ExprKind kind = next().text == "-" ? ExprKind::negate : ExprKind::plus;
    std::vector<ExprPtr> children;
    children.push_back(unary(false));
    value = node(kind, line, std::move(children));
  } else {
    value = primary();
  }
  value = postfix(std::move(value));
  return with_filter ? filters_and_tests(std::move(value)) : std::move(value);
}

// A literal, a name, or something in brackets. Adjacent strings are joined.
ExprPtr Parser::primary() {
  const Token token = current();
  if (is_symbol("[")) return list_literal();
  if (is_symbol("{")) return dict_literal();
  if (skip_symbol("(")) {
    ExprPtr value = tuple(kParenthesised);
    expect_symbol(")");
    return value;
  }
  ExprPtr constant = node(ExprKind::constant, token.place.line);
  if (token.kind == TokenKind::string) {
    std::string text;
    while (current().kind == TokenKind::string) text += next().text;
    constant->value = Value::string(std::move(text));
    return constant;
  }
  if (token.kind != TokenKind::name && token.kind != TokenKind::integer && token.kind != TokenKind::real)
    unexpected(token, "a value");
  next();
  if (token.kind == TokenKind::integer) {
    constant->value = Value::integer(token.integer);
  } else if (token.kind == TokenKind::real) {
    constant->value = Value::real(token.real);
  } else if (token.text == "true" || token.text == "True" || token.text == "false" || token.text == "False") {
    constant->value = Value::boolean(token.text == "true" || token.text == "True");
  } else if (token.text != "none" && token.text != "None") {
    constant->kind = ExprKind::name;
    constant->text = token.text;
    constant->name_id = name_id(token.text);
    names_read_.push_back(constant->name_id);
  }
  return constant;
}

ExprPtr Parser::list_literal() {
  const uint32_t line = next().place.line;
  std::vector<ExprPtr> items;
  while (!is_symbol("]")) {
    items.push_back(expression());
    if (!skip_symbol(",")) break;
  }
  expect_symbol("]");
  return node(ExprKind::list, line, std::move(items));
}

ExprPtr Parser::dict_literal() {
  const uint32_t line = next().place.line;
  std::vector<ExprPtr> pairs;
  while (!is_symbol("}")) {
    pairs.push_back(expression());
    expect_symbol(":");
    pairs.push_back(expression());
    if (!skip_symbol(",")) break;
  }
  expect_symbol("}");
  return node(ExprKind::dict, line, std::move(pairs));
}

}  // namespace samebits::jinja
