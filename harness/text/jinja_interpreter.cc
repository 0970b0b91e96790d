// The statement half of the interpreter. Names are found along a chain of scopes: a loop body, a macro, a `with`
// and a captured block open one; a branch does not.
#include "harness/text/jinja_interpreter.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "harness/core/error.h"
#include "harness/text/jinja_filters.h"
#include "harness/text/jinja_parser.h"

namespace samebits::jinja {
namespace {

constexpr uint64_t kMaxSteps = 10'000'000;  // a second or two, at most some hundred MiB
constexpr size_t kMaxOutputBytes = size_t{64} << 20;
constexpr int kMaxDepth = 800;  // of the interpreter's own recursion

}  // namespace

Interpreter::Depth::Depth(Interpreter& i) : interpreter(i) {
  if (++interpreter.depth_ <= kMaxDepth) return;
  --interpreter.depth_;
  fail_limit("macros or expressions are nested too deeply");
}

// Opens a scope under `parent` and goes back to the old one.
class Interpreter::ScopeGuard {
 public:
  ScopeGuard(Interpreter& i, std::shared_ptr<Scope> parent) : interpreter_(i), old_(std::move(i.scope_)) {
    interpreter_.scope_ = std::make_shared<Scope>();
    interpreter_.scope_->parent = std::move(parent);
  }
  explicit ScopeGuard(Interpreter& i) : ScopeGuard(i, i.scope_) {}
  ~ScopeGuard() { interpreter_.scope_ = std::move(old_); }

