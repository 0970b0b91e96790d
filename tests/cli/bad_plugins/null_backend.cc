// A backend that opens no model.
#include "harness/core/registry.h"

namespace {
using namespace samebits;

struct NullFactory final : BackendFactory {
  std::unique_ptr<Backend> open(const std::string&, const nlohmann::json&) const override { return nullptr; }
};

SAMEBITS_REGISTER(BackendFactory, NullFactory, "nothing", 1, "opens nothing");

}  // namespace

SAMEBITS_PLUGIN()
