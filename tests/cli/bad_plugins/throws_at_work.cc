// Throws when it is used: a task source that throws an exception, and a backend that throws a number.
#include <stdexcept>

#include "harness/core/registry.h"

namespace {
using namespace samebits;

struct ThrowingTasks final : TaskSource {
  std::vector<TaskSummary> list(const PlanOptions&) const override { throw std::runtime_error("no list today"); }
  bool add(std::string_view, const PlanOptions&, Plan&) const override { return false; }
};
struct ThrowingBackend final : BackendFactory {
  std::unique_ptr<Backend> open(const std::string&, const nlohmann::json&) const override { throw 42; }
};

SAMEBITS_REGISTER(TaskSource, ThrowingTasks, "throwing", 1, "throws when it is asked for its tasks");
SAMEBITS_REGISTER(BackendFactory, ThrowingBackend, "throwing", 1, "throws when a model is opened");

}  // namespace

SAMEBITS_PLUGIN()
