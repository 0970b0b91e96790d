// Names → plan: selection, groups, suites, the shipped packs' golden digests.

#include "tasks/plan.h"

#include <gtest/gtest.h>

#include <set>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/resources.h"
#include "tasks/data_file.h"
#include "tasks/suite.h"
#include "tests/shared_data.h"
#include "tests/support/errors.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

using nlohmann::json;

PlanOptions limited(int64_t n) {
  PlanOptions options;
  options.limit = n;
  return options;
}

std::vector<std::string> ids(const Plan& plan) {
  std::vector<std::string> out;
  for (const Task& t : plan.tasks) out.push_back(t.id);
  return out;
}

// ---- Selection ----

TEST(Plan, CommaListsPatternsGroupsAndTagsSelect) {
  const PlanOptions options = limited(1);
  EXPECT_EQ(ids(make_plan({"piqa,arc_easy", "boolq"}, options, nullptr)),
            (std::vector<std::string>{"piqa", "arc_easy", "boolq"}));
  EXPECT_EQ(ids(make_plan({"arc_*"}, options, nullptr)), (std::vector<std::string>{"arc_challenge", "arc_easy"}));
  EXPECT_EQ(ids(make_plan({"ai2_arc"}, options, nullptr)), (std::vector<std::string>{"arc_challenge", "arc_easy"}));
  EXPECT_EQ(make_plan({"mmlu_*"}, options, nullptr).tasks.size(), 57u);
  const Plan mmlu = make_plan({"mmlu", "mmlu_anatomy"}, options, nullptr);
  EXPECT_EQ(mmlu.tasks.size(), 57u) << "a task is planned once";
  ASSERT_EQ(mmlu.groups.size(), 5u);
  EXPECT_EQ(mmlu.groups.back().tasks, ids(mmlu)) << "a group of groups holds their tasks";
  const Plan blimp = make_plan({"blimp_12"}, options, nullptr);
  EXPECT_EQ(blimp.tasks.size(), 12u);
  EXPECT_FALSE(blimp.groups.at(0).weight_by_size);
}

// lm-eval 0.4.13, lm_eval/tasks/mmlu/default: sizes and a member of each.
TEST(Plan, MmluHasItsFourGroupsAndEachCanBeSelectedAlone) {
  const std::map<std::string, std::pair<size_t, const char*>> areas = {
      {"mmlu_stem", {19, "mmlu_anatomy"}},
      {"mmlu_humanities", {13, "mmlu_professional_law"}},
      {"mmlu_social_sciences", {12, "mmlu_professional_psychology"}},
      {"mmlu_other", {13, "mmlu_virology"}}};
  std::vector<std::string> all;
  for (const auto& [id, area] : areas) {
    const Plan plan = make_plan({id}, limited(1), nullptr);
    ASSERT_EQ(plan.groups.size(), 1u);
    EXPECT_EQ(plan.groups[0].id, id);
    EXPECT_EQ(plan.groups[0].tasks, ids(plan));
    EXPECT_TRUE(plan.groups[0].weight_by_size);
    EXPECT_EQ(plan.tasks.size(), area.first) << id;
    EXPECT_TRUE(std::ranges::count(ids(plan), area.second)) << id;
    EXPECT_EQ(ids(make_plan({id + "_tasks"}, limited(1), nullptr)), ids(plan)) << "lm-eval's tag";
    for (const std::string& task : ids(plan)) all.push_back(task);
  }
  std::vector<std::string> together = ids(make_plan({"mmlu"}, limited(1), nullptr));
  std::ranges::sort(all);
  std::ranges::sort(together);
  EXPECT_EQ(all, together);
}

TEST(Plan, UnknownNamesAndEmptySelectionsAreErrors) {
  std::string message;
  EXPECT_EQ(code_of([] { make_plan({"arc_esay"}, limited(1), nullptr); }, &message), "E0401");
  EXPECT_NE(message.find("arc_easy"), std::string::npos) << message;
  EXPECT_NE(message.find("samebits list"), std::string::npos) << message;
  EXPECT_EQ(code_of([] { make_plan({"zzz_*"}, limited(1), nullptr); }), "E0401");
  EXPECT_EQ(code_of([] { make_plan({}, limited(1), nullptr); }), "E0402");
  EXPECT_EQ(code_of([] { make_plan({","}, limited(1), nullptr); }), "E0402");
}

