#include "harness/core/error.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace samebits {

const std::vector<ErrorCode>& error_codes() {
  static const std::vector<ErrorCode> codes = {
#define SAMEBITS_ERROR(code, exit, title, explanation) {#code, Exit::exit, title, explanation},
#include "harness/core/error_codes.def"
#undef SAMEBITS_ERROR
  };
  return codes;
}

const ErrorCode* find_error_code(std::string_view code) {
  for (const ErrorCode& e : error_codes())
    if (e.code == code) return &e;
  return nullptr;
}

Error::Error(std::string_view c, std::string p, std::string w, std::string h)
    : code(c), problem(std::move(p)), where(std::move(w)), hint(std::move(h)) {
  message_ = code + ": " + problem + (where.empty() ? "" : " (" + where + ")");
}

Exit Error::exit_code() const {
  const ErrorCode* e = find_error_code(code);
  return e ? e->exit : Exit::internal;
}

std::string format_error(const Error& e) {
  std::string out = "error[" + e.code + "]: " + e.problem + "\n";
  if (!e.where.empty()) out += "  --> " + e.where + "\n";
  if (!e.hint.empty()) out += "  help: " + e.hint + "\n";
  return out + "  more: samebits explain " + e.code + "\n";
}

namespace {

// Longer texts are no mistyped name, and the distance costs length times length.
constexpr size_t kMaxTypedBytes = 128;

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replace});
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view typed, const std::vector<std::string>& names) {
  if (typed.size() > kMaxTypedBytes) return {};
  const size_t farthest = std::max<size_t>(2, typed.size() / 3);
  std::vector<std::pair<size_t, std::string>> ranked;
  for (const std::string& name : names) {
    if (name.size() > typed.size() + farthest) continue;  // the distance is at least the difference
    const size_t d = edit_distance(typed, name);
    if (d <= farthest) ranked.emplace_back(d, name);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> out;
  for (size_t i = 0; i < std::min<size_t>(3, ranked.size()); ++i) out.push_back(ranked[i].second);
  return out;
}

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& names) {
  const std::vector<std::string> near = nearest_names(typed, names);
  if (near.empty()) return "";
  std::string out = "; did you mean ";
  for (size_t i = 0; i < near.size(); ++i)
    out += (i == 0 ? "\"" : i + 1 == near.size() ? " or \"" : ", \"") + near[i] + "\"";
  return out + "?";
}

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "samebits: internal error: %s does not hold at %s:%d. Please report it.\n", expression, file,
               line);
  std::abort();
}

}  // namespace samebits
