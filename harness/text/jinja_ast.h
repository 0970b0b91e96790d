// The syntax tree of a template.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/text/jinja_ops.h"

namespace samebits::jinja {

class Interpreter;
using FilterFn = Value (*)(Interpreter&, const Value& input, const Args&);
using TestFn = bool (*)(Interpreter&, const Value& input, const Args&);

struct Expr;
struct Stmt;
using ExprPtr = std::unique_ptr<Expr>;
using Body = std::vector<std::unique_ptr<Stmt>>;

struct CallArguments {
  std::vector<ExprPtr> positional;
  std::vector<std::pair<std::string, ExprPtr>> named;
  ExprPtr star, double_star;  // *args, **kwargs
};

enum class ExprKind : uint8_t {
  constant,  // value
  name,      // name_id
  tuple,
  list,       // children
  dict,       // children: key, value, key, value, …
  attribute,  // children[0] . text
  item,       // children[0] [ children[1] ]
  slice,      // children[0] [ children[1] : children[2] : children[3] ], nullptr where left out
  call,       // children[0] ( arguments )
  filter,     // children[0] | text ( arguments ); children[0] is nullptr at the head of a filter block
  test,       // children[0] is text ( arguments )
  negate,
  plus,
  logical_not,  // children[0]
  binary,       // children[0] ops[0] children[1]
  logical_and,
  logical_or,   // children[0], children[1]
  compare,      // children[0] ops[0] children[1] ops[1] children[2] …
  concat,       // children
  conditional,  // children[0] if children[1] else children[2], nullptr where left out
};

struct Expr {
  ExprKind kind;
  uint32_t line = 0;
  uint32_t depth = 1;  // of the tree below, bounded by the parser
  uint32_t name_id = 0;
  std::string text;
  Value value;
  std::vector<ExprPtr> children;
  std::vector<Op> ops;
  CallArguments arguments;
  FilterFn filter = nullptr;  // nullptr: not known, an error when reached
  TestFn test = nullptr;
};

enum class StmtKind : uint8_t {
  data,          // text
  output,        // expr
  branch,        // branches, otherwise
  loop,          // target, expr, condition, body, otherwise, recursive
  set,           // target = expr
  set_block,     // target, filters (nullptr: none), body
  macro,         // name_id, text, parameters, defaults, body
  call_block,    // expr (a call), parameters, defaults, body
  filter_block,  // filters, body
  with,          // targets, values, body
  scope,         // body in a scope of its own
  break_loop,
  continue_loop,
};

struct Branch {
  ExprPtr condition;
  Body body;
};

struct Stmt {
  StmtKind kind;
  uint32_t line = 0;
  uint32_t name_id = 0;  // loop: of the variable `loop`
  bool recursive = false;
  std::string text;
  ExprPtr target, expr, condition, filters;
  std::vector<uint32_t> parameters;  // name ids; the last defaults.size() of them have defaults
  std::vector<ExprPtr> defaults;
  std::optional<uint32_t> uses_caller, uses_kwargs, uses_varargs;  // name ids, where the macro's body uses them
  std::vector<ExprPtr> targets, values;
  std::vector<Branch> branches;
  Body body, otherwise;
};

struct Program {
  Options options;
  std::string where;
  std::vector<std::string> names;  // by name id
  Body body;
};

}  // namespace samebits::jinja