// Every index says where its item stands.
TEST(Plan, IndicesAreConsistent) {
  const Plan plan = make_plan({"winogrande", "gsm8k", "blimp_12", "wikitext"}, limited(2), nullptr);
  for (size_t s = 0; s < plan.samples.size(); ++s) {
    const Sample& sample = plan.samples[s];
    EXPECT_TRUE(s == 0 || sample.task >= plan.samples[s - 1].task);
    ASSERT_LE(sample.first_request + sample.n_requests, plan.requests.size());
    for (uint32_t k = 0; k < sample.n_requests; ++k) {
      const Request& r = plan.requests[sample.first_request + k];
      EXPECT_EQ(r.index, sample.first_request + k);
      EXPECT_EQ(r.sample, s);
      EXPECT_EQ(r.task, sample.task);
      EXPECT_EQ(r.slot, k);
    }
  }
}

TEST(Plan, ALimitCutsFrontToBackAndMarksPartial) {
  const Plan some = make_plan({"piqa"}, limited(3), nullptr), all = make_plan({"piqa"}, {}, nullptr);
  EXPECT_TRUE(some.tasks[0].partial);
  EXPECT_FALSE(all.tasks[0].partial);
  EXPECT_EQ(some.tasks[0].n_docs, 1838);
  EXPECT_EQ(some.tasks[0].digest, all.tasks[0].digest);
  EXPECT_EQ(some.requests[5].context, all.requests[5].context);
  EXPECT_FALSE(make_plan({"piqa"}, limited(1838), nullptr).tasks[0].partial);
}

TEST(Plan, JsonLinesHaveTheDocumentedKeys) {
  const Plan plan = make_plan({"piqa", "gsm8k", "wikitext"}, limited(1), nullptr);
  const auto keys = [&](const Request& r) {
    std::string out;
    const nlohmann::ordered_json line = nlohmann::ordered_json::parse(request_jsonl(plan, r));
    for (const auto& [key, v] : line.items()) out += key + " ";
    return out;
  };
  EXPECT_EQ(keys(plan.requests[0]), "task doc_id kind context continuation ");
  EXPECT_EQ(keys(plan.requests[2]), "task doc_id kind context until ");
  EXPECT_EQ(keys(plan.requests[3]), "task doc_id kind context ");
}

// ---- Shipped packs ----

// sha256 over all requests and what counts as right, so that no prompt changes unnoticed.
std::string requests_digest(const Plan& plan) {
  Sha256 digest;
  for (const Request& r : plan.requests) {
    digest.update(request_jsonl(plan, r) + "\n");
    digest.update(std::to_string(r.max_tokens) + "\n");
  }
  for (const Sample& s : plan.samples) {
    json right = {{"gold", s.gold},   {"targets", s.targets}, {"choices", s.choices}, {"words", s.words},
                  {"bytes", s.bytes}, {"slices", s.slices},   {"input", s.input},     {"doc", s.doc_digest}};
    digest.update(canonical(right) + "\n");
  }
  return digest.hex().substr(0, 16);
}

struct Golden {
  const char *task, *digest, *zero_shot, *two_shot;  // Task::digest and requests_digest, first 16 hex digits
};

// A new value here is a new version of the task.
constexpr Golden kGolden[] = {
    {"arc_challenge", "5bd6c4e6a6f49bbd", "3d1375012378b68e", "97d534b9100ab69e"},
    {"arc_easy", "a30ffacfef30fc36", "2cbcf7fbd0e9be80", "c24c90e153ce2101"},
    {"boolq", "05d07421b95046bb", "db7d4a32bad4c3d2", "a69d8b7b240fed39"},
    {"gsm8k", "8d79344049753945", "a35eb8768a0ebc81", "5f6e67c9b8400f1b"},
    {"hellaswag", "8786cde0ca581fda", "929329e2ae04a8bd", "94ff9e85f4e72566"},
    {"lambada_openai", "79e9854fa84f1d61", "a634e13a47f6da3c", "70372eece3f5cbb3"},
    {"openbookqa", "6790af9004afb9b7", "de9ef3f65d8e8a4c", "66b3faf63f34a4cf"},
    {"piqa", "4c0b2c797d3ab19d", "53fb0e0a49cfe219", "2d4024ea4a5cdca6"},
    {"winogrande", "07e15267afa387a6", "1aeefce7a2c1e6ae", "33274398dcc93c9a"},
    {"wikitext", "97c097b231594fc4", "b0b39056681c0532", ""},
    {"safety_smoke", "0a3c6517298fe540", "1e6043fca5460254", ""},
    {"mmlu_anatomy", "d42e86cd75d900bb", "55043905ab07c057", "5160f7d41b72ddd3"},
    {"mmlu_world_religions", "065905f1349020ea", "919ef3920163048f", "fb4061acb28e4ae0"},
    {"blimp_adjunct_island", "f13167b1373731fc", "4a16b15c122b5b6e", ""},
    {"blimp_wh_island", "8774ef496abf275d", "ddd080cc0622297f", ""},
};

