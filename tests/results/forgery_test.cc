// Forgers who make everything that can be derived fit again: what each verification level must find nevertheless.
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "results/bundle.h"
#include "results/claims.h"
#include "results/verify.h"
#include "tests/results/fake_run.h"
#include "tests/support/errors.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// What a forger may change before scores, digests and reports are computed from it, as an honest run would.
struct Forged {
  Plan plan = fake_plan();
  Responses responses = fake_responses(plan);
};
using Forge = std::function<void(Forged&)>;

// Task files and data at hand, as a test wants them; the honest ones by default.
struct FakeTasks : TasksHere {
  std::function<Known<Plan>(uint32_t task)> plan = [](uint32_t) { return fake_plan(); };
  Known<Plan> task(const StoredRun&, uint32_t task) override { return plan(task); }
  Known<Group> group(const std::string&) override { return fake_plan().groups[0]; }
  Known<json> suite(const json&) override { return fake_plan().suite; }
};

class Forgery : public testing::Test {
 protected:
  void write(const Forge& forge) {
    fs::remove_all(bundle_);
    Forged f;
    forge(f);
    const Scores scores = score(f.plan, f.responses);
    const ModelInfo model = fake_model();
    write_bundle(bundle_, {{f.plan, f.responses, scores, model}, {}, {}});
  }

  VerifyReport verify(int level, TasksHere* here = nullptr) {
    static const FakeRunner runner;
    FakeBackend backend;
    return verify_bundle(bundle_, {level, 6, 0, here}, &backend, &runner);
  }

  // The first difference that the level names, "where: field"; empty for none.
  std::string found(const Forge& forge, int level = 2, TasksHere* here = nullptr) {
    write(forge);
    const std::optional<Difference> d = verify(level, here).difference;
    return d ? d->where + ": " + d->field : "";
  }

  TempDir temp_;
  FakeTasks honest_;
  const std::string bundle_ = temp_ / "a";
};

// Removes a sample and its requests, and closes the gaps.
void drop_sample(Forged& f, size_t at) {
  const Sample gone = f.plan.samples[at];
  const auto first = static_cast<std::ptrdiff_t>(gone.first_request), last = first + gone.n_requests;
  f.plan.samples.erase(f.plan.samples.begin() + static_cast<std::ptrdiff_t>(at));
  f.plan.requests.erase(f.plan.requests.begin() + first, f.plan.requests.begin() + last);
  f.responses.erase(f.responses.begin() + first, f.responses.begin() + last);
  for (Sample& s : f.plan.samples)
    if (s.first_request > gone.first_request) s.first_request -= gone.n_requests;
  for (uint32_t i = 0; i < f.plan.requests.size(); ++i) {
    Request& r = f.plan.requests[i];
    r.index = f.responses[i]->index = i;
    if (r.sample > at) --r.sample;
  }
}

// ---- Tasks, documents, gold answers and prompts, with the data at hand ----

