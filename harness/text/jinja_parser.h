// Tokens to the syntax tree: a recursive descent parser with Jinja's grammar and a bound on nesting.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/text/jinja_ast.h"
#include "harness/text/jinja_lexer.h"

namespace samebits::jinja {

class Parser {
 public:
  Parser(std::vector<Token> tokens, Program& program) : tokens_(std::move(tokens)), program_(program) {}
  void parse();

 private:
  // Statements (jinja_parser.cc).
  Body statements(std::initializer_list<std::string_view> ends);
  std::unique_ptr<Stmt> statement();
  std::unique_ptr<Stmt> for_statement();
  std::unique_ptr<Stmt> if_statement();
  std::unique_ptr<Stmt> set_statement();
  std::unique_ptr<Stmt> macro_statement();
  std::unique_ptr<Stmt> call_statement();
  std::unique_ptr<Stmt> filter_statement();
  std::unique_ptr<Stmt> with_statement();
  std::unique_ptr<Stmt> loop_control(StmtKind);
  void signature(Stmt&);
  void macro_body(Stmt&, std::string_view end);
  Body block(std::string_view end);
  ExprPtr assign_target(bool allow_tuple, bool allow_attribute);
  ExprPtr filter_chain(ExprPtr);

  // Expressions (jinja_expressions.cc).
  enum TupleMode { kPlain = 0, kNoConditional = 1, kParenthesised = 2 };
  ExprPtr tuple(int mode);
  ExprPtr expression(bool with_conditional = true);
  ExprPtr conditional();
  ExprPtr logical_or();
  ExprPtr logical_and();
  ExprPtr logical_not();
  ExprPtr comparison();
  ExprPtr sum();
  ExprPtr concatenation();
  ExprPtr product();
  ExprPtr power();
  ExprPtr unary(bool with_filter = true);
  ExprPtr primary();
  ExprPtr postfix(ExprPtr);
  ExprPtr filters_and_tests(ExprPtr);
  ExprPtr subscript(ExprPtr);
  ExprPtr subscript_part(ExprPtr object);
  ExprPtr call(ExprPtr);
  ExprPtr filter(ExprPtr);
  ExprPtr test(ExprPtr);
  ExprPtr list_literal();
  ExprPtr dict_literal();
  CallArguments call_arguments();

  // Nodes.
  ExprPtr node(ExprKind, uint32_t line, std::vector<ExprPtr> children = {});
  ExprPtr deepen(ExprPtr);  // recomputes and bounds the depth
  ExprPtr binary(Op, ExprPtr left, ExprPtr right);

  // Tokens.
  const Token& current() const { return tokens_[at_]; }
  const Token& ahead(size_t n) const { return tokens_[std::min(at_ + n, tokens_.size() - 1)]; }
  Token next();
  bool is_symbol(std::string_view) const;
  bool is_name(std::string_view) const;
  bool skip_symbol(std::string_view);
  bool skip_name(std::string_view);
  void expect_symbol(std::string_view);
  void expect_name(std::string_view);
  std::string any_name();
  void end_of_block();
  uint32_t name_id(const std::string&);
  [[noreturn]] void fail_at(const Token&, std::string what, std::string hint) const;
  [[noreturn]] void unexpected(const Token&, std::string_view wanted) const;

  struct Nesting;  // counts the open parser frames

  std::vector<Token> tokens_;
  Program& program_;
  size_t at_ = 0;
  int depth_ = 0;
  int loops_ = 0;
  int branches_ = 0;  // inside a branch, an unknown filter fails only when it is reached
  std::map<std::string, uint32_t> name_ids_;
  std::vector<uint32_t> names_read_;  // in source order
};

struct Parser::Nesting {
  explicit Nesting(Parser&);
  ~Nesting() { --parser.depth_; }
  Parser& parser;
};

}  // namespace samebits::jinja