TEST(Packs, DigestsAreThePublishedOnes) {
  for (const Golden& g : kGolden) {
    PlanOptions options = limited(20);
    const Plan zero = make_plan({g.task}, options, nullptr);
    EXPECT_EQ(zero.tasks[0].digest.substr(0, 16), g.digest) << g.task;
    EXPECT_EQ(requests_digest(zero), g.zero_shot) << g.task;
    if (!*g.two_shot) continue;
    options.num_fewshot = 2;
    EXPECT_EQ(requests_digest(make_plan({g.task}, options, nullptr)), g.two_shot) << g.task;
  }
}

TEST(Packs, EveryShippedTaskPlansWholeOrSaysWhyNot) {
  std::set<std::string> seen;
  for (const TaskSummary& t : list_tasks({})) {
    seen.insert(t.id);
    if (t.group) continue;
    EXPECT_FALSE(t.licence.empty()) << t.id;
    EXPECT_FALSE(t.source.empty()) << t.id;
    EXPECT_FALSE(t.description.empty()) << t.id;
    EXPECT_EQ(t.missing.empty(), t.id != "sciq") << t.id << ": " << t.missing;
  }
  for (const char* id : {"arc_easy", "arc_challenge", "hellaswag", "piqa", "boolq", "winogrande", "openbookqa", "sciq",
                         "mmlu", "lambada_openai", "wikitext", "gsm8k", "blimp_12", "safety_smoke"})
    EXPECT_TRUE(seen.contains(id)) << id;
  EXPECT_EQ(code_of([] { make_plan({"sciq"}, {}, nullptr); }), "E0407");
}

TEST(Packs, SciqIsFoundInADataFolder) {
  SAMEBITS_NEEDS_SHARED("data/sciq/sciq_validation.jsonl");
  PlanOptions options = limited(1);
  options.data_dirs = {shared_path("data")};
  const Plan plan = make_plan({"sciq"}, options, nullptr);
  EXPECT_EQ(plan.requests[0].context,
            "\nQuestion: Who proposed the theory of evolution by natural selection?\nAnswer:");
  EXPECT_EQ(plan.samples[0].gold, std::vector<int32_t>{3});
}

TEST(Packs, FewshotPoolsThatStandInNeverShowTheDocumentItself) {
  PlanOptions options = limited(300);
  options.num_fewshot = 3;
  for (const char* task : {"gsm8k", "openbookqa", "piqa", "boolq", "hellaswag"}) {
    const Plan whole = make_plan({task}, limited(300), nullptr), shots = make_plan({task}, options, nullptr);
    ASSERT_EQ(whole.requests.size(), shots.requests.size());
    for (size_t i = 0; i < whole.requests.size(); ++i) {
      const std::string& question = whole.requests[i].context;
      const std::string examples =
          shots.requests[i].context.substr(0, shots.requests[i].context.size() - question.size());
      EXPECT_EQ(("\n\n" + examples).find("\n\n" + question + " "), std::string::npos) << task << " request " << i;
    }
  }
}

