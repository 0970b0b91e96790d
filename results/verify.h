// Verification of a bundle, level by level; each includes the ones before it.
//
//   0 integrity   every byte is the one that SHA256SUMS names (Bundle::open)
//   1 signature   refused: bundles are not signed yet
//   2 re-score    tasks, documents, gold answers and prompts are those of the task files and data at hand, where they
//                 are at hand (else the report says so, with the reason); log-likelihoods follow from the stored
//                 token scores; scores, all claims files and the reports are rendered again, without a model; latencies
//                 follow from what was measured of single requests; reports whose reporter is not here are listed as
//                 not compared: no score depends on them
//   3 re-run K    the claims about the model are its own; K items, chosen by a seed, are answered again
//   4 re-run all
// Levels 2 to 4 compare every byte and name the first difference. No level proves observations: they are what the
// machine said. Thread rules: call from one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/core/interfaces.h"
#include "harness/core/loop.h"
#include "results/read.h"

namespace samebits {

// The task files and data at hand, as far as they can speak about a bundle. Each call is Unknown with the reason where
// they cannot; none throws for what a bundle says.
struct TasksHere {
  virtual ~TasksHere() = default;
  // A plan that holds task `task` of the run, made anew; it may hold other tasks too.
  virtual Known<Plan> task(const StoredRun&, uint32_t task) = 0;
  virtual Known<Group> group(const std::string& id) = 0;
  // The shipped suite of the same id and version.
  virtual Known<nlohmann::json> suite(const nlohmann::json& stored) = 0;
};

struct VerifyOptions {
  int level = 2;
  uint64_t items = 0;               // level 3: samples to answer again, at least 1
  uint64_t seed = 0;                // level 3: chooses them; take one that the bundle's author could not know
  TasksHere* tasks_here = nullptr;  // level 2 and above; nullptr: nothing is at hand
};

// The first place where the bundle and the re-computation part.
struct Difference {
  std::string where;  // "task arc_easy, doc 17, request 2" or a file of the bundle
  std::string field;  // "tokens/3", "loglikelihood", …
  std::string stored, computed;
  std::string cause;  // a guess
};

// Whether a part of the plan was compared with what is at hand: of a task its documents, gold answers and prompts.
struct PlanCheck {
  std::string kind, name;  // "suite" | "group" | "task"
  std::string unknown;     // why it was not; empty: it is equal, byte for byte
};

struct VerifyReport {
  int level = 0;
  std::string claims_digest;
  uint64_t items = 0;        // in the bundle
  uint64_t items_rerun = 0;  // levels 3 and 4
  std::optional<Difference> difference;
  std::vector<PlanCheck> plans;              // level 2 and above, in plan order, up to the first difference
  std::vector<std::string> unknown_reports;  // level 2 and above: paths that no reporter here writes, not compared
  std::vector<std::string> missing_reports;  // level 2 and above: harmless, they follow from the rest
  bool partial = false;                      // a run cut by --limit
  std::optional<uint64_t> seed;              // level 3: chose the items

  bool equal() const { return !difference; }
};

// `backend` and `runner` are needed by levels 3 and 4 only. `hooks.observe` and `hooks.progress` are called while
// items are answered again.
// Throws what Bundle::open throws; E0612 when the model is another one, before anything runs; E0613 for a level
// that cannot be done; E0902 for a metric, filter or stage that is not here; E0615 when the re-run was interrupted.
VerifyReport verify_bundle(const std::string& dir, const VerifyOptions&, Backend* backend, const Runner* runner,
                           const LoopHooks& hooks = {});

// The smallest number of forged items among `items` of which re-running `rerun` >= 1, drawn without replacement, meets
// at least one with 95 %: hypergeometric, exact. 1 when all are re-run.
uint64_t forged_items_caught(uint64_t items, uint64_t rerun);

nlohmann::json verify_json(const VerifyReport&);
std::string verify_text(const VerifyReport&);

}  // namespace samebits
