// lm-eval YAML: PyYAML's meaning of scalars, includes, groups, and the refusals.

#include <gtest/gtest.h>

#include "harness/text/python_text.h"
#include "tasks/plan.h"
#include "tasks/yaml_task.h"
#include "tasks/yaml_value.h"
#include "tests/support/errors.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

using nlohmann::json;

// Floats as "f:" + Python's repr, everything else as JSON.
std::string shown(const nlohmann::ordered_json& v) {
  return v.is_number_float() ? "f:" + py_repr(v.get<double>()) : v.dump();
}

TEST(Yaml, PlainScalarsMeanWhatPyYamlSays) {
  // Written by PyYAML 6.0.3 (yaml.load with CSafeLoader).
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"", "null"},
      {"~", "null"},
      {"null", "null"},
      {"Null", "null"},
      {"nUll", "\"nUll\""},
      {"yes", "true"},
      {"Yes", "true"},
      {"YES", "true"},
      {"yEs", "\"yEs\""},
      {"y", "\"y\""},
      {"n", "\"n\""},
      {"no", "false"},
      {"on", "true"},
      {"Off", "false"},
      {"OFF", "false"},
      {"true", "true"},
      {"True", "true"},
      {"tRUE", "\"tRUE\""},
      {"1", "1"},
      {"+1", "1"},
      {"-1", "-1"},
      {"0", "0"},
      {"00", "0"},
      {"007", "7"},
      {"017", "15"},
      {"08", "\"08\""},
      {"0o17", "\"0o17\""},
      {"0b101", "5"},
      {"-0b11", "-3"},
      {"0x1F", "31"},
      {"0X1F", "\"0X1F\""},
      {"1_000", "1000"},
      {"_1", "\"_1\""},
      {"1__0", "10"},
      {"0_7", "7"},
      {"12:30", "750"},
      {"1:30:45", "5445"},
      {"12:60", "\"12:60\""},
      {"1:5", "65"},
      {"9223372036854775807", "9223372036854775807"},
      {"1.0", "f:1.0"},
      {"1.", "f:1.0"},
      {"0.5", "f:0.5"},
      {".5", "f:0.5"},
      {"-.5", "\"-.5\""},
      {"+.5", "\"+.5\""},
      {"1e5", "\"1e5\""},
      {"1.0e5", "\"1.0e5\""},
      {"1.0e+5", "f:100000.0"},
      {"1.5E-3", "f:0.0015"},
      {"1.e+2", "f:100.0"},
      {"1_0.5_0", "f:10.5"},
      {".inf", "f:inf"},
      {"-.inf", "f:-inf"},
      {"+.INF", "f:inf"},
      {".nan", "f:nan"},
      {".NaN", "f:nan"},
      {"-.nan", "\"-.nan\""},
      {"1.2.3", "\"1.2.3\""},
      {"hello", "\"hello\""},
      {"3.10", "f:3.1"},
      {"+", "\"+\""},
      {".", "\".\""},
      {"0.", "f:0.0"},
      {"1.0e", "\"1.0e\""},
      {"=x", "\"=x\""},
      {"0x", "\"0x\""},
      {"0b", "\"0b\""},
      {"1e+5", "\"1e+5\""},
      {"1._5", "f:1.5"},
      {"._5", "\"._5\""},
      {"-0", "0"},
      {"0.1", "f:0.1"},
      {"100000000000000000000.0", "f:1e+20"},
      {"1.7976931348623157e+308", "f:1.7976931348623157e+308"}};
  for (const auto& [text, value] : expected) {
    EXPECT_EQ(shown(resolve_plain_scalar(text)), value) << text;
    EXPECT_EQ(shown(parse_yaml("a: " + text, "t.yaml")["a"]), value) << text;
    EXPECT_EQ(parse_yaml("a: '" + text + "'", "t.yaml")["a"], text) << "quoted";
  }
}

