#include "harness/core/staged.h"

#include <algorithm>
#include <map>
#include <utility>

#include "harness/core/error.h"
#include "harness/core/registry.h"

namespace samebits {

StagedBackend::StagedBackend(const Plan& plan, Backend& inner) : plan_(plan), inner_(inner) {
  for (const Task& task : plan.tasks) {
    auto& bound = stages_.emplace_back();
    for (const StageUse& use : task.stages) {
      if (use.point != "input" && use.point != "output")
        throw Error("E0502", "a stage stands at \"" + use.point + "\"", "task " + task.id + ", stage " + use.stage,
                    "write \"input\" (before the model) or \"output\" (after it)");
      const Stage& stage = Registry<Stage>::instance().get(use.stage);
      bound.push_back({&stage, {use.stage, stage.digest(), use.point, false, ""}});
    }
  }
}

bool StagedBackend::judge(const Request& request, std::string_view point, std::string_view text,
                          std::vector<StageRecord>& records) const {
  for (const BoundStage& bound : stages_[request.task]) {
    if (bound.record.point != point) continue;
    Stage::Verdict verdict = bound.stage->judge(plan_.samples[request.sample], text);
    StageRecord& record = records.emplace_back(bound.record);
    record.block = verdict.block;
    record.category = std::move(verdict.category);
    if (record.block) return true;
  }
  return false;
}

void StagedBackend::answer(std::span<const Request> requests, const Sink& sink, const Observer& observer) {
  if (std::ranges::all_of(stages_, [](const auto& bound) { return bound.empty(); }))
    return inner_.answer(requests, sink, observer);  // spares the copies below
  std::vector<Request> passed;
  std::map<uint32_t, std::pair<const Request*, std::vector<StageRecord>>> pending;  // by request index
  for (const Request& request : requests) {
    std::vector<StageRecord> records;
    if (judge(request, "input", plan_.samples[request.sample].input, records)) {
      Response blocked;
      blocked.index = request.index;
      blocked.stop = Stop::blocked;
      blocked.cost = Cost{};  // the model did nothing
      blocked.stages = std::move(records);
      sink(std::move(blocked));
      continue;
    }
    passed.push_back(request);
    pending[request.index] = {&request, std::move(records)};
  }
  if (passed.empty()) return;
  const Sink staged = [&](Response&& response) {
    const auto asked = pending.find(response.index);
    if (asked == pending.end()) return sink(std::move(response));  // refused there (E0907)
    auto& [request, records] = asked->second;
    const bool is_reply = request->kind == RequestKind::generate && response.error.empty();
    if (is_reply && judge(*request, "output", response.text, records)) response.stop = Stop::blocked;
    response.stages = std::move(records);
    sink(std::move(response));
  };
  inner_.answer(passed, staged, observer);
}

}  // namespace samebits
