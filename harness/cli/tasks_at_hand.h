// Plans the tasks of a stored run anew from the task files and data at hand, for `verify`.
// Thread rules: one call at a time. Determinism: as plans (tasks/plan.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "results/verify.h"

namespace samebits {

class TasksAtHand final : public TasksHere {
 public:
  // `options`: --data and --include-path. `model`: for chat templates; nullptr without one. It must outlive this.
  TasksAtHand(PlanOptions options, const ModelInfo* model);

  // Unknown where the task or its data is not here, has another digest than the run's, or needs the model's chat
  // template and there is no model.
  Known<Plan> task(const StoredRun&, uint32_t task) override;
  Known<Group> group(const std::string& id) override;
  Known<nlohmann::json> suite(const nlohmann::json& stored) override;

 private:
  Known<Plan> plan(const StoredRun&, const Task&, const PlanOptions&);

  PlanOptions options_;
  // By the suite's digest, its entry and --limit: a group is planned once.
  std::map<std::tuple<std::string, std::string, std::optional<int64_t>>, Plan> of_suite_;
};

}  // namespace samebits
