// One claims digest over threads, tiers, batches, and a run that was killed and resumed.
#include <gtest/gtest.h>

#include "tests/cli/tiny.h"

namespace samebits {
namespace {

struct Subject {
  std::string model, tasks, limit;
};

// The digest of one run with these engine flags; empty when this machine lacks the tier.
std::string digest_of(const Scratch& scratch, const Subject& s, const std::string& name, const std::string& flags) {
  const std::string line = "samebits run --json --logits-digest -m " + quoted(s.model) + " -t " + s.tasks +
                           " --limit " + s.limit + " -o " + quoted(scratch / name) + " " + flags;
  const Outcome o = shell(scratch, line);
  if (o.exit == 2 && flags.find("--isa") != std::string::npos) return "";
  EXPECT_EQ(o.exit, 0) << line << "\n" << o.err;
  return o.exit == 0 ? o.json()["claims_digest"].get<std::string>() : "failed: " + line;
}

// Kills the run once its journal holds some answers, then runs the same command to its end.
std::string digest_of_killed_run(const Scratch& scratch, const Subject& s, const std::string& flags) {
  const std::string dir = scratch / "killed";
  const std::string run = "\"$SAMEBITS\" run --json --logits-digest -m " + quoted(s.model) + " -t " + s.tasks +
                          " --limit " + s.limit + " -o " + quoted(dir) + " " + flags;
  const std::string journal = quoted(dir + "/samebits.journal");
  const Outcome killed = shell(scratch, run +
                                            " & pid=$!\n"
                                            "while kill -0 $pid 2>/dev/null && [ \"$(wc -c < " +
                                            journal +
                                            " 2>/dev/null || echo 0)\" -lt 4000 ]; do sleep 0.005; done\n"
                                            "kill -9 $pid; wait $pid; true");
  EXPECT_TRUE(std::filesystem::exists(dir + "/samebits.journal"))
      << "it ended before it could be killed: " << killed.err;
  EXPECT_FALSE(std::filesystem::exists(dir + "/SHA256SUMS"));
  const Outcome resumed = shell(scratch, run);
  EXPECT_EQ(resumed.exit, 0) << resumed.err;
  EXPECT_NE(resumed.err.find("resuming: "), std::string::npos) << resumed.err;
  EXPECT_FALSE(std::filesystem::exists(dir + "/samebits.journal")) << "the journal outlived the bundle";
  return resumed.exit == 0 ? resumed.json()["claims_digest"].get<std::string>() : "failed";
}

void expect_one_digest(const Scratch& scratch, const Subject& s, const std::vector<std::string>& tiers) {
  const std::string expected = digest_of(scratch, s, "reference", "-j 1");
  ASSERT_EQ(expected.size(), 64u);
  int n = 0;
  for (const std::string threads : {"2", "3"}) {
    const std::string flags = "-j " + threads;
    EXPECT_EQ(digest_of(scratch, s, "threads" + threads, flags), expected) << flags;
  }
  for (const std::string& tier : tiers) {
    const std::string flags = "-j 1 --batch-tokens 32 --isa " + tier;
    const std::string digest = digest_of(scratch, s, "tier-" + tier, flags);
    if (digest.empty()) continue;
    ++n;
    EXPECT_EQ(digest, expected) << flags;
  }
  EXPECT_GE(n, 1) << "not one of the tiers runs here";
  EXPECT_EQ(digest_of_killed_run(scratch, s, "-j 1 --batch-tokens 32"), expected) << "killed and resumed";
}

TEST(Determinism, OneDigestOnATinyModel) {
  const Scratch scratch;
  expect_one_digest(scratch, {write_tiny_model(scratch), "arc_easy,hellaswag,lambada_openai,gsm8k,safety_smoke", "8"},
                    {"scalar", "avx2", "avx512", "avx512vnni"});
}

TEST(Determinism, OneDigestOnARealModel) {
  const Scratch scratch;
  const Outcome pulled = samebits(scratch, {"model", "info", "smollm2-135m-instruct"});
  if (pulled.exit != 0)
    GTEST_SKIP() << "needs the default model; fetch it with: samebits model pull smollm2-135m-instruct";
  expect_one_digest(scratch, {"smollm2-135m-instruct", "arc_easy,hellaswag,lambada_openai", "6"},
                    {"avx2", "avx512", "avx512vnni"});
}

}  // namespace
}  // namespace samebits
