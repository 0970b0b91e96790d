// The command line as users and their scripts see it: exit codes, streams, spelling, help.
#include <gtest/gtest.h>

#include "harness/core/error.h"
#include "harness/core/resources.h"
#include "tests/cli/program.h"

namespace samebits {
namespace {

TEST(CommandLine, VersionIsOneLineAndSucceeds) {
  const Scratch scratch;
  const Outcome o = samebits(scratch, {"--version"});
  EXPECT_EQ(o.exit, 0);
  EXPECT_EQ(o.err, "");
  EXPECT_EQ(lines_of(o.out).size(), 1u);
  EXPECT_TRUE(o.out.starts_with("samebits ")) << o.out;
}

TEST(CommandLine, HelpGoesToStdoutAndIsShort) {
  const Scratch scratch;
  const Outcome o = samebits(scratch, {"--help"});
  EXPECT_EQ(o.exit, 0);
  EXPECT_EQ(o.err, "");
  EXPECT_LE(lines_of(o.out).size(), 40u);
  EXPECT_NE(o.out.find("Example:"), std::string::npos);
}

TEST(CommandLine, NoVerbIsAUsageErrorThatShowsTheHelp) {
  const Scratch scratch;
  const Outcome o = samebits(scratch, {});
  EXPECT_EQ(o.exit, 2);
  EXPECT_EQ(o.out, "");
  EXPECT_NE(o.err.find("Subcommands:"), std::string::npos);
}

TEST(CommandLine, MistypedWordsGetASuggestion) {
  const Scratch scratch;
  Outcome o = samebits(scratch, {"lsit"});
  expect_error(o, "E0110", 2);
  EXPECT_NE(o.err.find("did you mean \"list\""), std::string::npos) << o.err;
  o = samebits(scratch, {"list", "--jsno"});
  expect_error(o, "E0110", 2);
  EXPECT_NE(o.err.find("did you mean \"--json\""), std::string::npos) << o.err;
  o = samebits(scratch, {"explain", "E0902x"});
  expect_error(o, "E0112", 2);
  EXPECT_NE(o.err.find("E0902"), std::string::npos) << o.err;
}

TEST(CommandLine, NumbersAreWholeAndInRange) {
  const Scratch scratch;
  for (const std::string value : {"-1", "99999999999999999999999", "", "1.5", "0x10", "1 ", "+1", "ten"}) {
    for (const std::string flag : {"--seed", "--limit", "--num-fewshot", "-j", "--batch-tokens"})
      expect_error(samebits(scratch, {"plan", "-t", "arc_easy", "--json", flag, value}), "E0110", 2);
    for (const std::string flag : {"-p", "-n", "-r", "-j", "--sequences"})
      expect_error(samebits(scratch, {"model", "bench", "-m", "absent", flag, value}), "E0110", 2);
    for (const std::string flag : {"--items", "--level", "--seed"})
      expect_error(samebits(scratch, {"verify", "absent", flag, value}), "E0110", 2);
  }
  const Outcome o = samebits(scratch, {"plan", "-t", "arc_easy", "--jsonl", "--limit", "010"});
  EXPECT_EQ(o.exit, 0) << o.err;
  EXPECT_EQ(lines_of(samebits(scratch, {"plan", "-t", "arc_easy", "--jsonl", "--limit", "10"}).out), lines_of(o.out));
  EXPECT_EQ(samebits(scratch, {"plan", "-t", "arc_easy", "--limit", "1", "--seed", "18446744073709551615"}).exit, 0);
}

TEST(CommandLine, SizesAreBytesOrHaveAUnit) {
  const Scratch scratch;
  for (const std::string size : {"0", "-1", "", "M", "1T", "1MB", "1.5G", "99999999G", "18446744073709551615K"})
    expect_error(samebits(scratch, {"plan", "-t", "arc_easy", "--kv-memory", size}), "E0110", 2);
  for (const std::string size : {"1", "4096", "64K", "512M", "2G"})
    EXPECT_EQ(samebits(scratch, {"plan", "-t", "arc_easy", "--limit", "1", "--kv-memory", size}).exit, 0) << size;
}

TEST(CommandLine, NestedVerbsAreNamedInFull) {
  const Scratch scratch;
  const Outcome o = samebits(scratch, {"model", "bench", "--nonsense"});
  expect_error(o, "E0110", 2);
  EXPECT_NE(o.err.find("see: samebits model bench --help"), std::string::npos) << o.err;
}

TEST(CommandLine, FoldersOfTheUserMustExist) {
  const Scratch scratch;
  for (const std::string flag : {"--data", "--include-path"})
    EXPECT_EQ(samebits(scratch, {"plan", "-t", "arc_easy", "--limit", "1", flag, scratch / "absent"}).exit, 2) << flag;
}

TEST(CommandLine, AFlagTakesOneFolderAndLeavesTheNextWordAlone) {
  const Scratch scratch;
  for (const std::string flag : {"--data", "--include-path"}) {
    const std::vector<std::string> plan = {"plan", "-t", "arc_easy", "--limit", "1", flag, scratch / ""};
    std::vector<std::string> twice = plan, extra = plan;
    twice.insert(twice.end(), {flag, scratch / ""});
    extra.push_back(scratch / "");
    EXPECT_EQ(samebits(scratch, twice).exit, 0) << flag;
    expect_error(samebits(scratch, extra), "E0110", 2);
  }
}

// A file that cannot be read may define any name: a shipped task must not silently stand for it.
TEST(CommandLine, ATaskFileThatCannotBeReadIsNeverPassedOver) {
  const struct {
    std::string name, text, code, where;
    int exit;
  } cases[] = {
      {"other.yaml", "task: mine\ndata_path: [\n", "E0405", "line 3", 4},
      {"other.json", "{\n  id: mine,\n}\n", "E0602", "byte 4 (line 2, column 3)", 4},
      {"other.json", "", "E0602", "byte 0", 4},
      {"other.json", R"({"id": "mine", "version": "1.0"})", "E0404", "format", 2},
  };
  for (const auto& [name, text, code, where, exit] : cases) {
    const Scratch scratch;
    const std::string folder = scratch / "own", file = folder + "/" + name;
    std::filesystem::create_directory(folder);
    std::ofstream(file) << text;
    for (const std::string task : {"mine", "arc_easy"}) {
      const Outcome o = samebits(scratch, {"plan", "-t", task, "--limit", "1", "--include-path", folder});
      expect_error(o, code, exit);
      for (const std::string& part : {"\"" + task + "\" may stand in a task file", file, where})
        EXPECT_NE(o.err.find(part), std::string::npos) << part << "\n" << o.err;
    }
    const Outcome list = samebits(scratch, {"list", "tasks", "--include-path", folder});
    EXPECT_EQ(list.exit, 0) << list.err;
    for (const std::string& part : {file + " ", "cannot run here: " + code, where})
      EXPECT_NE(list.out.find(part), std::string::npos) << part << "\n" << list.out;
  }
}

TEST(CommandLine, TasksAreNamedByCommasAndByRepetition) {
  const Scratch scratch;
  const std::vector<std::string> plan = {"plan", "--limit", "1", "--json", "-t"};
  const auto tasks = [&](std::vector<std::string> more) {
    more.insert(more.begin(), plan.begin(), plan.end());
    return samebits(scratch, more);
  };
  const std::string both = tasks({"arc_easy,piqa"}).out;
  EXPECT_EQ(nlohmann::json::parse(both)["tasks"].size(), 2u) << both;
  EXPECT_EQ(tasks({"arc_easy", "--tasks=,piqa,"}).out, both);
  expect_error(tasks({",", "--seed", "1"}), "E0402", 2);
  expect_error(tasks({"arc_easy", "piqa"}), "E0110", 2);
}

TEST(CommandLine, JsonThatIsNoTaskMayLieBesideTaskFiles) {
  const Scratch scratch;
  const std::string folder = scratch / "own";
  std::filesystem::create_directory(folder);
  std::ofstream(folder + "/rows.json") << R"([{"id": "a"}])";
  std::ofstream(folder + "/lines.json") << "{\"id\": \"a\"}\n{\"id\": \"b\"}\n";
  std::ofstream(folder + "/notes.json") << R"({"name": "notes", "version": "1.0"})";
  EXPECT_EQ(samebits(scratch, {"plan", "-t", "arc_easy", "--limit", "1", "--include-path", folder}).exit, 0);
  EXPECT_EQ(samebits(scratch, {"list", "--include-path", folder}).out, samebits(scratch, {"list"}).out);
}

TEST(CommandLine, WhatCannotBeListedIsToldWhatCan) {
  const Scratch scratch;
  const Outcome o = samebits(scratch, {"list", "metric"});
  expect_error(o, "E0110", 2);
  EXPECT_NE(o.err.find("\"metric\" cannot be listed; did you mean \"metrics\""), std::string::npos) << o.err;
  EXPECT_NE(o.err.find("what can: tasks, suites, models, metrics, filters,"), std::string::npos) << o.err;
}

TEST(CommandLine, SelftestRefusesATierBeforeItsTableBegins) {
  const Scratch scratch;
  expect_error(samebits(scratch, {"selftest", "--isa", "z80"}), "E0220", 2);
}

TEST(CommandLine, EverythingNamedIsListed) {
  const Scratch scratch;
  EXPECT_NE(samebits(scratch, {"list", "suites"}).out.find("smoke"), std::string::npos);
  EXPECT_NE(samebits(scratch, {"list", "models"}).out.find("smollm2-135m-instruct"), std::string::npos);
  const auto codes = lines_of(samebits(scratch, {"explain"}).out);
  EXPECT_EQ(codes.size(), error_codes().size());
  const Outcome o = samebits(scratch, {"explain", "E9999"});
  expect_error(o, "E0112", 2);
  EXPECT_NE(o.err.find("`samebits explain` prints every error code"), std::string::npos) << o.err;
}

TEST(CommandLine, UnderscoresAreDashes) {
  const Scratch scratch;
  const std::string a_b = scratch / "a_b";  // a value keeps its underscores
  std::filesystem::create_directory(a_b);
  EXPECT_EQ(samebits(scratch, {"list", "metrics", "--include_path", scratch / ""}).exit, 0);
  EXPECT_EQ(samebits(scratch, {"list", "metrics", "--include_path=" + a_b}).exit, 0);
  const Outcome o = samebits(scratch, {"list", "--jsno_"});
  EXPECT_NE(o.err.find("\"--jsno_\" is not known here; did you mean \"--json\""), std::string::npos) << o.err;
}

TEST(CommandLine, AValueIsNeverTakenForAFlag) {
  const Scratch scratch;
  const std::vector<std::vector<std::string>> lines = {{"--system-instruction", "--num_fewshot a_b"},
                                                       {"--system_instruction", "--num_fewshot a_b"},
                                                       {"--system_instruction=--num_fewshot a_b"}};
  for (std::vector<std::string> line : lines) {
    line.insert(line.begin(), {"plan", "-t", "arc_easy", "--limit", "1", "--jsonl"});
    const Outcome o = samebits(scratch, line);
    ASSERT_EQ(o.exit, 0) << o.err;
    const auto request = nlohmann::json::parse(lines_of(o.out).at(0));
    EXPECT_TRUE(request["context"].get<std::string>().starts_with("--num_fewshot a_b")) << request;
  }
  const Outcome o = samebits(scratch, {"plan", "--limit", "1", "--num_fewshot", "1", "-t", "--num_fewshot"});
  expect_error(o, "E0401", 2);
  EXPECT_NE(o.err.find("\"--num_fewshot\""), std::string::npos) << o.err;
}

TEST(CommandLine, EveryErrorCodeIsExplained) {
  const Scratch scratch;
  for (const std::string code : {"E0101", "e0110", "E0905"}) {
    const Outcome o = samebits(scratch, {"explain", code, "--json"});
    EXPECT_EQ(o.exit, 0) << o.err;
    ASSERT_TRUE(o.json().is_array()) << o.out;
    EXPECT_GE(o.json()[0]["explanation"].get<std::string>().size(), 80u);
  }
}

TEST(CommandLine, EveryVerbHasHelpThatShowsAnExample) {
  const Scratch scratch;
  for (const std::string verb : {"list", "explain", "selftest"}) {
    const Outcome o = samebits(scratch, {verb, "--help"});
    EXPECT_EQ(o.exit, 0) << verb;
    EXPECT_NE(o.out.find("Example:  samebits " + verb), std::string::npos) << o.out;
  }
}

TEST(CommandLine, AnUnexpectedFailureIsInternal) { EXPECT_EQ(Error("E0100", "", "", "").exit_code(), Exit::internal); }

TEST(CommandLine, FoldersOfTheEnvironmentAreChecked) {
  const Scratch scratch;
  const Outcome o = shell(scratch, "SAMEBITS_CACHE=/dev/null/cache \"$SAMEBITS\" model pull smollm2-135m-instruct");
  expect_error(o, "E0103", 2);
  expect_error(shell(scratch, "env -u SAMEBITS_CACHE -u XDG_CACHE_HOME -u HOME \"$SAMEBITS\" model info gemma-3-270m"),
               "E0103", 2);
  try {
    resource_path("tasks/absent");
    FAIL() << "found a file that is not shipped";
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "E0102");
  }
}

// Else a script's unset variable would silently mean the default.
TEST(CommandLine, EmptyTextIsNoValue) {
  const Scratch scratch;
  const std::vector<std::vector<std::string>> cases = {{"run", "-m", "x", "-t", "piqa", "-o", ""},
                                                       {"run", "-m", "x", "--suite", ""},
                                                       {"show", scratch / "bundle", "--samples", ""},
                                                       {"plan", "-t", "piqa", "--limit", "1", "-m", ""},
                                                       {"plan", "-t", "piqa", "--limit", "1", "--isa", ""}};
  for (const auto& arguments : cases) expect_error(samebits(scratch, arguments), "E0110", 2);
}

TEST(CommandLine, PlanChecksTheEngineFlagsWithoutAModelToo) {
  const Scratch scratch;
  expect_error(samebits(scratch, {"plan", "-t", "piqa", "--limit", "1", "--isa", "avx1024"}), "E0220", 2);
}

TEST(CommandLine, AClosedStdoutIsAnError) {
  const Scratch scratch;
  const Outcome o = shell(scratch, "samebits list >/dev/full");
  expect_error(o, "E0104", 2);
}

TEST(CommandLine, PipedOutputHasNoControlCharacters) {
  const Scratch scratch;
  const Outcome o = samebits(scratch, {"list"});
  EXPECT_EQ(o.exit, 0) << o.err;
  EXPECT_EQ(o.err, "");
  EXPECT_EQ(o.out.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace samebits
