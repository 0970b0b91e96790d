// Three tiers of error. A bug: SAMEBITS_ASSERT. A user's or the environment's error: throw Error, caught once
// in main, printed with its code, what, where and the fix. A failed sample: data in its Response.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace samebits {

enum class Exit : int {
  success = 0,
  negative_verdict = 1,  // gate failed, verify mismatch
  usage = 2,             // flags, configuration, unknown name, nothing selected
  incomplete = 3,        // errors left, interrupted
  malformed = 4,         // unsafe or malformed input file
  integrity = 5,         // digest, signature or policy mismatch
  inconclusive = 6,
  internal = 70,
};

struct ErrorCode {
  std::string_view code;         // "E0201"
  Exit exit;
  std::string_view title;        // one line
  std::string_view explanation;  // what `samebits explain CODE` prints: why it happens, how to mend it
};

// The one table (error_codes.def), sorted by code.
const std::vector<ErrorCode>& error_codes();
const ErrorCode* find_error_code(std::string_view code);

class Error : public std::exception {
 public:
  // `where`: file, offset, key, flag, … may be empty. `hint`: the fix, an imperative sentence.
  Error(std::string_view code, std::string what, std::string where, std::string hint);
  const char* what() const noexcept override { return message_.c_str(); }  // code: what (where)

  std::string code, problem, where, hint;
  Exit exit_code() const;

 private:
  std::string message_;
};

// "error[E0201]: …\n  --> where\n  help: …\n  more: samebits explain E0201"
std::string format_error(const Error&);

// The names nearest to a mistyped one, at most three, best first (edit distance; ties by name).
std::vector<std::string> nearest_names(std::string_view typed, const std::vector<std::string>& names);
// "; did you mean "acc" or "acc_norm"?" or empty.
std::string did_you_mean(std::string_view typed, const std::vector<std::string>& names);

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace samebits

// Always on: a broken invariant must not become a score.
#define SAMEBITS_ASSERT(e) ((e) ? void() : ::samebits::assertion_failed(#e, __FILE__, __LINE__))
