// Users' plugins: each example loads and works; each bad one is refused with its own code.
#include <gtest/gtest.h>

#include "tests/cli/program.h"

namespace samebits {
namespace {

std::string example(const std::string& name) { return SAMEBITS_EXAMPLE_PLUGINS "/" + name + ".so"; }
std::string bad(const std::string& name) { return SAMEBITS_BAD_PLUGINS "/" + name + ".so"; }

TEST(Plugins, ExamplesRegisterWhatTheyBring) {
  const Scratch scratch;
  const std::vector<std::array<std::string, 3>> expected = {{"margin_metric", "metrics", "margin"},
                                                            {"last_line_filter", "filters", "last_line"},
                                                            {"fake_backend", "backends", "fake"},
                                                            {"reversed_runner", "runners", "reversed"},
                                                            {"csv_reporter", "reporters", "csv"}};
  for (const auto& [file, kind, name] : expected) {
    const Outcome o = samebits(scratch, {"list", kind, "--json", "--plugin", example(file)});
    ASSERT_EQ(o.exit, 0) << o.err;
    const nlohmann::json listed = o.json();
    bool found = false;
    for (const auto& entry : listed[kind]) found = found || entry["name"] == name;
    EXPECT_TRUE(found) << file << " does not bring " << name << ": " << o.out;
  }
}

TEST(Plugins, BadOnesAreRefusedWithTheReason) {
  const Scratch scratch;
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"name_clash", "E0901"},     {"wrong_abi", "E0903"},      {"no_abi", "E0904"},
      {"throws_at_load", "E0905"}, {"missing_symbol", "E0906"},
  };
  for (const auto& [file, code] : expected) {
    const Outcome o = samebits(scratch, {"list", "--plugin", bad(file)});
    expect_error(o, code, 2);
    EXPECT_NE(o.err.find(bad(file)), std::string::npos) << "does not name the file: " << o.err;
  }
}

TEST(Plugins, AFileThatIsNoLibraryIsRefused) {
  const Scratch scratch;
  expect_error(samebits(scratch, {"list", "--plugin", SAMEBITS_SOURCE_DIR "/LICENSE"}), "E0904", 2);
  expect_error(samebits(scratch, {"list", "--plugin", scratch / "absent.so"}), "E0101", 2);
}

TEST(Plugins, WhatAPluginThrowsNamesThePlugin) {
  const Scratch scratch;
  const Outcome o = samebits(scratch, {"list", "tasks", "--plugin", bad("throws_at_work")});
  expect_error(o, "E0905", 2);
  EXPECT_NE(o.err.find("task source throwing threw: no list today"), std::string::npos) << o.err;
}

TEST(Plugins, ANameOfABuiltInIsTaken) {
  const Scratch scratch;
  expect_error(samebits(scratch, {"list", "--plugin", example("csv_reporter"), "--plugin", bad("name_clash")}), "E0901",
               2);
}

}  // namespace
}  // namespace samebits
