// Strict task files: every mistake is a coded error that names file and key.

#include "tasks/task_file.h"

#include <gtest/gtest.h>

#include "harness/core/canonical_json.h"
#include "tasks/plan.h"
#include "tests/support/errors.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

using nlohmann::json;

json minimal() {
  return json::parse(R"({
    "format": "samebits-task/1", "id": "t", "version": "1", "request": "multiple_choice",
    "data": {"licence": "MIT", "source": "here", "files": {"test": {"file": "d.jsonl"}}, "evaluate": "test"},
    "prompt": {"doc_to_text": "{{q}}", "doc_to_target": "gold", "doc_to_choice": "opts"},
    "metrics": [{"metric": "acc"}]
  })");
}

TEST(TaskFile, DefaultsAreLmEvals) {
  const TaskFile t = parse_task_file(minimal(), "folder/t.json");
  EXPECT_EQ(t.scoring, "lm-eval/0.4");
  EXPECT_EQ(t.seed, 1234u);
  EXPECT_EQ(t.prompt.target_delimiter, " ");
  EXPECT_EQ(t.prompt.fewshot_delimiter, "\n\n");
  EXPECT_EQ(t.fewshot.num, 0);
  EXPECT_EQ(t.data.files.at("test").format, "jsonl");
  EXPECT_EQ(t.folder, "folder");
  ASSERT_EQ(t.filters.size(), 1u);
  EXPECT_EQ(t.filters[0].name, "none");
}

TEST(TaskFile, MistakesNameFileAndKey) {
  struct Case {
    const char *patch, *code, *says;  // JSON merge patch over the minimal task
  };
  const Case cases[] = {
      {R"({"promt": {}})", "E0403", "\"prompt\""},
      {R"({"data": {"licens": "x"}})", "E0403", "\"licence\""},
      {R"({"prompt": {"doc_to_txt": "x"}})", "E0403", "doc_to_text"},
      {R"({"data": {"files": {"test": {"sha265": "x"}}}})", "E0403", "data.files.test.sha265"},
      {R"({"fewshot": {"shots": 5}})", "E0403", "fewshot.shots"},
      {R"({"id": null})", "E0404", "\"id\" is missing"},
      {R"({"version": 1.0})", "E0404", "version"},
      {R"({"format": "samebits-task/2"})", "E0404", "samebits-task/1"},
      {R"({"request": "multiple-choice"})", "E0404", "multiple_choice"},
      {R"({"data": {"evaluate": "tset"}})", "E0404", "data.evaluate"},
      {R"({"data": {"files": {"test": {"sha256": "ABC"}}}})", "E0404", "hex"},
      {R"({"data": {"files": {"test": {"format": "parquet"}}}})", "E0404", "csv"},
      {R"({"data": []})", "E0404", "an object"},
      {R"({"prompt": {"doc_to_choice": null}})", "E0404", "doc_to_choice"},
      {R"({"prompt": {"doc_to_text": [1]}})", "E0404", "prompt.doc_to_text"},
      {R"({"prompt": {"target_delimiter": 5}})", "E0404", "a string"},
      {R"({"fewshot": {"num": -1}})", "E0404", "out of range"},
      {R"({"fewshot": {"pool": "train"}})", "E0404", "train"},
      {R"({"fewshot": {"sampler": "random"}})", "E0404", "first_n"},
      {R"({"generation": {"until": []}})", "E0404", "generate_until"},
      {R"({"metrics": []})", "E0404", "metrics"},
      {R"({"metrics": [{"metric": "acc", "filter": "strict"}]})", "E0404", "none"},
      {R"({"metrics": [{"metric": "acc"}, {"metric": "acc"}]})", "E0404", "named twice"},
      {R"({"metrics": [{"metric": "acc"}, {"metric": "acc", "filter": "none"}]})", "E0404", "named twice"},
      {R"({"metrics": {"acc": 1}})", "E0404", "a list of objects"},
      {R"({"stages": [{"point": "between", "stage": "x"}]})", "E0404", "input"},
      {R"({"scoring": "helm/1"})", "E0404", "lm-eval/0.4"},
      {R"({"slices": {"label": 3}})", "E0404", "slices.label"},
  };
  for (const Case& c : cases) {
    json task = minimal();
    task.merge_patch(json::parse(c.patch));
    std::string message;
    EXPECT_EQ(code_of([&] { parse_task_file(task, "t.json"); }, &message), c.code) << c.patch << message;
    EXPECT_NE(message.find(c.says), std::string::npos) << c.patch << "\n" << message;
    EXPECT_NE(message.find("t.json"), std::string::npos) << message;
  }
  EXPECT_EQ(code_of([&] { parse_task_file(json::array(), "t.json"); }), "E0404");
}