TEST(Yaml, MappingsAreBounded) {
  std::string keys, merges = "<<: [";
  for (int i = 0; i < 5000; ++i) keys += "k" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(code_of([&] { parse_yaml(keys, "t.yaml"); }), "E0405");
  for (int m = 0; m < 60; ++m) {
    merges += m ? ", {" : "{";
    for (int i = 0; i < 100; ++i) merges += (i ? ", k" : "k") + std::to_string(m * 100 + i) + ": 1";
    merges += "}";
  }
  EXPECT_EQ(code_of([&] { parse_yaml(merges + "]\n", "t.yaml"); }), "E0405");
}

TEST(Yaml, TextsKeepTheirBytes) {
  const auto text = [](const std::string& yaml) { return parse_yaml(yaml, "t.yaml")["a"].get<std::string>(); };
  // Each right-hand side as PyYAML 6.0.3 gives it.
  EXPECT_EQ(text("a: |\n  x\n\n  y \n\n\nb: 1\n"), "x\n\ny \n");
  EXPECT_EQ(text("a: |-\n  x\n   y\n\nb: 1\n"), "x\n y");
  EXPECT_EQ(text("é: 1\na: 'x\n\n\n  '\nb: ''\n"), "x\n\n") << "lm-eval's descriptions end so";
  EXPECT_EQ(text("a: 'x''\n\n\n\n  y\n\n\n'"), "x'\n\n\ny\n\n");
  EXPECT_EQ(text("a: 'x\n  '"), "x ");
  EXPECT_EQ(text("a: '\n\n\n'"), "\n\n");
  EXPECT_EQ(text("a: \"x\\n\n\n\n  \""), "x\n\n\n");
  EXPECT_EQ(text("a: \"x\\\"\n\n\n\n\""), "x\"\n\n\n");
  EXPECT_EQ(text("a: \"\\n\\n\""), "\n\n");
  EXPECT_EQ(text("a: |+\n  x\n\nb: 1\n"), "x\n\n");
  EXPECT_EQ(text("a: >\n  x\n  y\n\n  z\n"), "x y\nz\n");
  EXPECT_EQ(text("a: >-\n  x\n  y\n"), "x y");
  EXPECT_EQ(text("a: \"x\\n\\ty \\\n   z\\u00e9\"\n"), "x\n\ty z\u00e9");
  EXPECT_EQ(text("a: 'it''s\n  two'\n"), "it's two");
  EXPECT_EQ(text("a: x # comment\n"), "x");
  EXPECT_EQ(text("a: x#y\n"), "x#y");
}

TEST(Yaml, KeysMergeAndTheLastOfEqualOnesWins) {
  const json v = parse_yaml("base: &b {x: 1, y: 2}\nc:\n  <<: *b\n  y: 3\nd: 1\nd: 2\n", "t.yaml");
  EXPECT_EQ(v["c"], (json{{"x", 1}, {"y", 3}}));
  EXPECT_EQ(v["d"], 2);
}

TEST(Yaml, BadTextIsACodedError) {
  for (const char* text : {"a: [1", "a: b: c", "\t- x", "a: *nowhere", "? [1]\n: 2", "a: \"x"})
    EXPECT_EQ(code_of([&] { parse_yaml(text, "t.yaml"); }), "E0405") << text;
  std::string deep;
  for (int i = 0; i < 300; ++i) deep += "[";
  EXPECT_EQ(code_of([&] { parse_yaml("a: " + deep, "t.yaml"); }), "E0405");
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";  // 10^9 values once aliases are followed
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int k = 0; k < 9; ++k) bomb += "," + last;
    bomb += "]\n";
  }
  EXPECT_EQ(code_of([&] { parse_yaml(bomb, "t.yaml"); }), "E0405");
}

// ---- Tasks ----

constexpr char kData[] = R"({"q": "1+1?", "a": "2", "opts": ["1", "2"], "gold": 1}
{"q": "2+2?", "a": "4", "opts": ["4", "5"], "gold": 0}
{"q": "3+3?", "a": "6", "opts": ["7", "6"], "gold": 1}
)";

constexpr char kBase[] = R"(dataset_path: json
dataset_kwargs:
  data_files: {test: docs.jsonl}
