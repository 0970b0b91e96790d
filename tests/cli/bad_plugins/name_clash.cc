// Registers one name twice.
#include "harness/core/registry.h"

namespace {
using namespace samebits;

struct First final : Filter {
  std::vector<std::string> apply(const nlohmann::json&, const Sample&, std::vector<std::string> texts) const override {
    return texts;
  }
};
struct Second final : Filter {
  std::vector<std::string> apply(const nlohmann::json&, const Sample&, std::vector<std::string>) const override {
    return {};
  }
};

SAMEBITS_REGISTER(Filter, First, "twice", 1, "the first of that name");
SAMEBITS_REGISTER(Filter, Second, "twice", 1, "the second of that name");

}  // namespace

SAMEBITS_PLUGIN()