TEST(TaskFile, ASplitThatIsNullIsMissing) {
  json task = minimal();
  task["data"]["files"]["test"] = nullptr;
  std::string message;
  EXPECT_EQ(code_of([&] { parse_task_file(task, "t.json"); }, &message), "E0404");
  EXPECT_NE(message.find("\"data.files.test\" is missing"), std::string::npos) << message;
}

TEST(TaskFile, AMetricIsComputedAfterEveryFilterUnlessItNamesOne) {
  json task = minimal();
  task.merge_patch(json::parse(R"({"filters": [{"name": "a", "steps": [{"function": "regex", "regex_pattern": "x"}]},
                                               {"name": "b", "steps": []}],
                                   "metrics": [{"metric": "acc"}, {"metric": "exact_match", "filter": "b"}]})"));
  const TaskFile t = parse_task_file(task, "t.json");
  ASSERT_EQ(t.metrics.size(), 3u);
  EXPECT_EQ(t.metrics[1].filter, "b");
  EXPECT_EQ(t.metrics[2].metric, "exact_match");
  EXPECT_EQ(t.filters[0].steps[0].args, (json{{"regex_pattern", "x"}}));
}

// ---- Documents that a task cannot use ----

struct Folder {
  TempDir dir;
  PlanOptions options;
  json task = minimal();

  Plan plan(const std::string& docs) {
    dir.write("d.jsonl", docs);
    dir.write("t.json", task.dump());
    options.include_paths = {dir.path()};
    return make_plan({"t"}, options, nullptr);
  }
  std::string code(const std::string& docs, std::string* message = nullptr) {
    return code_of([&] { plan(docs); }, message);
  }
};

constexpr char kGood[] = R"({"q": "x", "opts": ["a", "b"], "gold": 1})";

TEST(Task, GoldMustBeAmongTheChoices) {
  Folder f;
  EXPECT_EQ(f.plan(kGood).samples[0].gold, std::vector<int32_t>{1});
  EXPECT_EQ(f.plan(R"({"q": "x", "opts": ["a", "b"], "gold": "b"})").samples[0].gold, std::vector<int32_t>{1});
  EXPECT_EQ(f.plan(R"({"q": "x", "opts": ["a", "b"], "gold": true})").samples[0].gold, std::vector<int32_t>{1});
  EXPECT_EQ(f.plan(R"({"q": "x", "opts": ["a", "b"], "gold": [0, 1]})").samples[0].gold, (std::vector<int32_t>{0, 1}));
  for (const char* gold : {"2", "-1", "\"c\"", "[0, 2]", "null", "1.0"}) {
    std::string message;
    EXPECT_EQ(f.code(std::string(kGood) + "\n" + R"({"q": "x", "opts": ["a", "b"], "gold": )" + gold + "}", &message),
              "E0412")
        << gold;
    EXPECT_NE(message.find("document 1"), std::string::npos) << message;
  }
}

