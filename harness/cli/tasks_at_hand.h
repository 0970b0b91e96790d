// Plans the tasks of a stored run anew from the task files and data at hand, for `verify`.
// Thread rules: one call at a time. Determinism: as plans (tasks/plan.h).
#pragma once

#include <map>
#include <string>

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
  std::map<std::string, Plan> of_suite_;  // by entry of the run's suite: a group is planned once
};

}  // namespace samebits
