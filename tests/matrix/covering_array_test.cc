// The covering array covers every pair that it may, and nothing else.
#include "tests/matrix/covering_array.h"

#include <gtest/gtest.h>

namespace samebits {
namespace {

bool anything(const ArrayRow&) { return true; }

bool holds(const std::vector<ArrayRow>& rows, size_t f, int a, size_t g, int b) {
  for (const ArrayRow& row : rows)
    if (row[f] == a && row[g] == b) return true;
  return false;
}

TEST(CoveringArray, EveryTwoSettingsMeet) {
  for (const std::vector<int>& levels :
       std::vector<std::vector<int>>{{2, 2}, {5, 5, 2, 2, 2, 2, 4}, {3, 1, 4}, {10, 4, 5, 5, 2, 3, 2, 2}}) {
    const std::vector<ArrayRow> rows = covering_array(levels, anything);
    size_t product = 1;
    for (const int n : levels) product *= static_cast<size_t>(n);
    for (size_t f = 0; f < levels.size(); ++f)
      for (size_t g = f + 1; g < levels.size(); ++g)
        for (int a = 0; a < levels[f]; ++a)
          for (int b = 0; b < levels[g]; ++b)
            EXPECT_TRUE(holds(rows, f, a, g, b)) << f << "=" << a << " " << g << "=" << b;
    EXPECT_LE(rows.size(), std::min<size_t>(product, 80));
  }
}

TEST(CoveringArray, ForbiddenPairsAreLeftOutAndNothingElse) {
  // Setting 0 of factor 0 goes with setting 0 of factor 1 only, and then factor 2 has to be 1.
  const RowAllowed allowed = [](const ArrayRow& r) { return r[0] != 0 || ((r[1] <= 0) && (r[2] == -1 || r[2] == 1)); };
  const std::vector<int> levels = {3, 3, 2};
  const std::vector<ArrayRow> rows = covering_array(levels, allowed);
  for (const ArrayRow& row : rows) EXPECT_TRUE(allowed(row));
  EXPECT_TRUE(holds(rows, 0, 0, 1, 0));
  EXPECT_TRUE(holds(rows, 0, 0, 2, 1));
  EXPECT_FALSE(holds(rows, 0, 0, 1, 1));
  EXPECT_FALSE(holds(rows, 0, 0, 2, 0));
  for (int a = 1; a < 3; ++a)
    for (int b = 0; b < 3; ++b) EXPECT_TRUE(holds(rows, 0, a, 1, b));
}

TEST(CoveringArray, IsTheSameEveryTime) {
  EXPECT_EQ(covering_array({5, 5, 2, 4}, anything), covering_array({5, 5, 2, 4}, anything));
}

TEST(CoveringArray, OneFactorOrNoneHasNoPairs) {
  EXPECT_TRUE(covering_array({7}, anything).empty());
  EXPECT_TRUE(covering_array({}, anything).empty());
}

}  // namespace
}  // namespace samebits