test_split: test
output_type: multiple_choice
doc_to_text: "Q: {{q}}"
doc_to_target: gold
doc_to_choice: opts
)";

struct Folder {
  TempDir dir;
  PlanOptions options;
  Folder() {
    dir.write("docs.jsonl", kData);
    dir.write("base_yaml", kBase);
    options.include_paths = {dir.path()};
  }
  Plan plan(const std::string& name) const { return make_plan({name}, options, nullptr); }
};

TEST(YamlTask, IncludesMergeAndTheFileWins) {
  Folder f;
  f.dir.write("t.yaml", "include: base_yaml\ntask: t\ndoc_to_text: \"{{q}} ->\"\nmetadata: {version: 1.0}\n");
  const Plan plan = f.plan("t");
  ASSERT_EQ(plan.requests.size(), 6u);
  EXPECT_EQ(plan.requests[1].context, "1+1? ->");
  EXPECT_EQ(plan.requests[1].continuation, " 2");
  EXPECT_EQ(plan.tasks[0].version, "1.0");
  EXPECT_EQ(plan.samples[0].gold, std::vector<int32_t>{1});
  ASSERT_EQ(plan.tasks[0].metrics.size(), 2u);  // lm-eval's default for multiple choice
}

TEST(YamlTask, NamesOverrideShippedOnes) {
  Folder f;
  f.dir.write("t.yaml", "include: base_yaml\ntask: arc_easy\n");
  EXPECT_EQ(f.plan("arc_easy").samples.size(), 3u);
}

TEST(YamlTask, FewshotFollowsLmEvalsRules) {
  Folder f;
  f.dir.write("self.yaml", "include: base_yaml\ntask: self\nfewshot_split: test\n");
  f.options.num_fewshot = 2;
  // Pool and evaluated set are one split: the document itself never stands in front of itself.
  for (const Request& r : f.plan("self").requests) {
    const std::string question = r.context.substr(r.context.rfind("Q: "));
    EXPECT_EQ(r.context.find(question), r.context.rfind(question)) << r.context;
  }
  f.dir.write("fixed.yaml", "include: base_yaml\ntask: fixed\nnum_fewshot: 0\n");
  EXPECT_EQ(f.plan("fixed").tasks[0].num_fewshot, 0) << "0 in the file cannot be overridden";
  f.dir.write("own.yaml",
              "include: base_yaml\ntask: own\nfewshot_config:\n  sampler: first_n\n"
              "  samples: [{q: a, opts: [b], gold: 0}]\n");
  f.options.num_fewshot = 1;
  EXPECT_EQ(f.plan("own").requests[0].context, "Q: a b\n\nQ: 1+1?");
}

TEST(YamlTask, GenerationDefaultsAndAliases) {
  Folder f;
  const std::string base = "include: base_yaml\noutput_type: generate_until\ndoc_to_choice: null\ndoc_to_target: a\n";
  f.dir.write("a.yaml", base + "task: a\n");
  f.dir.write("b.yaml",
              base + "task: b\ngeneration_kwargs: {until: stop, max_tokens: 7, max_gen_toks: 9}\nrepeats: 2\n");
  const Plan a = f.plan("a"), b = f.plan("b");
  EXPECT_EQ(a.requests[0].until, std::vector<std::string>{"\n\n"});
  EXPECT_EQ(a.requests[0].max_tokens, 256);
  EXPECT_EQ(b.requests[0].until, std::vector<std::string>{"stop"});
  EXPECT_EQ(b.requests[0].max_tokens, 9);
  EXPECT_EQ(b.samples[0].n_requests, 2u);
  EXPECT_EQ(b.samples[0].targets, std::vector<std::string>{"2"});
}

