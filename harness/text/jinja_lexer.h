// Jinja source to tokens: text, tags and what stands inside them, with the rules for white space around tags.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "harness/text/jinja.h"

namespace samebits::jinja {

enum class TokenKind : uint8_t {
  data,
  variable_begin,
  variable_end,
  block_begin,
  block_end,
  name,
  string,
  integer,
  real,
  symbol,
  end
};

struct Place {
  uint32_t line = 1, column = 1;  // column in bytes
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  // data, name, symbol as written; a string's value
  int64_t integer = 0;
  double real = 0;
  Place place;
};

// Throws E0310.
[[noreturn]] void syntax_error(std::string what, Place, std::string_view where, std::string hint);

// The last token is `end`. Throws E0310, and E0312 when the source is too large.
std::vector<Token> tokenize(std::string_view source, const Options&, std::string_view where);

}  // namespace samebits::jinja
