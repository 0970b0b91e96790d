// The documents do not lie: every command in a ```console block is run, top to bottom, and succeeds.
#include <gtest/gtest.h>

#include "tests/cli/program.h"

namespace samebits {
namespace {

struct Command {
  std::string line, where;
};

// Lines that start with "$ samebits" in the console blocks of a document. ./demo and ./check are run by themselves.
std::vector<Command> commands_of(const std::string& document) {
  std::vector<Command> commands;
  const std::vector<std::string> lines = lines_of(read_text(kRoot / document));
  bool console = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with("```")) console = lines[i] == "```console";
    if (console && lines[i].starts_with("$ samebits "))
      commands.push_back({lines[i].substr(2), document + ":" + std::to_string(i + 1)});
  }
  return commands;
}

class Session : public testing::TestWithParam<std::string> {};

TEST_P(Session, EveryCommandOfTheDocumentWorks) {
  const Scratch scratch;
  const std::vector<Command> commands = commands_of(GetParam());
  ASSERT_FALSE(commands.empty()) << GetParam() << " shows no command";
  if (samebits(scratch, {"model", "info", "smollm2-135m-instruct"}).exit != 0)
    GTEST_SKIP() << "needs the default model; fetch it with: samebits model pull smollm2-135m-instruct";
  for (const Command& command : commands) {
    const Outcome o = shell(scratch, "cd " + quoted(scratch / "") + " && " + command.line);
    EXPECT_EQ(o.exit, 0) << command.where << ": " << command.line << "\n" << o.err;
  }
}

INSTANTIATE_TEST_SUITE_P(Documents, Session, testing::Values("README.md", "CONTRIBUTING.md"));

}  // namespace
}  // namespace samebits