TEST_F(Forgery, TheDataAtHandNameTaskDocumentAndField) {
  const auto at_hand = [&](const Forge& forge) { return found(forge, 2, &honest_); };
  EXPECT_EQ(at_hand([](Forged&) {}), "");
  EXPECT_EQ(at_hand([](Forged& f) { f.plan.samples[1].gold = {0}; }), "task choice, doc 1: gold/0");
  EXPECT_EQ(at_hand([](Forged& f) { f.plan.samples[1].choices[0] = "x"; }), "task choice, doc 1: choices/0");
  EXPECT_EQ(at_hand([](Forged& f) { f.plan.samples[4].targets = {"x"}; }), "task Chat-Task, doc 1: targets/0");
  EXPECT_EQ(at_hand([](Forged& f) { f.plan.samples[5].words = 9; }), "task rolling, doc 0: words");
  EXPECT_EQ(at_hand([](Forged& f) { f.plan.samples[2].doc_digest = "x"; }), "task choice, doc 2: doc_digest");
  EXPECT_EQ(at_hand([](Forged& f) { f.plan.samples[0].slices["label"] = "x"; }), "task choice, doc 0: slices/1/1");
  EXPECT_EQ(at_hand([](Forged& f) { f.plan.requests[3].context += "!"; }), "task choice, doc 1, request 1: context");
  EXPECT_EQ(at_hand([](Forged& f) { f.plan.requests[7].until = {"x"}; }), "task Chat-Task, doc 1, request 0: until/0");
  EXPECT_EQ(at_hand([](Forged& f) { f.plan.requests[6].max_tokens = 9; }),
            "task Chat-Task, doc 0, request 0: max_tokens");
  EXPECT_EQ(at_hand([](Forged& f) { f.plan.tasks[0].metrics[0].args = json::object(); }),
            "task choice: metrics/0/args");
  EXPECT_EQ(at_hand([](Forged& f) { f.plan.tasks[0].num_fewshot = 5; }), "task choice: num_fewshot");
  EXPECT_EQ(at_hand([](Forged& f) { f.plan.tasks[0].version = "2.0"; }), "task choice: version");
  // Two documents swapped under their old numbers.
  EXPECT_EQ(at_hand([](Forged& f) {
              std::swap(f.plan.samples[0].gold, f.plan.samples[1].gold);
              std::swap(f.plan.samples[0].doc_digest, f.plan.samples[1].doc_digest);
            }),
            "task choice, doc 0: doc_digest");
}

TEST_F(Forgery, LongPromptsAreShownWhereTheyDiffer) {
  const std::string shots(5000, 'a');
  const auto with_shots = [&](Plan& plan) { plan.requests[0].context = shots + plan.requests[0].context; };
  write([&](Forged& f) { with_shots(f.plan), f.plan.requests[0].context += "forged"; });
  honest_.plan = [&](uint32_t) {
    Plan plan = fake_plan();
    with_shots(plan);
    return plan;
  };
  const Difference d = verify(2, &honest_).difference.value();
  EXPECT_EQ(d.where, "task choice, doc 0, request 0");
  EXPECT_NE(d.stored.find("Answer:forged"), std::string::npos) << d.stored;
  EXPECT_LT(d.stored.size(), 300u);
}

TEST_F(Forgery, WhatIsNotAtHandIsSaidAndNeverPassedSilently) {
  write([](Forged& f) { f.plan.samples[1].gold = {0}; });
  const VerifyReport nothing = verify(2);
  EXPECT_TRUE(nothing.equal());
  ASSERT_EQ(nothing.plans.size(), 5u);
  for (const PlanCheck& check : nothing.plans) EXPECT_FALSE(check.unknown.empty()) << check.name;
  const auto row = [](const VerifyReport& report, size_t i) { return verify_json(report)["plans"][i].dump(); };
  EXPECT_EQ(row(nothing, 0), R"({"equal":null,"kind":"suite","name":"","reason":"no task files are at hand"})");
  EXPECT_NE(verify_text(nothing).find("0 of 3 tasks equal"), std::string::npos) << verify_text(nothing);
  EXPECT_NE(verify_text(nothing).find("NOT compared: suite, group both, task choice and 2 more"), std::string::npos)
      << verify_text(nothing);
  // Of one task the data are not here, and that is the forged one.
  honest_.plan = [](uint32_t t) -> Known<Plan> {
    if (t == 0) return Unknown{"its data are not here"};
    return fake_plan();
  };
  const VerifyReport some = verify(2, &honest_);
  EXPECT_TRUE(some.equal());
  EXPECT_EQ(row(some, 1), R"({"equal":true,"kind":"group","name":"both","reason":null})");
  EXPECT_EQ(row(some, 2), R"({"equal":null,"kind":"task","name":"choice","reason":"its data are not here"})");
  EXPECT_EQ(row(some, 3), R"({"equal":true,"kind":"task","name":"Chat-Task","reason":null})");
  EXPECT_TRUE(verify(0, &honest_).plans.empty()) << "level 0 compares no plan";
}