TEST(Packs, SafetySmokeIsBalancedStagedAndChattedWhereAModelCanChat) {
  const Plan plan = make_plan({"safety_smoke"}, {}, nullptr);
  std::map<std::string, int> labels, types;
  for (const Sample& s : plan.samples) {
    ++labels[s.slices.at("label")];
    ++types[s.slices.at("type")];
    EXPECT_FALSE(s.input.empty());
  }
  EXPECT_EQ(labels, (std::map<std::string, int>{{"safe", 50}, {"unsafe", 50}}));
  EXPECT_EQ(types.size(), 18u);
  ASSERT_EQ(plan.tasks[0].stages.size(), 2u);
  EXPECT_EQ(plan.requests[0].max_tokens, 32);
  EXPECT_FALSE(plan.requests[0].chat);
  ModelInfo model;
  model.chat_template = "<user>{{ messages[0].content }}";
  PlanOptions options;
  options.model = &model;
  const Plan chat = make_plan({"safety_smoke"}, options, nullptr);
  EXPECT_EQ(chat.requests[0].context, "<user>" + plan.requests[0].context);
  EXPECT_TRUE(chat.requests[0].chat);
  EXPECT_EQ(chat.chat["template_sha256"], sha256_hex(model.chat_template));
}

TEST(Packs, PlansAreCanonicalAndHoldNoFloats) {
  const Plan plan = make_plan({"gsm8k", "arc_easy"}, limited(2), nullptr);
  const std::string text = canonical(plan_json(plan));
  EXPECT_EQ(canonical(parse_canonical(text, "plan")), text);
  EXPECT_EQ(text, canonical(plan_json(make_plan({"gsm8k", "arc_easy"}, limited(2), nullptr))));
}

// ---- Suites ----

TEST(Suite, SmokePlansAndItsLimitsAreOfficial) {
  const Suite smoke = load_suite("smoke");
  const Plan plan = make_plan({}, {}, smoke.definition);
  EXPECT_EQ(plan.tasks.size(), smoke.tasks.size());
  EXPECT_EQ(plan.suite, smoke.definition);
  for (const Task& t : plan.tasks) EXPECT_FALSE(t.partial) << t.id;
  const Plan cut = make_plan({}, limited(10), smoke.definition);
  EXPECT_TRUE(cut.tasks[0].partial);
  EXPECT_FALSE(cut.tasks[4].partial) << "gsm8k has 2 documents in the suite";
  EXPECT_EQ(smoke.digest, sha256_hex(canonical(smoke.definition)));
  for (const SuiteTask& t : smoke.tasks) EXPECT_FALSE(t.digest.empty()) << t.id << " is not pinned";
}

TEST(Suite, OnlyALimitMayBePutOnTop) {
  const json smoke = load_suite("smoke").definition;
  const auto code = [&](auto change) {
    PlanOptions options;
    change(options);
    return code_of([&] { make_plan({}, options, smoke); });
  };
  EXPECT_EQ(code([](PlanOptions& o) { o.num_fewshot = 1; }), "E0420");
  EXPECT_EQ(code([](PlanOptions& o) { o.seed = 7; }), "E0420");
  EXPECT_EQ(code_of([&] {
              json pinned = smoke;
              pinned["seed"] = 7;
              PlanOptions options;
              options.seed = 1234;  // the default, but given
              make_plan({}, options, pinned);
            }),
            "E0420");
  EXPECT_EQ(code([](PlanOptions& o) { o.apply_chat_template = true; }), "E0420");
  EXPECT_EQ(code([](PlanOptions& o) { o.fewshot_as_multiturn = false; }), "E0420");
  EXPECT_EQ(code([](PlanOptions& o) { o.system_instruction = "Be brief."; }), "E0420");
  EXPECT_EQ(code_of([&] { make_plan({"piqa"}, {}, smoke); }), "E0420");
}