 private:
  Interpreter& interpreter_;
  std::shared_ptr<Scope> old_;
};

const Value* Scope::find(uint32_t name_id) const {
  for (const auto& [id, value] : variables)
    if (id == name_id) return &value;
  return nullptr;
}

void Scope::set(uint32_t name_id, Value value) {
  for (auto& [id, old] : variables)
    if (id == name_id) {
      old = std::move(value);
      return;
    }
  variables.emplace_back(name_id, std::move(value));
}

Value make_callable(std::string name, std::function<Value(Interpreter&, const Args&)> call) {
  return Value::object(Kind::callable, std::make_shared<Callable>(std::move(name), std::move(call)));
}

std::optional<Value> Loop::attribute(std::string_view name) {
  const auto n = static_cast<int64_t>(items.size()), i = static_cast<int64_t>(index0);
  if (name == "index") return Value::integer(i + 1);
  if (name == "index0") return Value::integer(i);
  if (name == "revindex") return Value::integer(n - i);
  if (name == "revindex0") return Value::integer(n - i - 1);
  if (name == "first") return Value::boolean(i == 0);
  if (name == "last") return Value::boolean(i + 1 == n);
  if (name == "length") return Value::integer(n);
  if (name == "depth") return Value::integer(depth);
  if (name == "depth0") return Value::integer(depth - 1);
  if (name == "previtem") return i > 0 ? items[index0 - 1] : Value::undefined("there is no previous item");
  if (name == "nextitem") return i + 1 < n ? items[index0 + 1] : Value::undefined("there is no next item");
  if (name == "cycle")
    return make_callable("cycle", [at = index0](Interpreter&, const Args& args) {
      if (args.positional.empty()) fail("no items for cycling given");
      return args.positional[at % args.positional.size()];
    });
  if (name == "changed")
    return make_callable("changed", [self = weak_from_this()](Interpreter& i, const Args& args) {
      const auto loop = self.lock();
      const Value now = Value::tuple(args.positional);
      if (loop && loop->changed_to.is(Kind::tuple) && equal(i.runtime(), loop->changed_to, now))
        return Value::boolean(false);
      if (loop) loop->changed_to = now;
      return Value::boolean(true);
    });
  return std::nullopt;
}

Interpreter::Interpreter(const Program& program, const nlohmann::ordered_json& variables)
    : program_(program), variables_(variables) {
  runtime_.dialect = program.options.dialect;
  runtime_.steps_left = kMaxSteps;
}

std::string Interpreter::run() {
  std::string out;
  out_ = &out;
  run_body(program_.body);
  return out;
}

// ---- Statements ----

void Interpreter::emit(std::string_view text) {
  runtime_.charge_bytes(text.size());
  if (out_->size() + text.size() > kMaxOutputBytes) fail_limit("the rendered text is too long");
  *out_ += text;
}

// What the body writes, instead of writing it.
std::string Interpreter::capture(const Body& body) {
  std::string text;
  std::string* const outer = std::exchange(out_, &text);
  // On an exception the whole render ends, so `out_` need not be restored then.
  run_body(body);
  out_ = outer;
  return text;
}

Interpreter::Flow Interpreter::run_body(const Body& body) {
  for (const auto& stmt : body)
    if (const Flow flow = run_statement(*stmt); flow != Flow::next) return flow;
  return Flow::next;
}

Interpreter::Flow Interpreter::run_statement(const Stmt& stmt) {
  const Depth depth(*this);
  line_ = stmt.line;
  runtime_.charge(1);
  switch (stmt.kind) {
    case StmtKind::data:
      emit(stmt.text);
      return Flow::next;
    case StmtKind::output:
      emit(to_text(runtime_, eval(*stmt.expr)));
      return Flow::next;
    case StmtKind::branch:
      return run_branch(stmt);
    case StmtKind::loop:
      return run_loop(stmt, loop_items(stmt, eval(*stmt.expr)), 1);
    case StmtKind::set:
      assign(*stmt.target, eval(*stmt.expr));
      return Flow::next;
    case StmtKind::set_block: {
      Value text;
      {
        const ScopeGuard guard(*this);
        text = Value::string(capture(stmt.body));
      }
      assign(*stmt.target, stmt.filters ? eval_filter(*stmt.filters, text) : text);
      return Flow::next;
    }
    case StmtKind::macro:
      define_macro(stmt);
      return Flow::next;
    case StmtKind::call_block:
      run_call_block(stmt);
      return Flow::next;
    case StmtKind::filter_block: {
      const ScopeGuard guard(*this);
      emit(to_text(runtime_, eval_filter(*stmt.filters, Value::string(capture(stmt.body)))));
      return Flow::next;
    }
    case StmtKind::with:
      return run_with(stmt);
    case StmtKind::scope: {
      const ScopeGuard guard(*this);
      return run_body(stmt.body);
    }
    case StmtKind::break_loop:
      return Flow::leave;
    case StmtKind::continue_loop:
      return Flow::repeat;
  }
  return Flow::next;
}

Interpreter::Flow Interpreter::run_branch(const Stmt& stmt) {
  for (const Branch& branch : stmt.branches)
    if (truthy(runtime_, eval(*branch.condition))) return run_body(branch.body);
  return run_body(stmt.otherwise);
}

Interpreter::Flow Interpreter::run_with(const Stmt& stmt) {
  Values values;
  for (const auto& value : stmt.values) values.push_back(eval(*value));  // in the outer scope
  const ScopeGuard guard(*this);
  for (size_t i = 0; i < values.size(); ++i) assign(*stmt.targets[i], values[i]);
  return run_body(stmt.body);
}

// The elements that pass the loop's own condition.
Values Interpreter::loop_items(const Stmt& stmt, const Value& iterable) {
  Values items = iterate(runtime_, iterable);
  if (!stmt.condition) return items;
  Values kept;
  for (const Value& item : items) {
    const ScopeGuard guard(*this);
    assign(*stmt.target, item);
    if (truthy(runtime_, eval(*stmt.condition))) kept.push_back(item);
  }
  return kept;
}

// Each round has a scope of its own, so what it sets is gone in the next one.
Interpreter::Flow Interpreter::run_loop(const Stmt& stmt, const Values& items, int depth) {
  const uint32_t loop_id = stmt.name_id;
  auto loop = std::make_shared<Loop>();
  loop->items = items;
  loop->depth = depth;
  if (stmt.recursive)
    loop->recurse = [&stmt, closure = closure(), depth](Interpreter& i, const Args& args) {
      const auto bound = args.bind("loop", {"iterable"}, 1);
      const ScopeGuard guard(i, closure.lock());
      std::string text;
      std::string* const outer = std::exchange(i.out_, &text);
      i.run_loop(stmt, i.loop_items(stmt, *bound[0]), depth + 1);
      i.out_ = outer;
      return Value::string(std::move(text));
    };
  const Value loop_value = Value::object(Kind::loop, loop);
  for (size_t i = 0; i < items.size(); ++i) {
    loop->index0 = i;
    const ScopeGuard guard(*this);
    assign(*stmt.target, items[i]);
    scope_->set(loop_id, loop_value);
    const Flow flow = run_body(stmt.body);
    line_ = stmt.line;
    if (flow == Flow::leave) break;
  }
  loop->changed_to = Value();  // could hold the loop itself
  if (!items.empty()) return Flow::next;
  const ScopeGuard guard(*this);
  return run_body(stmt.otherwise);
}

void Interpreter::define_macro(const Stmt& stmt) { scope_->set(stmt.name_id, macro(stmt)); }

// The scope for a callable that the scope itself may hold: a weak pointer, so that they do not keep each other alive.
std::weak_ptr<Scope> Interpreter::closure() {
  if (captured_.empty() || captured_.back() != scope_) captured_.push_back(scope_);
  return scope_;
}

Value Interpreter::macro(const Stmt& stmt) {
  return make_callable(stmt.text, [&stmt, closure = closure()](Interpreter& interpreter, const Args& args) {
    return interpreter.call_macro(stmt, closure.lock(), args);
  });
}

void Interpreter::run_call_block(const Stmt& stmt) {
  const Value caller = macro(stmt);
  emit(to_text(runtime_, eval_call(*stmt.expr, &caller)));
}

// A name in the innermost scope, an attribute of a namespace, or a tuple of such targets.
void Interpreter::assign(const Expr& target, const Value& value) {
  if (target.kind == ExprKind::name) {
    scope_->set(target.name_id, value);
  } else if (target.kind == ExprKind::attribute) {
    const Value owner = lookup(*target.children[0]);
    if (!owner.is(Kind::name_space)) fail("cannot assign attribute on non-namespace object");
    runtime_.track(owner);
    owner.get<Dict>().set(Value::string(target.text), value);
  } else {
    const Values parts = iterate(runtime_, value);
    if (parts.size() != target.children.size())
      fail(fmt::format("cannot unpack {} values into {} names", parts.size(), target.children.size()));
    for (size_t i = 0; i < parts.size(); ++i) assign(*target.children[i], parts[i]);
  }
}

// ---- Calls ----

Value Interpreter::call(const Value& callee, const Args& args) {
  const Depth depth(*this);
  runtime_.charge(1 + args.positional.size() + args.named.size());
  if (callee.is(Kind::callable)) return callee.get<Callable>().call(*this, args);
  if (callee.is(Kind::loop) && callee.get<Loop>().recurse) return callee.get<Loop>().recurse(*this, args);
  if (callee.is(Kind::undefined)) fail_undefined(callee.text());
  fail(fmt::format("'{}' object is not callable", type_name(callee)));
}

// Parameters, then defaults (evaluated in the macro's scope, left to right), then the body.
Value Interpreter::call_macro(const Stmt& stmt, const std::shared_ptr<Scope>& closure, const Args& args) {
  const ScopeGuard guard(*this, closure);
  const size_t n = stmt.parameters.size(), first_default = n - stmt.defaults.size();
  std::vector<bool> used(args.named.size(), false);
  const auto named = [&](std::string_view name) -> const Value* {
    for (size_t i = 0; i < args.named.size(); ++i)
      if (args.named[i].first == name) {
        used[i] = true;
        return &args.named[i].second;
      }
    return nullptr;
  };
  for (size_t i = 0; i < n; ++i) {
    const std::string& name = program_.names[stmt.parameters[i]];
    const Value* given = i < args.positional.size() ? &args.positional[i] : named(name);
    if (given)
      scope_->set(stmt.parameters[i], *given);
    else if (i >= first_default)
      scope_->set(stmt.parameters[i], eval(*stmt.defaults[i - first_default]));
    else
      scope_->set(stmt.parameters[i], Value::undefined(fmt::format("parameter '{}' was not provided", name)));
  }
  // The names that a macro's body may use for what its parameters do not take.
  auto rest = std::make_shared<Dict>();
  const Value* caller = named("caller");
  for (size_t i = 0; i < args.named.size(); ++i)
    if (!used[i]) rest->set(Value::string(args.named[i].first), args.named[i].second);
  Values varargs;
  for (size_t i = n; i < args.positional.size(); ++i) varargs.push_back(args.positional[i]);
  if (!stmt.uses_kwargs && !rest->entries.empty())
    fail(fmt::format("macro '{}' takes no keyword argument '{}'", stmt.text, rest->entries[0].first.text()));
  if (!stmt.uses_varargs && !varargs.empty())
    fail(fmt::format("macro '{}' takes not more than {} argument(s)", stmt.text, n));
  if (stmt.uses_kwargs) scope_->set(*stmt.uses_kwargs, Value::object(Kind::dict, rest));
  if (stmt.uses_varargs) scope_->set(*stmt.uses_varargs, Value::tuple(std::move(varargs)));
  if (stmt.uses_caller) scope_->set(*stmt.uses_caller, caller ? *caller : Value::undefined("No caller defined"));
  const uint32_t line = line_;
  Value text = Value::string(capture(stmt.body));
  line_ = line;
  return text;
}

Value Interpreter::apply_filter(std::string_view name, const Value& input, const Args& args) {
  const Depth depth(*this);
  runtime_.charge(1);
  const FilterFn filter = find_filter(name, runtime_.dialect);
  if (!filter) fail(fmt::format("no filter named '{}'{}", name, did_you_mean(name, filter_names())));
  return filter(*this, input, args);
}

bool Interpreter::apply_test(std::string_view name, const Value& input, const Args& args) {
  const Depth depth(*this);
  runtime_.charge(1);
  const TestFn test = find_test(name);
  if (!test) fail(fmt::format("no test named '{}'{}", name, did_you_mean(name, test_names())));
  return test(*this, input, args);
}

}  // namespace samebits::jinja
