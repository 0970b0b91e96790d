// The verbs end to end on a tiny model: what they print, and with which exit code they end.
#include <gtest/gtest.h>

#include "tests/cli/tiny.h"

namespace samebits {
namespace {

class Verbs : public testing::Test {
 protected:
  Outcome run(const std::vector<std::string>& more = {}) {
    std::vector<std::string> line = {"run", "-m", model_, "-t", "arc_easy", "--limit", "3", "-j", "1", "-o", bundle_};
    line.insert(line.end(), more.begin(), more.end());
    return samebits(scratch_, line);
  }

  const Scratch scratch_;
  const std::string model_ = write_tiny_model(scratch_), bundle_ = scratch_ / "bundle";
};

TEST_F(Verbs, JsonOfEveryVerbParses) {
  ASSERT_EQ(run({"--json"}).exit, 0);
  for (const std::string& line : std::vector<std::string>{
           "run --json -m " + model_ + " -t arc_easy --limit 3 -o " + bundle_,
           "plan --json -t arc_easy --limit 2",
           "plan --json -t arc_easy --limit 2 -m " + model_,
           "verify --json " + bundle_,
           "verify --json --level 0 " + bundle_,
           "verify --json --level 4 -j 2 " + bundle_,
           "show --json " + bundle_,
           "list --json",
           "list suites --json",
           "list models --json",
           "explain --json",
           "explain --json acc",
           "model info --json " + model_,
           "model tokenize --json -m " + model_ + " </dev/null",
           "model bench --json -p 8 -n 2 -r 1 -j 1 -m " + model_,
           "model bench --json -p 0 -n 4 --sequences 3 -r 1 -m " + model_,
       }) {
    const Outcome o = shell(scratch_, "samebits " + line);
    EXPECT_EQ(o.exit, 0) << line << "\n" << o.err;
    EXPECT_FALSE(o.json().is_discarded()) << line << "\n" << o.out;
    EXPECT_EQ(lines_of(o.out).size(), 1u) << line;
  }
}

TEST_F(Verbs, WithJsonAnErrorIsOneJsonValueToo) {
  ASSERT_EQ(run().exit, 0);
  std::ofstream(bundle_ + "/reports/report.md", std::ios::app) << "!";
  const struct {
    std::string line, code;
    int exit;
  } cases[] = {
      {"run --json -m " + model_ + " -t arc_esay", "E0401", 2},
      {"run -t arc_easy --json", "E0110", 2},
      {"plan --json -t arc_easy --limit 0", "E0110", 2},
      {"plan --json --no-such-flag", "E0110", 2},
      {"verify --json " + bundle_, "E0608", 5},
      {"verify --json --level 9 " + bundle_, "E0110", 2},
      {"show --json " + (scratch_ / ""), "E0614", 2},
      {"list --json nonsense", "E0110", 2},
      {"explain --json E9999", "E0112", 2},
      {"model pull --json nosuch", "E0231", 2},
      {"model info --json /dev/null", "E0101", 2},
      {"--json", "E0110", 2},
  };
  for (const auto& [line, code, exit] : cases) {
    const Outcome o = shell(scratch_, "samebits " + line);
    EXPECT_EQ(o.exit, exit) << line << "\n" << o.err;
    ASSERT_TRUE(o.json().is_object()) << line << "\n" << o.out;
    EXPECT_EQ(lines_of(o.out).size(), 1u) << line;
    const nlohmann::json error = o.json().value("error", nlohmann::json::object());
    EXPECT_EQ(error.value("code", ""), code) << o.out;
    for (const char* part : {"what", "where", "hint"}) EXPECT_TRUE(error.contains(part)) << line << ": " << part;
    EXPECT_NE(error.value("what", ""), "") << line;
    EXPECT_TRUE(o.err.starts_with("error[" + code + "]: ")) << "people read stderr: " << o.err;
  }
}

TEST_F(Verbs, ResultLinesStartWithTheirEvidence) {
  const Outcome o = run();
  ASSERT_EQ(o.exit, 0) << o.err;
  EXPECT_NE(o.out.find("\nexact     arc_easy"), std::string::npos) << o.out;
  EXPECT_EQ(o.out.find('\x1b'), std::string::npos);
  EXPECT_NE(o.err.find("samebits verify " + bundle_), std::string::npos) << "no next command: " << o.err;
  EXPECT_EQ(samebits(scratch_, {"show", bundle_}).out, o.out);
}

TEST_F(Verbs, TheSameCommandAgainHasNothingToDo) {
  const Outcome first = run(), again = run({"--batch-tokens", "32"});
  EXPECT_EQ(again.exit, 0);
  EXPECT_NE(again.err.find("nothing to do"), std::string::npos) << again.err;
  EXPECT_EQ(again.out, first.out);
}

TEST_F(Verbs, AFolderOfAnotherRunIsNotTouched) {
  ASSERT_EQ(run().exit, 0);
  const std::string before = read_text(bundle_ + "/SHA256SUMS");
  expect_error(run({"--seed", "7"}), "E0701", 2);
  EXPECT_EQ(read_text(bundle_ + "/SHA256SUMS"), before);
}

TEST_F(Verbs, ARunWithLogitsDigestsIsVerifiedWithThem) {
  ASSERT_EQ(run({"--logits-digest"}).exit, 0);
  const Outcome o = samebits(scratch_, {"verify", bundle_, "--level", "4", "-j", "1"});
  EXPECT_EQ(o.exit, 0) << o.out << o.err;
  expect_error(run(), "E0701", 2);
}

TEST_F(Verbs, AModelOfAnotherTypeInABundleIsACodedError) {
  ASSERT_EQ(run().exit, 0);
  const Outcome forged = shell(
      scratch_, "cd " + quoted(bundle_) +
                    " && sed -i 's/\"model\":\"[^\"]*\"/\"model\":7/' observations/environment.json && "
                    "find . -type f ! -name SHA256SUMS | cut -c3- | LC_ALL=C sort | xargs sha256sum > SHA256SUMS");
  ASSERT_EQ(forged.exit, 0) << forged.err;
  ASSERT_EQ(samebits(scratch_, {"verify", bundle_, "--level", "0"}).exit, 0);
  expect_error(samebits(scratch_, {"verify", bundle_, "--level", "4"}), "E0110", 2);
}

TEST_F(Verbs, EngineFlagsHaveTheRangesOfTheEngine) {
  EXPECT_EQ(run({"--batch-tokens", "1048576"}).exit, 0);
  EXPECT_EQ(run({"--batch-tokens", "1048577"}).exit, 2);
  EXPECT_EQ(samebits(scratch_, {"model", "bench", "-m", model_, "-j", "1025"}).exit, 2);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // these reserve terabytes
TEST_F(Verbs, TooLittleMemoryIsACodedError) {
  constexpr int kLeastKibibytes = 20'000, kStepKibibytes = 4'000;  // from where the program itself just fits
  int exit = -1, refused = 0;
  for (int limit = kLeastKibibytes; exit != 0 && limit < 4'000'000; limit += limit < 100'000 ? kStepKibibytes : limit) {
    const Outcome o = shell(scratch_, "ulimit -v " + std::to_string(limit) + "; \"$SAMEBITS\" model info -m " + model_);
    exit = o.exit;
    if (exit == 0 || exit == 127) continue;  // 127: not even its libraries fit
    expect_error(o, "E0105", 2);
    ++refused;
  }
  EXPECT_EQ(exit, 0);
  EXPECT_GT(refused, 0);
}
#endif

TEST_F(Verbs, AFolderThatCannotBeUsedIsAUsageError) {
  std::ofstream(scratch_ / "file") << "x";
  for (const std::string& out : {scratch_ / "file", scratch_ / "file/below", std::string("/proc/samebits")}) {
    const Outcome o = samebits(scratch_, {"run", "-m", model_, "-t", "arc_easy", "--limit", "1", "-o", out});
    expect_error(o, "E0709", 2);
    EXPECT_NE(o.err.find("choose another folder with -o"), std::string::npos) << o.err;
  }
}

TEST_F(Verbs, WhatIsRefusedBeforeTheFirstAnswerLeavesNoFolder) {
  expect_error(run({"--kv-memory", "1K"}), "E0223", 2);
  EXPECT_FALSE(std::filesystem::exists(bundle_));
  EXPECT_EQ(run({"--num-fewshot", "1"}).exit, 0) << "the folder is free for another run";
}

TEST_F(Verbs, WhatIsPrintedNeverGoesIntoAFileOfTheRun) {
  const std::string line = "samebits run -m " + quoted(model_) + " -t arc_easy --limit 3 -j 1 -o ";
  const Outcome no_stdout = shell(scratch_, line + quoted(bundle_) + " >&-");
  expect_error(no_stdout, "E0104", 2);
  EXPECT_EQ(samebits(scratch_, {"verify", bundle_}).exit, 0) << "the bundle is complete all the same";
  const Outcome no_stderr = shell(scratch_, line + quoted(scratch_ / "other") + " 2>&- <&-");
  EXPECT_EQ(no_stderr.exit, 0);
  EXPECT_EQ(samebits(scratch_, {"verify", scratch_ / "other"}).exit, 0);
}

TEST_F(Verbs, TextThatNoPromptCanHoldIsRefusedBeforeThereIsAFolder) {
  expect_error(run({"--system-instruction", "a\xff"}), "E0110", 2);
  EXPECT_FALSE(std::filesystem::exists(bundle_));
}

TEST_F(Verbs, PullingAPathSaysThatNamesArePulled) {
  const Outcome folder = samebits(scratch_, {"model", "pull", scratch_ / ""});
  expect_error(folder, "E0231", 2);
  EXPECT_NE(folder.err.find("a folder, not a name of the catalogue"), std::string::npos) << folder.err;
  const Outcome file = samebits(scratch_, {"model", "pull", model_});
  expect_error(file, "E0231", 2);
  EXPECT_NE(file.err.find("pass its path with -m"), std::string::npos) << file.err;
  expect_error(samebits(scratch_, {"model", "pull", "no/such.gguf"}), "E0231", 2);
}

TEST_F(Verbs, AModelThatIsAFolderIsCalledOne) {
  const Outcome o = samebits(scratch_, {"run", "-m", scratch_ / "", "-t", "arc_easy", "--limit", "1"});
  expect_error(o, "E0101", 2);
  EXPECT_NE(o.err.find("folder"), std::string::npos) << o.err;
}

TEST_F(Verbs, FlagsThatContradictEachOtherAreAUsageError) {
  ASSERT_EQ(run().exit, 0);
  const std::vector<std::vector<std::string>> idle = {{"--level", "2", "--items", "2"},
                                                      {"--level", "4", "--items", "2"},
                                                      {"--level", "4", "--seed", "1"},
                                                      {"--seed", "1"},
                                                      {"-m", model_},
                                                      {"--level", "0", "-m", model_},
                                                      {"-j", "1"},
                                                      {"--isa", "scalar"},
                                                      {"--batch-tokens", "8"},
                                                      {"--kv-memory", "1G"},
                                                      {"--no-prefix-sharing"},
                                                      {"--chaos", "1"}};
  for (std::vector<std::string> line : idle) {
    line.insert(line.begin(), {"verify", bundle_});
    expect_error(samebits(scratch_, line), "E0110", 2);
  }
  const Outcome o = samebits(scratch_, {"verify", bundle_, "--items", "2", "--seed", "1", "-j", "1", "--json"});
  EXPECT_EQ(o.exit, 0) << o.err;
  EXPECT_NE(o.err.find("--seed 1"), std::string::npos) << "items alone mean level 3: " << o.err;
  expect_error(samebits(scratch_, {"plan", "-t", "arc_easy", "--limit", "1", "--json", "--jsonl"}), "E0110", 2);
  expect_error(samebits(scratch_, {"model", "bench", "-m", model_, "-p", "0", "-n", "0"}), "E0110", 2);
  expect_error(samebits(scratch_, {"model", "tokenize", "-m", model_, "--lines", "--json"}), "E0110", 2);
}

TEST_F(Verbs, TasksThatDoNotFollowTheFlagsAreNoted) {
  Outcome o = samebits(scratch_, {"plan", "-t", "safety_smoke", "--limit", "1", "--jsonl"});
  EXPECT_NE(o.err.find("note: safety_smoke uses the model's chat template"), std::string::npos) << o.err;
  const std::string plain = scratch_ / "plain.gguf";  // the same model, its template under a key that nobody reads
  ASSERT_EQ(shell(scratch_, "sed s/chat_template/chat_xemplate/ " + quoted(model_) + " > " + quoted(plain)).exit, 0);
  o = samebits(scratch_, {"plan", "-t", "safety_smoke", "--limit", "1", "--jsonl", "-m", model_});
  EXPECT_EQ(o.err, "");
  o = samebits(scratch_, {"plan", "-t", "safety_smoke", "--limit", "1", "--jsonl", "-m", plain});
  EXPECT_NE(o.err.find("warning: safety_smoke wants the model's chat template"), std::string::npos) << o.err;
  o = samebits(scratch_, {"plan", "-t", "blimp_12,wikitext", "--limit", "1", "--jsonl", "--num-fewshot", "2"});
  EXPECT_EQ(o.exit, 0);
  EXPECT_NE(o.err.find("--num-fewshot 2 does not apply to blimp_"), std::string::npos) << o.err;
  EXPECT_EQ(lines_of(o.err).size(), 1u) << o.err;
  o = samebits(scratch_, {"plan", "-t", "arc_easy", "--limit", "1", "--jsonl", "--num-fewshot", "2", "-m", model_});
  EXPECT_EQ(o.err, "note: few-shot examples of arc_easy from validation, standing in for train\n");
}

TEST_F(Verbs, ShowGivesNumbersAndSamples) {
  ASSERT_EQ(run().exit, 0);
  const nlohmann::json shown = samebits(scratch_, {"show", bundle_, "--json"}).json();
  EXPECT_EQ(shown["claims_digest"].get<std::string>().size(), 64u);
  EXPECT_TRUE(shown["results"]["arc_easy"]["acc"]["value"].is_number());
  EXPECT_EQ(shown["results"]["arc_easy"]["acc"]["n"], 3);
  const auto samples = lines_of(samebits(scratch_, {"show", bundle_, "--samples", "arc_easy"}).out);
  ASSERT_EQ(samples.size(), 3u);
  for (const std::string& line : samples) {
    const auto sample = nlohmann::json::parse(line);
    for (const auto& request : sample["requests"]) EXPECT_FALSE(request["token_ids"].empty());
  }
}

TEST_F(Verbs, PlanListsEveryRequest) {
  const auto lines = lines_of(samebits(scratch_, {"plan", "-t", "arc_easy", "--limit", "2", "--jsonl"}).out);
  const nlohmann::json summary = samebits(scratch_, {"plan", "-t", "arc_easy", "--limit", "2", "--json"}).json();
  EXPECT_EQ(summary["requests"], lines.size());
  for (const std::string& line : lines) {
    const auto request = nlohmann::json::parse(line);
    EXPECT_EQ(request["task"], "arc_easy");
    EXPECT_TRUE(request.contains("context") && request.contains("continuation") && request.contains("doc_id"));
  }
}

TEST_F(Verbs, AModelIsNamedByAFlagOrByAPlainWord) {
  EXPECT_EQ(samebits(scratch_, {"model", "info", "-m", model_}).out, samebits(scratch_, {"model", "info", model_}).out);
  EXPECT_EQ(shell(scratch_, "printf ab | samebits model tokenize " + quoted(model_)).json().size(), 2u);
  EXPECT_EQ(samebits(scratch_, {"model", "bench", model_, "-p", "4", "-n", "0", "-r", "1"}).exit, 0);
  expect_error(samebits(scratch_, {"model", "pull", "-m", "nosuch"}), "E0231", 2);
  expect_error(samebits(scratch_, {"model", "info"}), "E0110", 2);
}

TEST_F(Verbs, ATaskWithoutAVersionHasADashAndAReason) {
  std::ofstream(scratch_ / "d.jsonl") << R"({"q":"1+1=","a":"2"})"
                                         "\n";
  const std::string task =
      "dataset_path: json\ndataset_kwargs: {data_files: {test: d.jsonl}}\ntest_split: test\n"
      "output_type: loglikelihood\ndoc_to_text: '{{q}}'\ndoc_to_target: '{{a}}'\n"
      "metric_list: [{metric: acc}]\n";
  std::ofstream(scratch_ / "without.yaml") << task << "task: without\n";
  std::ofstream(scratch_ / "with.yaml") << task << "task: with\nmetadata: {version: 2.5}\n";
  const Outcome o = samebits(
      scratch_, {"run", "-m", model_, "-t", "with,without", "--include-path", scratch_ / "", "-o", bundle_, "-j", "1"});
  ASSERT_EQ(o.exit, 0) << o.err;
  EXPECT_NE(o.err.find("note: without has no version: the task file gives no metadata.version"), std::string::npos);
  EXPECT_NE(o.out.find("\nexact     with     2.5      0"), std::string::npos) << o.out;
  EXPECT_NE(o.out.find("\nexact     without  -        0"), std::string::npos) << o.out;
  EXPECT_NE(o.out.find("without: its task file has none"), std::string::npos) << o.out;
  const nlohmann::json tasks = samebits(scratch_, {"list", "tasks", "--json", "--include-path", scratch_ / ""}).json();
  for (const nlohmann::json& row : tasks["tasks"]) {
    if (row["name"] != "without" && row["name"] != "with") continue;
    EXPECT_EQ(row["version"], row["name"] == "with" ? nlohmann::json("2.5") : nlohmann::json()) << row;
    EXPECT_EQ(row.value("version_reason", ""), row["name"] == "with" ? "" : "its task file has none") << row;
  }
  const nlohmann::json plan =
      samebits(scratch_, {"plan", "-t", "without", "--json", "--include-path", scratch_ / ""}).json();
  EXPECT_TRUE(plan["tasks"][0]["version"].is_null() && plan["tasks"][0]["version_reason"].is_string()) << plan;
}

TEST_F(Verbs, TokenizeTakesTextFromStdin) {
  const Outcome whole = shell(scratch_, "printf 'ab\\nc' | samebits model tokenize -m " + quoted(model_));
  EXPECT_EQ(whole.json().size(), 4u) << whole.out << whole.err;
  const Outcome lines = shell(scratch_, "printf 'ab\\nc\\n' | samebits model tokenize --lines -m " + quoted(model_));
  EXPECT_EQ(lines_of(lines.out).size(), 2u) << lines.out;
  expect_error(shell(scratch_, "samebits model tokenize -m " + quoted(model_) + " < /"), "E0101", 2);
}

// ---- verify compares with the tasks and data at hand ----

// Edits a file of the bundle and makes the sums, the Merkle root and the index fit, as a forger would.
Outcome forge(const Scratch& scratch, const std::string& bundle, const std::string& file, const std::string& sed) {
  return shell(scratch,
               "cd " + quoted(bundle) + " && sed -i " + quoted(sed) + " " + quoted(file) + R"( && python3 - <<'PY'
import glob, hashlib, json, os
def sha(b): return hashlib.sha256(b).hexdigest()
def node(h):  # RFC 6962
    if len(h) == 1: return h[0]
    k = 1
    while k * 2 < len(h): k *= 2
    return hashlib.sha256(b"\x01" + node(h[:k]) + node(h[k:])).digest()
def save(path, value):
    open(path, "w").write(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
for items in glob.glob("claims/tasks/*/items.jsonl"):
    lines = open(items, "rb").read().splitlines()
    task = json.load(open(os.path.dirname(items) + "/task.json"))
    task["items_root"] = node([hashlib.sha256(b"\x00" + l).digest() for l in lines]).hex()
    save(os.path.dirname(items) + "/task.json", task)
def sums():
    files = sorted(f for f in glob.glob("**", recursive=True) if os.path.isfile(f) and f != "SHA256SUMS")
    return "".join(sha(open(f, "rb").read()) + "  " + f + "\n" for f in files)
index = json.load(open("samebits.bundle.json"))
index["claims_digest"] = sha("".join(l for l in sums().splitlines(True) if l[66:].startswith("claims/")).encode())
save("samebits.bundle.json", index)
text = sums()
open("SHA256SUMS", "w").write(text)
PY
)");
}

TEST_F(Verbs, VerifyComparesGoldAnswersAndPromptsWithTheShippedData) {
  if (shell(scratch_, "python3 -c ''").exit != 0) GTEST_SKIP() << "needs python3 for the forger: install python3";
  ASSERT_EQ(run().exit, 0);
  nlohmann::json honest = samebits(scratch_, {"verify", bundle_, "--json"}).json();
  EXPECT_EQ(honest["plans"],
            nlohmann::json::parse(R"([{"kind":"task","name":"arc_easy","equal":true,"reason":null}])"));
  const std::string items = "claims/tasks/arc_easy/items.jsonl";
  const Outcome forged = forge(scratch_, bundle_, items, R"(2s/"gold":\[[0-9]\]/"gold":[9]/)");
  ASSERT_EQ(forged.exit, 0) << forged.err;
  EXPECT_EQ(samebits(scratch_, {"verify", bundle_, "--level", "0"}).exit, 0) << "the forger repaired every digest";
  for (const char* level : {"2", "4"}) {
    const Outcome o = samebits(scratch_, {"verify", bundle_, "--json", "--level", level});
    EXPECT_EQ(o.exit, 1) << o.out << o.err;
    EXPECT_EQ(o.json()["difference"]["where"], "task arc_easy, doc 1") << o.out;
    EXPECT_EQ(o.json()["difference"]["field"], "gold/0") << o.out;
  }
  ASSERT_EQ(forge(scratch_, bundle_, items, R"(2s/"gold":\[9\]/"gold":[0]/;3s/Question: /Question:  /)").exit, 0);
  EXPECT_EQ(samebits(scratch_, {"verify", bundle_}).exit, 1);
}

TEST_F(Verbs, VerifySaysWhatItCouldNotCompare) {
  const auto verified = [&](const std::vector<std::string>& more) {
    std::vector<std::string> line = {"verify", bundle_, "--json"};
    line.insert(line.end(), more.begin(), more.end());
    const Outcome o = samebits(scratch_, line);
    EXPECT_EQ(o.exit, 0) << o.out << o.err;
    return o.json().value("plans", nlohmann::json());
  };
  const auto run_task = [&](const std::vector<std::string>& flags) {
    std::vector<std::string> line = {"run", "-m", model_, "--limit", "2", "-j", "1", "-o", bundle_};
    line.insert(line.end(), flags.begin(), flags.end());
    std::filesystem::remove_all(bundle_);
    const Outcome o = samebits(scratch_, line);
    EXPECT_EQ(o.exit, 0) << o.err;
  };
  // A task of the user's own: at hand with --include-path, another one without.
  const std::string own = scratch_ / "own";
  std::filesystem::create_directories(own);
  std::ofstream(own + "/mine.jsonl") << R"({"q":"1+1=","a":"2"})"
                                        "\n"
                                        R"({"q":"2+2=","a":"4"})"
                                        "\n";
  std::ofstream(own + "/mine.yaml") << "task: mine\n"
                                       "dataset_path: json\n"
                                       "dataset_kwargs: {data_files: {test: mine.jsonl}}\n"
                                       "test_split: test\n"
                                       "output_type: loglikelihood\n"
                                       "doc_to_text: '{{q}}'\n"
                                       "doc_to_target: '{{a}}'\n"
                                       "metric_list: [{metric: acc}]\n";
  run_task({"-t", "mine,arc_easy", "--include-path", own});
  EXPECT_EQ(verified({"--include-path", own})[0]["equal"], true);
  const nlohmann::json without = verified({});
  EXPECT_EQ(without[0]["equal"], nullptr);
  EXPECT_EQ(without[0]["reason"], "no such task here");
  EXPECT_EQ(without[1]["equal"], true);
  // Prompts in the model's chat template need the model.
  // Every member of a group, and how the group weighs them.
  run_task({"-t", "blimp_12"});
  for (const nlohmann::json& row : verified({})) EXPECT_EQ(row["equal"], true) << row;
  run_task({"-t", "safety_smoke"});
  EXPECT_NE(verified({})[0]["reason"].dump().find("levels 3 and 4"), std::string::npos);
  EXPECT_EQ(verified({"--level", "4"})[0]["equal"], true);
  // Every flag that shapes prompts is found again in the bundle.
  run_task({"-t", "arc_easy", "--num-fewshot", "2", "--seed", "7", "--system-instruction", "Be brief."});
  EXPECT_EQ(verified({})[0]["equal"], true);
  run_task({"-t", "arc_easy", "--num-fewshot", "1", "--apply-chat-template", "--fewshot-as-multiturn", "false",
            "--system-instruction", "Be brief."});
  EXPECT_EQ(verified({"--level", "3", "--items", "1"})[0]["equal"], true);
}

TEST_F(Verbs, ShowRefusesScoresThatDoNotFollowFromTheAnswers) {
  ASSERT_EQ(run().exit, 0);
  const Outcome honest = samebits(scratch_, {"show", bundle_});
  EXPECT_EQ(honest.exit, 0) << honest.err;
  EXPECT_EQ(honest.err, "");
  ASSERT_EQ(forge(scratch_, bundle_, "claims/tasks/arc_easy/scores.json",
                  "s/\"value\":\"f64:[0-9a-f]*/\"value\":"
                  "\"f64:3ff0000000000000/")
                .exit,
            0);
  ASSERT_EQ(samebits(scratch_, {"verify", bundle_, "--level", "0"}).exit, 0) << "every sum fits";
  for (const std::vector<std::string>& line :
       std::vector<std::vector<std::string>>{{"show", bundle_}, {"show", bundle_, "--samples", "arc_easy"}}) {
    const Outcome o = samebits(scratch_, line);
    expect_error(o, "E0611", 5);
    EXPECT_NE(o.err.find("samebits verify " + bundle_), std::string::npos) << o.err;
  }
  EXPECT_EQ(samebits(scratch_, {"show", bundle_, "--json"}).json()["error"]["code"], "E0611");
  expect_error(run(), "E0611", 5);
}

// ---- Exit codes (design §6); 70 is for bugs alone ----

TEST_F(Verbs, Exit1WhenVerificationFindsAnotherScore) {
  ASSERT_EQ(run().exit, 0);
  // A forger who repairs the sums: level 0 passes, re-scoring does not.
  const Outcome forged =
      shell(scratch_, "cd " + quoted(bundle_) +
                          " && sed -i 's/\"n\":3,/\"n\":2,/' claims/tasks/*/scores.json && "
                          "sums() { find . -type f ! -name SHA256SUMS | cut -c3- | LC_ALL=C sort | xargs sha256sum > "
                          "SHA256SUMS; } && sums && "
                          "digest=$(grep '  claims/' SHA256SUMS | sha256sum | cut -d' ' -f1) && "
                          "sed -i \"s/\\\"claims_digest\\\":\\\"[0-9a-f]*\\\"/\\\"claims_digest\\\":\\\"$digest\\\"/\" "
                          "samebits.bundle.json && sums");
  ASSERT_EQ(forged.exit, 0) << forged.err;
  EXPECT_EQ(samebits(scratch_, {"verify", bundle_, "--level", "0"}).exit, 0);
  const Outcome o = samebits(scratch_, {"verify", bundle_});
  EXPECT_EQ(o.exit, 1) << o.out << o.err;
  EXPECT_NE(o.out.find("scores.json"), std::string::npos) << "does not name the difference: " << o.out;
}

TEST_F(Verbs, Exit2OnWrongUse) {
  EXPECT_EQ(samebits(scratch_, {"run", "-m", model_}).exit, 2);
  EXPECT_EQ(samebits(scratch_, {"run", "-t", "arc_easy"}).exit, 2);
  EXPECT_EQ(samebits(scratch_, {"run", "-m", model_, "-t", "arc_esay"}).exit, 2);
  EXPECT_EQ(samebits(scratch_, {"run", "-m", model_, "-t", "arc_easy", "--limit", "0"}).exit, 2);
  EXPECT_EQ(samebits(scratch_, {"run", "-m", model_, "-t", "arc_easy", "--isa", "z80"}).exit, 2);
  EXPECT_EQ(samebits(scratch_, {"run", "-m", "nosuch:thing", "-t", "arc_easy"}).exit, 2);
}

TEST_F(Verbs, Exit3WhenInterruptedAndTheSameCommandFinishes) {
  const std::string run = "\"$SAMEBITS\" run -m " + quoted(model_) +
                          " -t arc_easy,gsm8k --limit 60 -j 1 --isa scalar --json -o " + quoted(bundle_);
  const Outcome stopped = shell(scratch_, run +
                                              " & pid=$!\n"
                                              "while [ \"$(wc -c < " +
                                              quoted(bundle_ + "/samebits.journal") +
                                              " 2>/dev/null || echo 0)\" -lt 4000 ]; do sleep 0.005; done\n"
                                              "kill -TERM $pid; wait $pid");
  EXPECT_EQ(stopped.exit, 3) << stopped.err;
  EXPECT_NE(stopped.err.find("resume: "), std::string::npos) << stopped.err;
  EXPECT_GT(stopped.json()["incomplete"]["missing"], 0) << stopped.out;
  EXPECT_EQ(shell(scratch_, run).exit, 0);
  // What was measured is the last session's, and says so.
  for (const char* name : {"latency", "energy", "time"}) {
    const auto measured = nlohmann::json::parse(read_text(bundle_ + "/observations/" + name + ".json"));
    EXPECT_GT(measured["measured_requests"], 0) << name;
    EXPECT_LT(measured["measured_requests"], measured["total_requests"]) << name;
  }
  const auto latency = nlohmann::json::parse(read_text(bundle_ + "/observations/latency.json"));
  EXPECT_EQ(latency["ttft_ns"]["count"], latency["measured_requests"]);
  EXPECT_NE(read_text(bundle_ + "/reports/report.txt").find(" requests; the others did not reach the model now"),
            std::string::npos);
}

TEST_F(Verbs, Exit4OnAMalformedModel) {
  const std::string path = scratch_ / "bad.gguf";
  std::ofstream(path) << "this is no model";
  EXPECT_EQ(samebits(scratch_, {"model", "info", path}).exit, 4);
  EXPECT_EQ(samebits(scratch_, {"run", "-m", path, "-t", "arc_easy", "-o", bundle_}).exit, 4);
}

TEST_F(Verbs, Exit5WhenABundleWasChanged) {
  ASSERT_EQ(run().exit, 0);
  std::ofstream(bundle_ + "/reports/report.md", std::ios::app) << "!";
  EXPECT_EQ(samebits(scratch_, {"verify", bundle_}).exit, 5);
}

}  // namespace
}  // namespace samebits