TEST(Task, TemplatesMustGiveTheRightKind) {
  Folder f;
  EXPECT_EQ(f.code(R"({"q": "x", "opts": [1, 2], "gold": 1})"), "E0411");
  EXPECT_EQ(f.code(R"({"q": "x", "opts": [], "gold": 1})"), "E0411");
  f.task["prompt"]["doc_to_text"] = "q";
  EXPECT_EQ(f.code(R"({"q": ["x"], "opts": ["a"], "gold": 0})"), "E0411");
  f.task["prompt"]["doc_to_text"] = "{{nothing}}";
  std::string message;
  EXPECT_EQ(f.code(kGood, &message), "E0311");
  EXPECT_NE(message.find("prompt.doc_to_text, document 0"), std::string::npos) << message;
  f.task["prompt"]["doc_to_text"] = "{{q";
  EXPECT_EQ(f.code(kGood), "E0310");
}

TEST(Task, SeveralInputsShareOneContinuation) {
  Folder f;
  f.task["prompt"] = json::parse(R"({"doc_to_text": "gold", "doc_to_choice": "opts", "doc_to_target": "q"})");
  const Plan plan = f.plan(kGood);
  ASSERT_EQ(plan.requests.size(), 2u);
  EXPECT_EQ(plan.requests[0].context, "a");
  EXPECT_EQ(plan.requests[1].context, "b");
  EXPECT_EQ(plan.requests[1].continuation, " x");
  EXPECT_EQ(plan.samples[0].gold, std::vector<int32_t>{1});
}

TEST(Task, GenPrefixBeginsTheAnswer) {
  Folder f;
  f.task["prompt"]["gen_prefix"] = "So:";
  EXPECT_EQ(f.plan(kGood).requests[0].context, "x So:");
  EXPECT_EQ(f.plan(kGood).requests[0].continuation, " a");
  ModelInfo model;
  model.chat_template =
      "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
      "{% if add_generation_prompt %}<assistant>{% endif %}";
  f.options.model = &model;
  f.options.apply_chat_template = true;
  EXPECT_EQ(f.plan(kGood).requests[0].context, "<user>x<assistant>So:");
  EXPECT_EQ(f.plan(kGood).requests[0].continuation, " a") << "the prefix ends without a blank";
}

TEST(Task, SamplingSeedsDependOnTheRequestAlone) {
  Folder f;
  f.task["request"] = "generate_until";
  f.task["prompt"].erase("doc_to_choice");
  f.task["prompt"]["doc_to_target"] = "q";
  f.task["generation"] = {{"temperature", 0.5}, {"repeats", 2}, {"until", json::array()}};
  const std::string docs = std::string(kGood) + "\n" + kGood;
  const Plan all = f.plan(docs);
  f.options.limit = 1;
  const Plan cut = f.plan(docs);
  ASSERT_EQ(cut.requests.size(), 2u);
  EXPECT_EQ(all.requests[1].sampling.seed, cut.requests[1].sampling.seed);
  EXPECT_NE(all.requests[0].sampling.seed, all.requests[1].sampling.seed);
  EXPECT_NE(all.requests[0].sampling.seed, all.requests[2].sampling.seed);
  EXPECT_EQ(all.tasks[0].filters[0].steps[0].function, "take_first");
  EXPECT_EQ(all.tasks[0].definition["generation"]["temperature"], "f64:3fe0000000000000") << "no floats in claims";
  EXPECT_NO_THROW(canonical(plan_json(all)));
}

TEST(Task, LimitsShotsAndChatAreChecked) {
  Folder f;
  f.options.limit = 0;
  EXPECT_EQ(f.code(kGood), "E0414");
  f.options = {};
  f.options.num_fewshot = -1;
  EXPECT_EQ(f.code(kGood), "E0413");
  f.options.num_fewshot = 1;
  EXPECT_EQ(f.code(kGood), "E0413") << "no pool";
  f.task["fewshot"] = {{"pool", "test"}};
  EXPECT_EQ(f.code(kGood), "");
  f.options.num_fewshot = 2;
  EXPECT_EQ(f.code(kGood), "E0413") << "pool too small";
  f.task["fewshot"]["leave_out_document"] = true;
  f.options.num_fewshot = 1;
  EXPECT_EQ(f.code(kGood), "E0413") << "only the document itself";
  f.options = {};
  f.options.apply_chat_template = true;
  EXPECT_EQ(f.code(kGood), "E0418");
  const ModelInfo base_model;
  f.options.model = &base_model;
  EXPECT_EQ(f.code(kGood), "E0418");
}