TEST_F(Forgery, GroupsAndShippedSuitesAreComparedToo) {
  EXPECT_EQ(found([](Forged& f) { f.plan.groups[0].weight_by_size = false; }, 2, &honest_),
            "group both: weight_by_size");
  EXPECT_EQ(found([](Forged& f) { f.plan.suite["share"] = 0.5; }, 2, &honest_), "claims/run.json, key/suite: share");
}

// ---- The plan's own parts, without any data ----

TEST_F(Forgery, ItemsThatWereMovedDoubledOrLeftOutAreNamed) {
  EXPECT_EQ(found([](Forged& f) { std::swap(f.plan.samples[0].doc_id, f.plan.samples[1].doc_id); }),
            "task choice, doc 0: doc_id");
  EXPECT_EQ(found([](Forged& f) { f.plan.samples[1].doc_id = 0; }), "task choice, doc 0: doc_id");
  EXPECT_EQ(found([](Forged& f) { f.plan.samples[2].doc_id = 3; }), "task choice, doc 3: doc_id");
  // The wrong answer is dropped: from a run that says it is whole, then from one that admits a --limit.
  EXPECT_EQ(found([](Forged& f) { drop_sample(f, 1); }), "task choice: partial");
  EXPECT_EQ(found([](Forged& f) { drop_sample(f, 1), f.plan.tasks[0].partial = true; }), "task choice, doc 2: doc_id");
  EXPECT_EQ(found([](Forged& f) { drop_sample(f, 2), f.plan.tasks[0].partial = true; }), "");
  EXPECT_EQ(found([](Forged& f) { drop_sample(f, 2), f.plan.tasks[0].n_docs = 2; }, 2, &honest_),
            "task choice: n_docs");
}

TEST_F(Forgery, ADefinitionMustHaveItsDigest) {
  EXPECT_EQ(found([](Forged& f) { f.plan.tasks[0].definition["Template"] = "{{x}}"; }), "task choice: digest");
  EXPECT_EQ(found([](Forged& f) { f.plan.tasks[2].digest = std::string(64, '0'); }), "task rolling: digest");
}

TEST_F(Forgery, GroupsHaveAllTheirTasks) {
  EXPECT_EQ(found([](Forged& f) { f.plan.groups[0].tasks = {"choice", "a bad one", "rolling"}; }), "group both: tasks");
}

TEST_F(Forgery, APartOfASuiteNeverPassesAsTheWhole) {
  const auto suite = [](json tasks) {
    return [tasks = std::move(tasks)](Forged& f) { f.plan.suite = {{"seed", 1234}, {"tasks", tasks}}; };
  };
  const json both = {{"task", "both"}}, chat = {{"task", "Chat-Task"}}, missing = {{"task", "left_out"}};
  const json pinned = {{"task", "choice"}, {"digest", std::string(64, 'a')}}, two = {{"task", "both"}, {"limit", 2}};
  const json all = json::array({both, chat});
  EXPECT_EQ(found(suite(all)), "");
  EXPECT_EQ(found(suite(json::array({both, missing}))), "claims/run.json: key/suite/tasks/1");
  EXPECT_EQ(found(suite(json::array({both}))), "task Chat-Task: id");
  EXPECT_EQ(found(suite(json::array({pinned}))), "task choice: digest");
  // The suite's own limit is official, a shorter run is partial.
  const Forge limited = suite(json::array({two, chat}));
  EXPECT_EQ(found([&](Forged& f) { limited(f), drop_sample(f, 2); }), "");
  EXPECT_EQ(found([&](Forged& f) { limited(f), drop_sample(f, 2), drop_sample(f, 1); }), "task choice: partial");
  EXPECT_EQ(found([&](Forged& f) { suite(all)(f), f.plan.seed = 7; }), "claims/run.json: key/seed");
  // With a limit that no suite can have, fewer documents would be the whole run.
  for (const json& limit :
       {json(-1), json(0), json((uint64_t{1} << 32) + 1), json((uint64_t{1} << 53) - 1), json("2"), json()}) {
    const Forge hostile = suite(json::array({json{{"task", "both"}, {"limit", limit}}, chat}));
    EXPECT_EQ(code_of([&] { found([&](Forged& f) { hostile(f), drop_sample(f, 2); }); }), "E0610") << limit;
  }
}

