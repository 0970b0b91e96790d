// The expression half of the interpreter.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/core/error.h"
#include "harness/text/jinja_filters.h"
#include "harness/text/jinja_interpreter.h"

namespace samebits::jinja {
// The innermost scope first, then the caller's variables, then the global functions.
Value Interpreter::lookup(const Expr& name) {
  for (const Scope* scope = scope_.get(); scope; scope = scope->parent.get()) {
    runtime_.charge(1 + scope->variables.size() / 16);
    if (const Value* found = scope->find(name.name_id)) return *found;
  }
  if (const auto found = variables_.find(name.text); found != variables_.end()) {
    root_->set(name.name_id, from_json(runtime_, *found));  // converted once
    return *root_->find(name.name_id);
  }
  if (auto function = global_function(name.text, runtime_.dialect)) return *function;
  return Value::undefined(fmt::format("'{}' is undefined", name.text));
}

Value Interpreter::eval(const Expr& expr) {
  const Depth depth(*this);
  runtime_.charge(1);
  switch (expr.kind) {
    case ExprKind::constant:
      return expr.value;
    case ExprKind::name:
      return lookup(expr);
    case ExprKind::tuple:
    case ExprKind::list:
    case ExprKind::dict:
      return eval_container(expr);
    case ExprKind::attribute:
      return get_attribute(runtime_, eval(*expr.children[0]), expr.text);
    case ExprKind::item:
    case ExprKind::slice:
      return eval_subscript(expr);
    case ExprKind::call:
      return eval_call(expr);
    case ExprKind::filter:
      return eval_filter(expr, Value());
    case ExprKind::test:
      return Value::boolean(eval_test(expr));
    case ExprKind::negate:
      return negate(eval(*expr.children[0]));
    case ExprKind::plus:
      return negate(negate(eval(*expr.children[0])));
    case ExprKind::binary: {
      const Value left = eval(*expr.children[0]);
      return arithmetic(runtime_, expr.ops[0], left, eval(*expr.children[1]));
    }
    case ExprKind::logical_not:
    case ExprKind::logical_and:
    case ExprKind::logical_or:
    case ExprKind::conditional:
      return eval_logic(expr);
    case ExprKind::compare:
      return Value::boolean(eval_compare(expr));
    case ExprKind::concat:
      return eval_concat(expr);
  }
  return Value();
}

Value Interpreter::eval_container(const Expr& expr) {
  if (expr.kind == ExprKind::dict) {
    auto dict = std::make_shared<Dict>();
    for (size_t i = 0; i < expr.children.size(); i += 2) {
      const Value key = eval(*expr.children[i]);
      dict->set(key, eval(*expr.children[i + 1]));
    }
    return Value::object(Kind::dict, std::move(dict));
  }
  Values items;
  items.reserve(expr.children.size());
  for (const auto& child : expr.children) items.push_back(eval(*child));
  return expr.kind == ExprKind::list ? Value::list(std::move(items)) : Value::tuple(std::move(items));
}

Value Interpreter::eval_subscript(const Expr& expr) {
  const Value object = eval(*expr.children[0]);
  if (expr.kind == ExprKind::item) return get_item(runtime_, object, eval(*expr.children[1]));
  Value bounds[3];
  for (size_t i = 0; i < 3; ++i)
    if (expr.children[i + 1]) bounds[i] = eval(*expr.children[i + 1]);
  return slice(runtime_, object, bounds[0], bounds[1], bounds[2]);
}

// Positional, *args, named, **kwargs.
Args Interpreter::arguments(const CallArguments& call) {
  Args args;
  for (const auto& positional : call.positional) args.positional.push_back(eval(*positional));
  if (call.star)
    for (Value& value : iterate(runtime_, eval(*call.star))) args.positional.push_back(std::move(value));
  for (const auto& [name, value] : call.named) args.named.emplace_back(name, eval(*value));
  if (call.double_star) {
    const Value more = eval(*call.double_star);
    if (!more.is(Kind::dict)) fail("argument after ** must be a mapping");
    for (const auto& [name, value] : more.get<Dict>().entries) {
      if (!name.is(Kind::string)) fail("keywords must be strings");
      args.named.emplace_back(name.text(), value);
    }
  }
  return args;
}

Value Interpreter::eval_call(const Expr& expr, const Value* caller) {
  const Value callee = eval(*expr.children[0]);
  Args args = arguments(expr.arguments);
  if (caller) args.named.emplace_back("caller", *caller);
  line_ = expr.line;
  return call(callee, args);
}

// `input` stands at the head of a filter chain that has no expression: {% filter … %}, {% set x | … %}.
Value Interpreter::eval_filter(const Expr& expr, const Value& input) {
  const Expr* inner = expr.children[0].get();
  const Depth depth(*this);
  const Value value = !inner ? input : inner->kind == ExprKind::filter ? eval_filter(*inner, input) : eval(*inner);
  line_ = expr.line;
  if (!expr.filter) fail(fmt::format("no filter named '{}'{}", expr.text, did_you_mean(expr.text, filter_names())));
  runtime_.charge(1);
  return expr.filter(*this, value, arguments(expr.arguments));
}

bool Interpreter::eval_test(const Expr& expr) {
  const Value value = eval(*expr.children[0]);
  line_ = expr.line;
  if (!expr.test) fail(fmt::format("no test named '{}'{}", expr.text, did_you_mean(expr.text, test_names())));
  return expr.test(*this, value, arguments(expr.arguments));
}

// `and`, `or` and the inline if give one of their operands, and evaluate no more than they need.
Value Interpreter::eval_logic(const Expr& expr) {
  if (expr.kind == ExprKind::logical_not) return Value::boolean(!truthy(runtime_, eval(*expr.children[0])));
  if (expr.kind == ExprKind::conditional) {
    if (truthy(runtime_, eval(*expr.children[1]))) return eval(*expr.children[0]);
    if (expr.children[2]) return eval(*expr.children[2]);
    return Value::undefined("the inline if-expression evaluated to false and has no else", true);
  }
  Value left = eval(*expr.children[0]);
  return truthy(runtime_, left) == (expr.kind == ExprKind::logical_or) ? left : eval(*expr.children[1]);
}

bool Interpreter::eval_compare(const Expr& expr) {
  Value left = eval(*expr.children[0]);
  for (size_t i = 0; i < expr.ops.size(); ++i) {
    Value right = eval(*expr.children[i + 1]);
    if (!compare(runtime_, expr.ops[i], left, right)) return false;
    left = std::move(right);
  }
  return true;
}

// ~ prints its operands and joins the texts.
Value Interpreter::eval_concat(const Expr& expr) {
  std::string text;
  for (const auto& child : expr.children) text += to_text(runtime_, eval(*child));
  runtime_.charge_bytes(text.size());
  return Value::string(std::move(text));
}

}  // namespace samebits::jinja