TEST(Task, TwoFilesMayNotDefineOneId) {
  Folder f;
  f.dir.write("other.json", f.task.dump());
  EXPECT_EQ(f.code(kGood), "E0406");
}

// ---- Groups whose members share one definition ----

TEST(GroupFile, MistakesInTheSharedDefinitionAreCodedErrors) {
  const auto code = [](const json& each, const json& member) {
    TempDir dir;
    const json group = {{"format", "samebits-group/1"},
                        {"id", "g"},
                        {"version", "1"},
                        {"each", each},
                        {"members", json::array({member})}};
    const std::string file = dir.write("g.json", group.dump());
    PlanOptions options;
    options.include_paths = {dir.path()};
    for (const TaskSummary& t : list_tasks(options))
      if (t.id == file) return t.missing.substr(0, t.missing.find(':'));
    return std::string();
  };
  const json member = {{"id", "m"}, {"x", "y"}, {"", "z"}};
  EXPECT_EQ(code({{"about", "${x} ${}"}}, member), "");
  EXPECT_EQ(code({{"about", "${"}}, member), "E0404");
  EXPECT_EQ(code({{"about", "${x} ${x"}}, member), "E0404");
  EXPECT_EQ(code({{"about", "${q}"}}, member), "E0404");
  EXPECT_EQ(code(json::array(), member), "E0404");
  EXPECT_EQ(code("text", member), "E0404");
}

TEST(GroupFile, MembersCannotGrowWithoutBound) {
  TempDir dir;
  std::string uses;
  for (int i = 0; i < 200; ++i) uses += "${x}";
  const json group = {{"format", "samebits-group/1"},
                      {"id", "g"},
                      {"version", "1"},
                      {"each", {{"about", uses}}},
                      {"members", json::array({{{"id", "m"}, {"x", std::string(400000, 'x')}}})}};  // 80 MB
  dir.write("g.json", group.dump());
  PlanOptions options;
  options.include_paths = {dir.path()};
  std::string message;
  EXPECT_EQ(code_of([&] { make_plan({"m"}, options, nullptr); }, &message), "E0404");
  EXPECT_NE(message.find("MiB"), std::string::npos) << message;
}

TEST(Task, AGivenSeedOverridesTheTasksEvenWhenItIsTheDefault) {
  Folder f;
  std::string docs;
  for (char c = 'a'; c <= 'z'; ++c) docs += std::string(R"({"opts": ["a"], "gold": 0, "q": ")") + c + "\"}\n";
  f.task["fewshot"] = {{"pool", "test"}, {"num", 5}};
  const std::string usual = f.plan(docs).requests[0].context;
  f.task["seed"] = 7;
  EXPECT_NE(f.plan(docs).requests[0].context, usual);
  f.options.seed = 1234;
  EXPECT_EQ(f.plan(docs).requests[0].context, usual);
}

TEST(Task, PathsOfThisMachineStayOutOfTheDefinition) {
  Folder a, b;
  const Plan here = a.plan(kGood);
  b.task["data"]["files"]["test"]["file"] = a.dir / "d.jsonl";
  const Plan there = b.plan(kGood);
  EXPECT_EQ(there.tasks[0].definition["data"]["files"]["test"]["file"], "d.jsonl");
  EXPECT_EQ(here.tasks[0].digest, there.tasks[0].digest);
}

}  // namespace
}  // namespace samebits
