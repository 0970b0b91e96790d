#include "harness/core/registry.h"

#include <gtest/gtest.h>

#include "harness/core/error.h"

namespace samebits {
namespace {

struct Upper final : Filter {
  std::vector<std::string> apply(const nlohmann::json&, const Sample&, std::vector<std::string> texts) const override {
    return texts;
  }
};
SAMEBITS_REGISTER(Filter, Upper, "registry_test_upper", 3, "for this test only");

TEST(Registry, MacroRegistersUnderNameVersionAndFile) {
  EXPECT_NE(Registry<Filter>::instance().find("registry_test_upper"), nullptr);
  bool listed = false;
  for (const PluginInfo& p : Registry<Filter>::instance().list())
    if (p.name == "registry_test_upper") {
      listed = true;
      EXPECT_EQ(p.version, 3);
      EXPECT_NE(p.file.find("registry_test.cc"), std::string::npos);
    }
  EXPECT_TRUE(listed);
}

TEST(Registry, TakenNameIsAnErrorThatNamesBothFiles) {
  Registry<Filter> registry;
  registry.add({"a", 1, "", "one.cc"}, std::make_unique<Upper>());
  try {
    registry.add({"a", 1, "", "two.cc"}, std::make_unique<Upper>());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "E0901");
    EXPECT_EQ(e.where, "one.cc and two.cc");
  }
}

TEST(Registry, ErrorsWhileRegisteringAreKeptForMain) {
  register_plugin<Filter, Upper>("registry_test_upper", 1, "", "again.cc");
  const auto errors = take_registration_errors();
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_NE(errors[0].find("again.cc"), std::string::npos);
  EXPECT_TRUE(take_registration_errors().empty());
}

TEST(Registry, UnknownNameSuggestsTheNearest) {
  Registry<Filter> registry;
  registry.add({"take_first", 1, "", "a.cc"}, std::make_unique<Upper>());
  try {
    registry.get("take_frist");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "E0902");
    EXPECT_NE(e.problem.find("take_first"), std::string::npos);
  }
}

}  // namespace
}  // namespace samebits