TEST(YamlTask, GroupsAndTags) {
  Folder f;
  f.dir.write("t1.yaml", "include: base_yaml\ntask: t1\ntag: both\n");
  f.dir.write("t2.yaml", "include: base_yaml\ntask: t2\ntag: [both]\n");
  f.dir.write("g.yaml",
              "group: g\ntask: [t1, {task: t2, num_fewshot: 1}, piqa]\n"
              "aggregate_metric_list: {metric: acc, weight_by_size: false}\n");
  f.options.limit = 2;
  const Plan plan = f.plan("g");
  ASSERT_EQ(plan.groups.size(), 1u);
  EXPECT_EQ(plan.groups[0].tasks, (std::vector<std::string>{"t1", "t2", "piqa"}));
  EXPECT_FALSE(plan.groups[0].weight_by_size);
  EXPECT_EQ(plan.tasks[1].num_fewshot, 1);
  const Plan tagged = f.plan("both");
  EXPECT_EQ(tagged.tasks.size(), 2u);
  EXPECT_TRUE(tagged.groups.empty());
}

TEST(YamlTask, WhatNeedsPythonIsRefusedByName) {
  Folder f;
  const auto refused = [&](const std::string& lines, const std::string& code, const std::string& says) {
    f.dir.write("t.yaml", "include: base_yaml\ntask: t\n" + lines);
    std::string message;
    EXPECT_EQ(code_of([&] { f.plan("t"); }, &message), code) << lines << message;
    EXPECT_NE(message.find(says), std::string::npos) << message;
    EXPECT_NE(message.find("t.yaml"), std::string::npos) << message;
  };
  refused("process_docs: !function utils.process_docs\n", "E0415", "process_docs");
  refused("metric_list: [{metric: !function m.f}]\n", "E0415", "metric_list[0].metric");
  refused("class: !function task.T\n", "E0415", "class");
  refused("dataset_path: allenai/ai2_arc\n", "E0416", "dataset_path");
  refused("doc_to_image: image\n", "E0416", "doc_to_image");
  refused("metric_list: [{metric: acc, aggregation: median}]\n", "E0416", "median");
  refused("metric_list: [{metric: acc, hf_evaluate: true}]\n", "E0416", "evaluate");
  refused("doc_to_txt: x\n", "E0403", "doc_to_text");
  refused("test_split: tset\n", "E0404", "tset");
  refused("generation_kwargs: {tmperature: 1}\noutput_type: generate_until\n", "E0403", "temperature");
  refused("include: nowhere.yaml\n", "E0417", "nowhere.yaml");
  refused("include: t.yaml\n", "E0417", "itself");
}

TEST(YamlTask, GroupsOfGroups) {
  Folder f;
  for (const char* id : {"t1", "t2", "t3"})
    f.dir.write(std::string(id) + ".yaml", std::string("include: base_yaml\ntask: ") + id + "\ntag: three\n");
  f.dir.write("inner.yaml", "group: inner\ntask: [t1, t2]\n");
  f.dir.write("outer.yaml", "group: outer\ntask: [inner, t3, {group: here, task: [three]}]\n");
  f.options.limit = 2;
  const Plan plan = f.plan("outer");
  std::map<std::string, std::vector<std::string>> groups;
  for (const Group& group : plan.groups) groups[group.id] = group.tasks;
  EXPECT_EQ(groups["inner"], (std::vector<std::string>{"t1", "t2"}));
  EXPECT_EQ(groups["outer"], (std::vector<std::string>{"t1", "t2", "t3"})) << "a group of groups holds their tasks";
  EXPECT_EQ(f.plan("inner").groups.size(), 1u) << "selected alone";
}

TEST(YamlTask, GroupMistakesAreCodedErrors) {
  Folder f;
  f.dir.write("g.yaml", "group: g\ntask: [g]\n");
  EXPECT_EQ(code_of([&] { f.plan("g"); }), "E0417");
  f.dir.write("g.yaml", "group: g\ntask: [arc_esay]\n");
  EXPECT_EQ(code_of([&] { f.plan("g"); }), "E0401");
  f.dir.write("g.yaml", "group: g\ntask: arc_easy\n");
  EXPECT_EQ(code_of([&] { f.plan("g"); }), "E0416");
}

