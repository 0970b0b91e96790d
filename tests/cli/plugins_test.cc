// Users' plugins: each example loads and works; each bad one is refused with its own code.
#include <gtest/gtest.h>

#include <fstream>

#include "harness/core/digest.h"
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

// One evaluation in which every station is a plugin's: task source, backend, runner, filter, metric, reporter.
TEST(Plugins, AWholeRunMadeOfExamples) {
  const Scratch scratch;
  const std::string folder = scratch / "mine";
  std::filesystem::create_directory(folder);
  const std::string documents = R"({"q": "What is red?", "choices": ["blood", "sea"], "gold": 0})"
                                "\n"
                                R"({"q": "What flies?", "choices": ["stone", "bird"], "gold": 1})"
                                "\n";
  std::ofstream(folder + "/quiz.jsonl") << documents;
  std::ofstream(folder + "/trivia.tsv") << "What is wet?\twater\tfire\nWhat burns?\twood\tstone\tice\n";
  const std::string head =
      R"("format": "samebits-task/1", "version": "1.0", "about": "a test", "language": "en", "data": )"
      R"({"licence": "MIT", "source": "this test", "evaluate": "test", )"
      R"("files": {"test": {"file": "quiz.jsonl", "sha256": ")" +
      sha256_hex(documents) + R"("}}})";
  std::ofstream(folder + "/margins.json")
      << "{" << head << R"(, "id": "margins", "request": "multiple_choice", "prompt":
      {"doc_to_text": "{{q}}", "doc_to_target": "gold", "doc_to_choice": "{{choices}}"},
      "metrics": [{"metric": "margin"}]})";
  std::ofstream(folder + "/lines.json") << "{" << head << R"(, "id": "lines", "request": "generate_until", "prompt":
      {"doc_to_text": "{{q}}", "doc_to_target": "{{choices[gold]}}"},
      "generation": {"until": ["\n\n"], "max_gen_toks": 8},
      "filters": [{"name": "last", "steps": [{"function": "last_line"}]}], "metrics": [{"metric": "exact_match"}]})";
  std::string line = "samebits run --json -m fake:one -t trivia,margins,lines --include-path " + quoted(folder) +
                     " --data " + quoted(folder) + " --runner reversed -o " + quoted(scratch / "bundle");
  for (const std::string name :
       {"tsv_tasks", "margin_metric", "last_line_filter", "fake_backend", "reversed_runner", "csv_reporter"})
    line += " --plugin " + quoted(example(name));
  const Outcome o = shell(scratch, line);
  ASSERT_EQ(o.exit, 0) << o.err;
  const nlohmann::json results = o.json()["results"];
  EXPECT_TRUE(results["trivia"].contains("acc")) << results;
  EXPECT_TRUE(results["margins"]["margin"]["value"].is_number()) << results;
  EXPECT_TRUE(results["lines"].contains("exact_match,last")) << results;
  const std::string csv = read_text(scratch / "bundle/reports/report.csv");
  EXPECT_NE(csv.find("\nmargins,margin,none,"), std::string::npos) << csv;
  const auto environment = nlohmann::json::parse(read_text(scratch / "bundle/observations/environment.json"));
  ASSERT_EQ(environment["plugins"].size(), 6u);
  for (const auto& plugin : environment["plugins"]) EXPECT_EQ(plugin["sha256"].get<std::string>().size(), 64u);
  // Who lacks the plugins cannot compute its scores again, and is told so on every line.
  const std::string show = "samebits show " + quoted(scratch / "bundle");
  const Outcome lacking = shell(scratch, show);
  EXPECT_EQ(lacking.exit, 0) << lacking.err;
  EXPECT_NE(lacking.out.find("\nunchecked  margins"), std::string::npos) << lacking.out;
  EXPECT_NE(lacking.err.find("--plugin"), std::string::npos) << lacking.err;
  EXPECT_TRUE(shell(scratch, show + " --json").json()["unchecked"].is_string());
  const std::string plugins = line.substr(line.find(" --plugin "));
  const Outcome whole = shell(scratch, show + plugins);
  EXPECT_EQ(whole.out.find("unchecked"), std::string::npos) << whole.out;
  EXPECT_EQ(whole.err, "");
  // No score depends on a report: who lacks its reporter, the last of them, misses nothing else.
  const Outcome unreported = shell(scratch, show + plugins.substr(0, plugins.rfind(" --plugin ")));
  EXPECT_EQ(unreported.out, whole.out);
  EXPECT_EQ(unreported.err, "");
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

TEST(Plugins, FailedRequestsEndIn3AlsoWhenTheRunIsComplete) {
  const Scratch scratch;
  const std::vector<std::string> run = {"run", "-m",       "failing:x",           "-t", "arc_easy",        "--limit",
                                        "2",   "--plugin", bad("fails_requests"), "-o", scratch / "bundle"};
  for (const std::string said : {"bundle  ", "nothing to do"}) {
    const Outcome o = samebits(scratch, run);
    EXPECT_EQ(o.exit, 3) << o.err;
    EXPECT_NE(o.err.find("1 requests failed"), std::string::npos) << o.err;
    EXPECT_NE(o.err.find(said), std::string::npos) << o.err;
  }
  // A bundle may not choose what a plugin opens.
  expect_error(samebits(scratch, {"verify", scratch / "bundle", "--level", "4", "--plugin", bad("fails_requests")}),
               "E0110", 2);
}

TEST(Plugins, WhatIsNoObjectIsRefused) {
  const Scratch scratch;
  Outcome o = samebits(scratch, {"list", "--plugin", bad("null_metric")});
  expect_error(o, "E0905", 2);
  EXPECT_NE(o.err.find("metric nothing gave a null pointer"), std::string::npos) << o.err;
  o = samebits(scratch, {"run", "-m", "nothing:x", "-t", "arc_easy", "--plugin", bad("null_backend")});
  expect_error(o, "E0905", 2);
  EXPECT_NE(o.err.find("backend nothing gave a null pointer"), std::string::npos) << o.err;
}

TEST(Plugins, ARepetitionNeedsNoReporterToCheckTheScores) {
  const Scratch scratch;
  const std::string line = "samebits run --json -m fake:one -t arc_easy --limit 2 -o " + quoted(scratch / "bundle") +
                           " --plugin " + quoted(example("fake_backend")),
                    reporter = " --plugin " + quoted(example("csv_reporter"));
  ASSERT_EQ(shell(scratch, line + reporter).exit, 0);
  const Outcome lacking = shell(scratch, line);
  EXPECT_EQ(lacking.exit, 0) << lacking.err;
  for (const Outcome& o : {lacking, shell(scratch, line + reporter)}) {
    EXPECT_FALSE(o.json().contains("unchecked")) << o.out;
    EXPECT_EQ(o.err.find("warning"), std::string::npos) << o.err;
  }
}

TEST(Plugins, ANameOfABuiltInIsTaken) {
  const Scratch scratch;
  expect_error(samebits(scratch, {"list", "--plugin", example("csv_reporter"), "--plugin", bad("name_clash")}), "E0901",
               2);
}

}  // namespace
}  // namespace samebits