TEST(Suite, MistakesAndForeignTasksAreCodedErrors) {
  TempDir dir;
  json suite = {{"format", "samebits-suite/1"}, {"id", "s"}, {"version", "1"}, {"tasks", {{{"task", "piqa"}}}}};
  EXPECT_EQ(code_of([&] { make_plan({}, limited(1), suite); }), "");
  const auto code = [&](const char* patch) {
    json changed = suite;
    changed.merge_patch(json::parse(patch));
    return code_of([&] { make_plan({}, limited(1), changed); });
  };
  EXPECT_EQ(code(R"({"task": []})"), "E0403");
  EXPECT_EQ(code(R"({"tasks": [{"task": "piqa", "shots": 1}]})"), "E0403");
  EXPECT_EQ(code(R"({"tasks": [{"task": "piqa", "limit": 0}]})"), "E0404");
  EXPECT_EQ(code(R"({"tasks": {"piqa": 1}})"), "E0404");
  EXPECT_EQ(code(R"({"scenario": "server"})"), "E0404");
  EXPECT_EQ(code(R"({"format": "samebits-task/1"})"), "E0404");
  EXPECT_EQ(code(R"({"gate": {"no_wrose": []}})"), "E0403");
  EXPECT_EQ(code(R"({"tasks": [{"task": "nothing"}]})"), "E0401");
  EXPECT_EQ(code(R"({"tasks": []})"), "E0402");
  EXPECT_EQ(code_of([&] {
              make_suite_plan(load_suite(dir.write("s.json", R"({"format": "samebits-suite/1", "id": "m",
                                                                            "version": "1", "tasks": []})")),
                              {});
            }),
            "E0402");
  EXPECT_EQ(code(R"({"tasks": [{"task": "piqa"}, {"task": "piqa"}]})"), "E0406");
  EXPECT_EQ(code(R"({"tasks": [{"task": "piqa"}, {"task": "piqa", "num_fewshot": 1}]})"), "E0406");
  EXPECT_EQ(code((R"({"tasks": [{"task": "piqa", "digest": ")" + std::string(64, '0') + "\"}]}").c_str()), "E0419");
}

// Else a bundle would hold a part of the documents of the other entry, and no word of it.
TEST(Suite, EntriesOfOneTaskTakeTheSameDocuments) {
  const auto code = [](const char* tasks, const PlanOptions& options) {
    const json suite = {{"format", "samebits-suite/1"}, {"id", "s"}, {"version", "1"}, {"tasks", json::parse(tasks)}};
    return code_of([&] { make_plan({}, options, suite); });
  };
  constexpr char kGroupFirst[] = R"([{"task": "blimp_12", "limit": 6}, {"task": "blimp_adjunct_island", "limit": 2}])";
  EXPECT_EQ(code(kGroupFirst, {}), "E0406");
  EXPECT_EQ(code(kGroupFirst, limited(1)), "E0406") << "a smaller --limit does not mend the suite";
  EXPECT_EQ(code(R"([{"task": "blimp_adjunct_island", "limit": 2}, {"task": "blimp_12", "limit": 6}])", {}), "E0406");
  EXPECT_EQ(code(R"([{"task": "blimp_adjunct_island", "limit": 2}, {"task": "blimp_12", "limit": 2}])", {}), "");
}

TEST(Suite, FilesAreFoundByPathOrName) {
  TempDir dir;
  const std::string path =
      dir.write("mine.json", R"({"format": "samebits-suite/1", "id": "m", "version": "1", "tasks": []})");
  EXPECT_EQ(load_suite(path).id, "m");
  std::string message;
  EXPECT_EQ(code_of([] { load_suite("smok"); }, &message), "E0421");
  EXPECT_NE(message.find("smoke"), std::string::npos);
  EXPECT_EQ(code_of([&] { load_suite(dir.write("bad.json", "{")); }), "E0602");
  EXPECT_EQ(list_suites(), std::vector<std::string>{"smoke"});
}

TEST(Suite, AGateSpeaksOfScoresThatTheSuiteHas) {
  const auto code = [](const char* task, const char* metric) {
    const json suite = {{"format", "samebits-suite/1"},
                        {"id", "s"},
                        {"version", "1"},
                        {"tasks", {{{"task", "piqa"}}, {{"task", "blimp_12"}}}},
                        {"gate", {{"no_worse", {{{"task", task}, {"metric", metric}}}}}}};
    return code_of([&] { make_plan({}, limited(1), suite); });
  };
  EXPECT_EQ(code("piqa", "acc_norm"), "");
  EXPECT_EQ(code("blimp_12", "acc"), "");
  EXPECT_EQ(code("blimp_adjunct_island", "acc"), "");
  EXPECT_EQ(code("piqa", "leak"), "E0404");
  EXPECT_EQ(code("piqa", "blimp_12"), "E0404");
  EXPECT_EQ(code("arc_easy", "acc"), "E0404");
  EXPECT_EQ(code("blimp_12", "acc_norm"), "E0404") << "piqa has it, the group has not";
}