// Each level names the next one twice: 2^20 loads or 2^15 members.
TEST(YamlTask, WorkThatDoublesAtEveryLevelIsRefused) {
  Folder f;
  for (int i = 0; i < 20; ++i) {
    const std::string next = i < 19 ? "f" + std::to_string(i + 1) : "base_yaml";
    const std::string name = i == 0 ? "doubled.yaml" : "f" + std::to_string(i);
    f.dir.write(name, "task: doubled\ninclude: [" + next + ", " + next + "]\n");
  }
  EXPECT_EQ(code_of([&] { f.plan("doubled"); }), "E0417");
}

TEST(YamlTask, GroupsThatDoubleAtEveryLevelAreRefused) {
  for (const bool yaml : {true, false}) {
    Folder f;
    f.dir.write("t.yaml", "include: base_yaml\ntask: t\n");
    for (int i = 0; i < 15; ++i) {
      const std::string id = "g" + std::to_string(i), next = i < 14 ? "g" + std::to_string(i + 1) : "t";
      const json group = {{"format", "samebits-group/1"}, {"id", id}, {"version", "1"}, {"tasks", {next, next}}};
      f.dir.write(id + (yaml ? ".yaml" : ".json"),
                  yaml ? "group: " + id + "\ntask: [" + next + ", " + next + "]\n" : group.dump());
    }
    f.options.limit = 1;
    std::string message;
    EXPECT_EQ(code_of([&] { f.plan("g0"); }, &message), "E0417") << yaml;
    EXPECT_NE(message.find("members"), std::string::npos) << message;
    EXPECT_NO_THROW(f.plan("g12"));
  }
}

TEST(YamlTask, AFileThatCannotBeReadIsListedWithTheReason) {
  Folder f;
  f.dir.write("t.yaml", "include: base_yaml\ntask: t\n");
  const std::string broken = f.dir.write("broken.yaml", "task: [\n");
  bool seen = false;
  for (const TaskSummary& t : list_tasks(f.options))
    if (t.id == broken) seen = t.missing.find("E0405") != std::string::npos;
  EXPECT_TRUE(seen);
  EXPECT_EQ(code_of([&] { f.plan("arc_easy"); }), "E0405") << "it may be the one of that file";
  EXPECT_EQ(f.plan("t").samples.size(), 3u);
}

TEST(YamlTask, AFileThatCannotBeReadHidesNoTaskOfAnotherFormat) {
  Folder f;
  f.dir.write("t.yaml", "include: base_yaml\ntask: t\n");
  f.dir.write("g.json", R"({"format": "samebits-group/1", "id": "g", "version": "1", "tasks": ["t"]})");
  f.dir.write("broken.yaml", "task: [\n");
  EXPECT_EQ(f.plan("g").samples.size(), 3u);
  f.dir.write("broken.yaml", "");
  f.dir.write("broken.json", "{");
  EXPECT_EQ(f.plan("t").samples.size(), 3u);
  EXPECT_EQ(code_of([&] { f.plan("arc_easy"); }), "E0602");
}

// lm-eval's own folder has such files; they may not keep the others from being used.
TEST(YamlTask, TwoFilesOfOneNameConcernThatNameOnly) {
  Folder f;
  for (const char* name : {"a", "b"}) f.dir.write(std::string(name) + ".yaml", "include: base_yaml\ntask: twice\n");
  f.dir.write("t.yaml", "include: base_yaml\ntask: t\n");
  EXPECT_EQ(code_of([&] { f.plan("twice"); }), "E0406");
  EXPECT_EQ(f.plan("t").samples.size(), 3u);
  bool seen = false;
  for (const TaskSummary& t : list_tasks(f.options))
    if (t.id == "twice") seen = t.missing.find("E0406") != std::string::npos;
  EXPECT_TRUE(seen);
}

TEST(YamlTask, AFileWithAClassIsATaskInPythonWhateverItsGroup) {
  Folder f;
  for (const std::string name : {"a", "b"}) f.dir.write(name + ".yaml", "group: g\ntask: " + name + "\nclass: C\n");
  EXPECT_EQ(code_of([&] { f.plan("a"); }), "E0415");
  EXPECT_EQ(code_of([&] { f.plan("g"); }), "E0401");
}

}  // namespace
}  // namespace samebits
