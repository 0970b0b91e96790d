// Runs a parsed template: one Interpreter a render.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/text/jinja_ast.h"

namespace samebits::jinja {

// Something that can be called: a macro, a method bound to its object, a global function.
struct Callable : Object {
  Callable(std::string n, std::function<Value(Interpreter&, const Args&)> f) : name(std::move(n)), call(std::move(f)) {}
  std::string name;
  std::function<Value(Interpreter&, const Args&)> call;
};
Value make_callable(std::string name, std::function<Value(Interpreter&, const Args&)>);

// Jinja's `loop`. `items` is a snapshot, so a body that changes the list cannot make the loop endless.
struct Loop : Object, std::enable_shared_from_this<Loop> {
  Values items;
  size_t index0 = 0;
  int depth = 1;
  Value changed_to;                                         // a tuple: the arguments of the last loop.changed()
  std::function<Value(Interpreter&, const Args&)> recurse;  // loop(…), empty unless recursive
  std::optional<Value> attribute(std::string_view name);
};

struct Scope {
  std::shared_ptr<Scope> parent;
  std::vector<std::pair<uint32_t, Value>> variables;  // by name id

  const Value* find(uint32_t name_id) const;  // here only
  void set(uint32_t name_id, Value);
};

class Interpreter {
 public:
  Interpreter(const Program&, const nlohmann::ordered_json& variables);
  std::string run();

  Runtime& runtime() { return runtime_; }
  uint32_t line() const { return line_; }
  Value call(const Value& callee, const Args&);
  Value apply_filter(std::string_view name, const Value& input, const Args&);
  bool apply_test(std::string_view name, const Value& input, const Args&);

 private:
  enum class Flow : uint8_t { next, leave, repeat };  // after a statement: go on, break, continue
  struct Depth {                                      // counts the interpreter's own recursion
    explicit Depth(Interpreter&);
    ~Depth() { --interpreter.depth_; }
    Interpreter& interpreter;
  };
  class ScopeGuard;

  // Statements.
  Flow run_body(const Body&);
  Flow run_statement(const Stmt&);
  Flow run_branch(const Stmt&);
  Flow run_loop(const Stmt&, const Values&, int depth);
  Flow run_with(const Stmt&);
  Values loop_items(const Stmt&, const Value& iterable);
  void define_macro(const Stmt&);
  std::weak_ptr<Scope> closure();
  void run_call_block(const Stmt&);
  Value macro(const Stmt&);  // a callable
  Value call_macro(const Stmt&, const std::shared_ptr<Scope>& closure, const Args&);
  std::string capture(const Body&);
  void emit(std::string_view text);
  void assign(const Expr& target, const Value&);

  // Expressions.
  Value eval(const Expr&);
  Value eval_container(const Expr&);
  Value eval_subscript(const Expr&);
  Value eval_call(const Expr&, const Value* caller = nullptr);
  Value eval_filter(const Expr&, const Value& input);
  bool eval_test(const Expr&);
  Value eval_logic(const Expr&);
  bool eval_compare(const Expr&);
  Value eval_concat(const Expr&);
  Args arguments(const CallArguments&);
  Value lookup(const Expr& name);

  const Program& program_;
  const nlohmann::ordered_json& variables_;
  Runtime runtime_;
  std::shared_ptr<Scope> root_ = std::make_shared<Scope>();
  std::shared_ptr<Scope> scope_ = root_;
  std::vector<std::shared_ptr<Scope>> captured_;  // scopes of macros: macros point to them, this keeps them alive
  std::string* out_ = nullptr;
  uint32_t line_ = 1;
  int depth_ = 0;
};

// range, dict, namespace …: the functions that every template sees (jinja_globals.cc); nullopt: none.
std::optional<Value> global_function(std::string_view name, Dialect);

}  // namespace samebits::jinja
