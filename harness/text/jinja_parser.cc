// The statement half of the parser.
#include "harness/text/jinja_parser.h"

#include <fmt/format.h>

#include <utility>

#include "harness/core/error.h"

namespace samebits::jinja {
namespace {

constexpr int kMaxNesting = 400;  // open parser frames; a parenthesis takes three

std::unique_ptr<Stmt> make(StmtKind kind, uint32_t line) {
  auto stmt = std::make_unique<Stmt>();
  stmt->kind = kind;
  stmt->line = line;
  return stmt;
}

}  // namespace

Parser::Nesting::Nesting(Parser& p) : parser(p) {
  if (++parser.depth_ > kMaxNesting) {
    --parser.depth_;
    const Token& token = parser.current();
    throw Error("E0312", "the template is nested too deeply",
                fmt::format("{}:{}:{}", parser.program_.where, token.place.line, token.place.column),
                "split the expression or block with {% set %}");
  }
}

// ---- Tokens ----

Token Parser::next() {
  Token token = tokens_[at_];
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Parser::is_symbol(std::string_view s) const { return current().kind == TokenKind::symbol && current().text == s; }
bool Parser::is_name(std::string_view s) const { return current().kind == TokenKind::name && current().text == s; }

bool Parser::skip_symbol(std::string_view s) {
  if (!is_symbol(s)) return false;
  next();
  return true;
}

bool Parser::skip_name(std::string_view s) {
  if (!is_name(s)) return false;
  next();
  return true;
}

void Parser::expect_symbol(std::string_view s) {
  if (!skip_symbol(s)) unexpected(current(), fmt::format("'{}'", s));
}

void Parser::expect_name(std::string_view s) {
  if (!skip_name(s)) unexpected(current(), fmt::format("'{}'", s));
}

std::string Parser::any_name() {
  if (current().kind != TokenKind::name) unexpected(current(), "a name");
  return next().text;
}

void Parser::end_of_block() {
  if (current().kind != TokenKind::block_end) unexpected(current(), "the end of the tag, %}");
  next();
}

uint32_t Parser::name_id(const std::string& name) {
  const auto [found, added] = name_ids_.try_emplace(name, static_cast<uint32_t>(program_.names.size()));
  if (added) program_.names.push_back(name);
  return found->second;
}

void Parser::fail_at(const Token& token, std::string what, std::string hint) const {
  syntax_error(std::move(what), token.place, program_.where, std::move(hint));
}

void Parser::unexpected(const Token& token, std::string_view wanted) const {
  std::string seen = fmt::format("'{}'", token.text);
  if (token.kind == TokenKind::end) seen = "the end of the template";
  if (token.kind == TokenKind::block_end) seen = "the end of the tag";
  if (token.kind == TokenKind::variable_end) seen = "'}}'";
  if (token.kind == TokenKind::string) seen = "a string";
  fail_at(token, fmt::format("expected {}, found {}", wanted, seen), fmt::format("write {} there", wanted));
}

// ---- Statements ----

void Parser::parse() {
  program_.body = statements({});
  if (current().kind != TokenKind::end) unexpected(current(), "the end of the template");
}

// Up to a block tag that is named in `ends` (its name is then current), or the end of the template if none is.
Body Parser::statements(std::initializer_list<std::string_view> ends) {
  const Nesting nesting(*this);
  Body body;
  while (current().kind != TokenKind::end) {
    const Token token = next();
    if (token.kind == TokenKind::data) {
      body.push_back(make(StmtKind::data, token.place.line));
      body.back()->text = token.text;
    } else if (token.kind == TokenKind::variable_begin) {
      body.push_back(make(StmtKind::output, token.place.line));
      body.back()->expr = tuple(kPlain);
      if (current().kind != TokenKind::variable_end) unexpected(current(), "the end of the expression, }}");
      next();
    } else {
      for (const std::string_view end : ends)
        if (is_name(end)) return body;
      body.push_back(statement());
    }
  }
  if (ends.size() > 0) unexpected(current(), fmt::format("{{% {} %}}", *(ends.end() - 1)));
  return body;
}

// The body of a tag that has just been read, through `{% end %}`.
Body Parser::block(std::string_view end) {
  end_of_block();
  Body body = statements({end});
  expect_name(end);
  end_of_block();
  return body;
}

std::unique_ptr<Stmt> Parser::statement() {
  const Token tag = current();
  if (tag.kind != TokenKind::name) unexpected(tag, "the name of a tag");
  next();
  if (tag.text == "for") return for_statement();
  if (tag.text == "if") return if_statement();
  if (tag.text == "set") return set_statement();
  if (tag.text == "macro") return macro_statement();
  if (tag.text == "call") return call_statement();
  if (tag.text == "filter") return filter_statement();
  if (tag.text == "with") return with_statement();
  const bool chat = program_.options.dialect == Dialect::chat;
  if (chat && tag.text == "break") return loop_control(StmtKind::break_loop);
  if (chat && tag.text == "continue") return loop_control(StmtKind::continue_loop);
  if (chat && tag.text == "generation") {
    auto stmt = make(StmtKind::scope, tag.place.line);
    stmt->body = block("endgeneration");
    return stmt;
  }
  fail_at(tag, fmt::format("unknown tag '{}'", tag.text),
          "use one of: for, if, set, macro, call, filter, with, raw; files cannot be included");
}

// {% for target in iterable [if condition] [recursive] %} … [{% else %} …] {% endfor %}
std::unique_ptr<Stmt> Parser::for_statement() {
  auto stmt = make(StmtKind::loop, current().place.line);
  stmt->name_id = name_id("loop");
  stmt->target = assign_target(true, false);
  expect_name("in");
  stmt->expr = tuple(kNoConditional);
  if (skip_name("if")) stmt->condition = expression();
  stmt->recursive = skip_name("recursive");
  end_of_block();
  ++loops_;
  stmt->body = statements({"else", "endfor"});
  --loops_;
  if (skip_name("else")) {
    end_of_block();
    stmt->otherwise = statements({"endfor"});
  }
  expect_name("endfor");
  end_of_block();
  return stmt;
}

// {% if a %} … [{% elif b %} …] [{% else %} …] {% endif %}: a flat list of branches, however many.
std::unique_ptr<Stmt> Parser::if_statement() {
  auto stmt = make(StmtKind::branch, current().place.line);
  ++branches_;
  do {
    ExprPtr condition = tuple(kNoConditional);
    end_of_block();
    stmt->branches.push_back({std::move(condition), statements({"elif", "else", "endif"})});
  } while (skip_name("elif"));
  if (skip_name("else")) {
    end_of_block();
    stmt->otherwise = statements({"endif"});
  }
  --branches_;
  expect_name("endif");
  end_of_block();
  return stmt;
}

// {% set target = value %}, or {% set target | filter %} … {% endset %}.
std::unique_ptr<Stmt> Parser::set_statement() {
  auto stmt = make(StmtKind::set, current().place.line);
  stmt->target = assign_target(true, true);
  if (skip_symbol("=")) {
    stmt->expr = tuple(kPlain);
    end_of_block();
    return stmt;
  }
  stmt->kind = StmtKind::set_block;
  if (is_symbol("|")) stmt->filters = filter_chain(nullptr);
  stmt->body = block("endset");
  return stmt;
}

// (a, b=1): the parameters of a macro or call block.
void Parser::signature(Stmt& stmt) {
  expect_symbol("(");
  while (!is_symbol(")")) {
    if (!stmt.parameters.empty()) {
      expect_symbol(",");
      if (is_symbol(")")) break;
    }
    const Token name = current();
    stmt.parameters.push_back(name_id(any_name()));
    if (skip_symbol("="))
      stmt.defaults.push_back(expression());
    else if (!stmt.defaults.empty())
      fail_at(name, "a parameter without default follows one with a default", "give it a default, or move it forward");
  }
  expect_symbol(")");
}

// Jinja hands a macro `caller`, `kwargs` and `varargs` only where its body reads them.
void Parser::macro_body(Stmt& stmt, std::string_view end) {
  const int loops = std::exchange(loops_, 0);
  const size_t first = names_read_.size();
  stmt.body = block(end);
  loops_ = loops;
  const auto used = [&](const char* name) -> std::optional<uint32_t> {
    const uint32_t id = name_id(name);
    const auto begin = names_read_.begin() + static_cast<std::ptrdiff_t>(first);
    return std::find(begin, names_read_.end(), id) != names_read_.end() ? std::optional(id) : std::nullopt;
  };
  stmt.uses_caller = used("caller");
  stmt.uses_kwargs = used("kwargs");
  stmt.uses_varargs = used("varargs");
  for (const uint32_t parameter : stmt.parameters)
    if (parameter == stmt.uses_caller) stmt.uses_caller.reset();
}

std::unique_ptr<Stmt> Parser::macro_statement() {
  auto stmt = make(StmtKind::macro, current().place.line);
  stmt->text = any_name();
  stmt->name_id = name_id(stmt->text);
  signature(*stmt);
  macro_body(*stmt, "endmacro");
  return stmt;
}

// {% call(parameters) name(arguments) %} … {% endcall %}: the body is the macro `caller` of the called macro.
std::unique_ptr<Stmt> Parser::call_statement() {
  auto stmt = make(StmtKind::call_block, current().place.line);
  stmt->text = "caller";
  if (is_symbol("(")) signature(*stmt);
  const Token start = current();
  stmt->expr = expression();
  if (stmt->expr->kind != ExprKind::call) fail_at(start, "a call block needs a call", "write {% call name(…) %}");
  macro_body(*stmt, "endcall");
  return stmt;
}

std::unique_ptr<Stmt> Parser::filter_statement() {
  auto stmt = make(StmtKind::filter_block, current().place.line);
  stmt->filters = filter_chain(nullptr);
  stmt->body = block("endfilter");
  return stmt;
}

// {% with a = 1, b = 2 %} … {% endwith %}
std::unique_ptr<Stmt> Parser::with_statement() {
  auto stmt = make(StmtKind::with, current().place.line);
  while (current().kind != TokenKind::block_end) {
    if (!stmt->targets.empty()) expect_symbol(",");
    stmt->targets.push_back(assign_target(true, false));
    expect_symbol("=");
    stmt->values.push_back(expression());
  }
  stmt->body = block("endwith");
  return stmt;
}

std::unique_ptr<Stmt> Parser::loop_control(StmtKind kind) {
  const uint32_t line = current().place.line;
  if (loops_ == 0) fail_at(current(), "break or continue outside of a loop", "move it into a {% for %}");
  end_of_block();
  return make(kind, line);
}

// A name, a, b, (a, b), or namespace.name.
ExprPtr Parser::assign_target(bool allow_tuple, bool allow_attribute) {
  const Nesting nesting(*this);
  const uint32_t line = current().place.line;
  std::vector<ExprPtr> targets;
  bool comma = false;
  do {
    if (!targets.empty() && (is_name("in") || current().kind != TokenKind::name) && !is_symbol("(")) break;
    if (skip_symbol("(")) {
      targets.push_back(assign_target(true, false));
      expect_symbol(")");
      continue;
    }
    const Token name = current();
    ExprPtr target = node(ExprKind::name, line);
    target->text = any_name();
    for (const std::string_view reserved : {"true", "false", "none", "True", "False", "None"})
      if (target->text == reserved) fail_at(name, fmt::format("cannot assign to {}", reserved), "use another name");
    target->name_id = name_id(target->text);
    if (allow_attribute && skip_symbol(".")) {
      std::vector<ExprPtr> owner;
      owner.push_back(std::move(target));
      target = node(ExprKind::attribute, line, std::move(owner));
      target->text = any_name();
    }
    targets.push_back(std::move(target));
  } while (allow_tuple && skip_symbol(",") && (comma = true));
  return comma ? node(ExprKind::tuple, line, std::move(targets)) : std::move(targets.front());
}

// name(arguments) | name …, applied to `input`, or to what a block captured where that is nullptr.
ExprPtr Parser::filter_chain(ExprPtr input) {
  if (!input && !is_symbol("|")) {
    // {% filter upper|trim %} begins without a bar.
    tokens_.insert(tokens_.begin() + static_cast<std::ptrdiff_t>(at_), {TokenKind::symbol, "|", 0, 0, current().place});
  }
  while (is_symbol("|")) input = filter(std::move(input));
  return input;
}

}  // namespace samebits::jinja
