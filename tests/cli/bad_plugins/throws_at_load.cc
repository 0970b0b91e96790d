// Throws while it is constructed, that is while it is loaded.
#include <stdexcept>

#include "harness/core/registry.h"

namespace {
using namespace samebits;

struct Unready final : Filter {
  Unready() { throw std::runtime_error("not ready"); }
  std::vector<std::string> apply(const nlohmann::json&, const Sample&, std::vector<std::string> texts) const override {
    return texts;
  }
};

SAMEBITS_REGISTER(Filter, Unready, "unready", 1, "cannot be made");

}  // namespace

SAMEBITS_PLUGIN()