// ---- The user's own files ----

TEST(Include, OwnFilesOverrideShippedOnesAndLaterFoldersEarlierOnes) {
  TempDir one, two;
  const std::string path = resource_path("tasks/packs/piqa.json");
  json task = parse_json(read_data_bytes(path), path);
  task["version"] = "one";
  one.write("piqa.json", task.dump());
  one.write("notes.json", "[1, 2]");  // JSON that is no task is left alone
  task["version"] = "two";
  two.write("deep/er/piqa.json", task.dump());
  PlanOptions options = limited(1);
  options.include_paths = {one.path()};
  EXPECT_EQ(make_plan({"piqa"}, options, nullptr).tasks[0].version, "one");
  options.include_paths = {one.path(), two.path()};
  EXPECT_EQ(make_plan({"piqa"}, options, nullptr).tasks[0].version, "two");
  options.include_paths = {one / "nowhere"};
  EXPECT_EQ(code_of([&] { make_plan({"piqa"}, options, nullptr); }), "E0101");
}

TEST(Include, ATaskFileMayBeOneLine) {
  TempDir dir;
  const std::string path = resource_path("tasks/packs/piqa.json");
  json task = parse_json(read_data_bytes(path), path);
  task["version"] = "own";
  dir.write("piqa.json", task.dump() + "\n\n");
  const std::string row = R"({"id": "x", "version": "1"})";
  dir.write("data.json", row + "\n" + row + "\n");  // one object a line is data, whatever its keys
  PlanOptions options = limited(1);
  options.include_paths = {dir.path()};
  EXPECT_EQ(make_plan({"piqa"}, options, nullptr).tasks[0].version, "own");
  EXPECT_EQ(make_plan({"arc_easy"}, options, nullptr).tasks[0].id, "arc_easy");
}

TEST(Include, OtherFilesOfSamebitsMayLieBesideTaskFiles) {
  TempDir dir;
  dir.write("suite.json", load_suite("smoke").definition.dump());
  dir.write("run.json", R"({"format": "samebits-bundle/1", "key": {}})");
  PlanOptions options = limited(1);
  options.include_paths = {dir.path()};
  EXPECT_EQ(make_plan({"piqa"}, options, nullptr).tasks[0].id, "piqa");
  dir.write("typo.json", R"({"format": "samebits-tsak/1", "id": "piqa", "version": "1"})");
  EXPECT_EQ(code_of([&] { make_plan({"piqa"}, options, nullptr); }), "E0404");
}

TEST(Include, GroupFilesMayListTasksOrSpellOutMembers) {
  TempDir dir;
  dir.write("g.json", R"({"format": "samebits-group/1", "id": "g", "version": "1", "tasks": ["piqa", "arc_*"]})");
  PlanOptions options = limited(1);
  options.include_paths = {dir.path()};
  EXPECT_EQ(code_of([&] { make_plan({"g"}, options, nullptr); }), "E0401") << "patterns are for the user";
  dir.write("g.json", R"({"format": "samebits-group/1", "id": "g", "version": "1", "tasks": ["piqa", "ai2_arc"]})");
  EXPECT_EQ(make_plan({"g"}, options, nullptr).groups.at(0).tasks,
            (std::vector<std::string>{"piqa", "arc_challenge", "arc_easy"}));
  dir.write("g.json", R"({"format": "samebits-group/1", "id": "g", "version": "1", "tasks": ["g"]})");
  EXPECT_EQ(code_of([&] { make_plan({"g"}, options, nullptr); }), "E0417");
  dir.write("g.json", R"({"format": "samebits-group/1", "id": "g", "version": "1", "each": {"version": "${v}"},
                          "members": [{"id": "x"}]})");
  EXPECT_EQ(code_of([&] { make_plan({"g"}, options, nullptr); }), "E0404");
  dir.write("g.json", R"({"format": "samebits-group/2", "id": "g"})");
  EXPECT_EQ(code_of([&] { make_plan({"g"}, options, nullptr); }), "E0404");
  dir.write("g.json", R"({"format": "samebits-group/1", "id": "g", "id": "h"})");
  EXPECT_EQ(code_of([&] { make_plan({"g"}, options, nullptr); }), "E0602");
}

}  // namespace
}  // namespace samebits
