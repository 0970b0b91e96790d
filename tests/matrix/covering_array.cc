#include "tests/matrix/covering_array.h"

#include <set>
#include <tuple>

namespace samebits {
namespace {

using Pair = std::tuple<size_t, int, size_t, int>;  // factor, setting, later factor, setting

class Builder {
 public:
  Builder(const std::vector<int>& levels, const RowAllowed& allowed) : levels_(levels), allowed_(allowed) {
    for (size_t f = 0; f < levels.size(); ++f)
      for (size_t g = f + 1; g < levels.size(); ++g)
        for (int a = 0; a < levels[f]; ++a)
          for (int b = 0; b < levels[g]; ++b) open_.emplace(f, a, g, b);
  }

  std::vector<ArrayRow> build() {
    std::vector<ArrayRow> rows;
    while (!open_.empty()) {
      const auto [f, a, g, b] = *open_.begin();
      ArrayRow row(levels_.size(), -1);
      row[f] = a;
      row[g] = b;
      if (!complete(row)) {  // nothing can hold this pair
        open_.erase(open_.begin());
        continue;
      }
      for (size_t i = 0; i < row.size(); ++i)
        for (size_t j = i + 1; j < row.size(); ++j) open_.erase({i, row[i], j, row[j]});
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  // Fills what is open with the settings that cover most open pairs; backtracks where none is allowed.
  bool complete(ArrayRow& row) const {
    if (!allowed_(row)) return false;
    size_t next = 0;
    while (next < row.size() && row[next] >= 0) ++next;
    if (next == row.size()) return true;
    std::set<std::pair<int, int>> best;  // (-gain, setting)
    for (int s = 0; s < levels_[next]; ++s) best.emplace(-gain(row, next, s), s);
    for (const auto& [score, setting] : best) {
      row[next] = setting;
      if (complete(row)) return true;
    }
    row[next] = -1;
    return false;
  }

  int gain(const ArrayRow& row, size_t factor, int setting) const {
    int n = 0;
    for (size_t f = 0; f < row.size(); ++f) {
      if (f == factor || row[f] < 0) continue;
      n += static_cast<int>(f < factor ? open_.count({f, row[f], factor, setting})
                                       : open_.count({factor, setting, f, row[f]}));
    }
    return n;
  }

  const std::vector<int>& levels_;
  const RowAllowed& allowed_;
  std::set<Pair> open_;
};

}  // namespace

std::vector<ArrayRow> covering_array(const std::vector<int>& levels, const RowAllowed& allowed) {
  return Builder(levels, allowed).build();
}

}  // namespace samebits
