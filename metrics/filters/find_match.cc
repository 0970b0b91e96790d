#include "metrics/filters/find_match.h"

#include <algorithm>
#include <vector>

#include "harness/text/python_text.h"

namespace samebits {

std::optional<Found> find_match(const Regex& regex, std::string_view text, int64_t select) {
  const std::vector<std::vector<std::string>> matches = regex.find_all(text);
  const int64_t n = static_cast<int64_t>(matches.size());
  const int64_t at = select < 0 ? select + n : select;
  if (at < 0 || at >= n) return std::nullopt;
  const std::vector<std::string>& groups = matches[static_cast<size_t>(at)];
  if (groups.size() == 1) return Found{std::string(py_strip(groups.front())), false};
  const auto captured = std::ranges::find_if(groups, [](const std::string& g) { return !g.empty(); });
  if (captured == groups.end()) return Found{"", true};
  return Found{std::string(py_strip(*captured)), false};
}

}  // namespace samebits