TEST_F(Forgery, SafetyStagesJudgeAgainWithoutAModel) {
  const std::string first = "task Chat-Task, doc 0, request 0: ", second = "task Chat-Task, doc 1, request 0: ";
  // The first reply is blocked, the second is not: a block declared passed, a reply declared blocked, another category,
  // another stage, none at all.
  EXPECT_EQ(found([](Forged& f) {
              f.responses[6]->stop = Stop::eos;
              f.responses[6]->stages[0].block = false;
            }),
            first + "stop");
  EXPECT_EQ(found([](Forged& f) {
              f.responses[7]->stop = Stop::blocked;
              f.responses[7]->stages[0].block = true;
            }),
            second + "stop");
  EXPECT_EQ(found([](Forged& f) { f.responses[6]->stages[0].category = "x"; }), first + "stages/0/category");
  EXPECT_EQ(found([](Forged& f) { f.responses[6]->stages[0].digest = "x"; }), first + "stages/0/digest");
  EXPECT_EQ(found([](Forged& f) { f.responses[7]->stages.clear(); }), second + "stages");
  // A wrong answer of a task without stages, declared blocked so that its token scores are not looked at.
  EXPECT_EQ(found([](Forged& f) { f.responses[2]->stop = Stop::blocked; }), "task choice, doc 1, request 0: stop");
}

// ---- With the model ----

TEST_F(Forgery, AForgedAnswerIsNamedBeforeAStaleReport) {
  const Forge forge = [](Forged& f) { f.responses[2]->tokens[1].logsumexp = f.responses[2]->tokens[1].max_logit; };
  write([&](Forged& f) {
    forge(f);
    f.responses[2]->loglikelihood = static_cast<double>(f.responses[2]->tokens[1].logit) -
                                    f.responses[2]->tokens[1].logsumexp;  // the first token's is 0
  });
  EXPECT_TRUE(verify(2, &honest_).equal()) << "nothing but the model says otherwise";
  // The report is an honest run's.
  const std::string stale = temp_ / "b";
  write_fake_bundle(stale);
  fs::copy_file(stale + "/reports/report.txt", bundle_ + "/reports/report.txt", fs::copy_options::overwrite_existing);
  const auto sums = [&] {
    std::string lines;
    for (const auto& [path, bytes] : tree(bundle_))
      if (path != kSumsName) lines += sha256_hex(bytes) + "  " + path + "\n";
    return lines;
  };
  spew(bundle_ + "/" + kSumsName, sums());
  EXPECT_EQ(verify(2).difference.value().where, "reports/report.txt");
  for (int level : {3, 4}) {
    const Difference d = verify(level, &honest_).difference.value();
    EXPECT_EQ(d.where, "task choice, doc 1, request 0") << level;
    EXPECT_EQ(d.field, "tokens/1/4") << level;
  }
}

TEST_F(Forgery, AnAnswerDeclaredAnErrorIsRunAgain) {
  const Forge forge = [](Forged& f) {
    f.responses[2]->error = "the server hung up";
    f.responses[2]->tokens.clear();
    f.responses[2]->output_ids.clear();
  };
  EXPECT_EQ(found(forge, 4, &honest_), "task choice, doc 1, request 0: error");
}

}  // namespace
}  // namespace samebits
