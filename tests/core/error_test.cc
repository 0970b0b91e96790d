#include "harness/core/error.h"

#include <gtest/gtest.h>

namespace samebits {
namespace {

TEST(Error, TableIsSortedUniqueAndEveryCodeExplainsItself) {
  const auto& codes = error_codes();
  ASSERT_FALSE(codes.empty());
  for (size_t i = 0; i < codes.size(); ++i) {
    if (i > 0) {
      EXPECT_LT(codes[i - 1].code, codes[i].code);
    }
    EXPECT_EQ(codes[i].code.size(), 5u) << codes[i].code;
    EXPECT_FALSE(codes[i].title.empty()) << codes[i].code;
    EXPECT_GT(codes[i].explanation.size(), 60u) << codes[i].code << " must say why and how to mend it";
    EXPECT_EQ(find_error_code(codes[i].code), &codes[i]);
  }
}

TEST(Error, CarriesItsExitClassAndPrintsWhatWhereAndFix) {
  const Error e("E0101", "the file cannot be read", "a.json", "check the path");
  EXPECT_EQ(e.exit_code(), Exit::usage);
  EXPECT_STREQ(e.what(), "E0101: the file cannot be read (a.json)");
  EXPECT_EQ(
      format_error(e),
      "error[E0101]: the file cannot be read\n  --> a.json\n  help: check the path\n  more: samebits explain E0101\n");
  EXPECT_EQ(Error("E9999", "", "", "").exit_code(), Exit::internal);
}

TEST(Error, MistypedNamesMeetTheirNearest) {
  const std::vector<std::string> names = {"acc", "acc_norm", "exact_match", "f1"};
  EXPECT_EQ(nearest_names("exact_macth", names).front(), "exact_match");
  EXPECT_EQ(did_you_mean("acc_nrm", names), "; did you mean \"acc_norm\"?");
  EXPECT_EQ(did_you_mean("perplexity", names), "");
}

TEST(Error, ATextTooLongForANameIsNotCompared) {
  const std::string name(128, 'a');
  EXPECT_EQ(nearest_names(name, {name + "b"}).size(), 1u);
  EXPECT_TRUE(nearest_names(name + "a", {name}).empty());
}

}  // namespace
}  // namespace samebits
