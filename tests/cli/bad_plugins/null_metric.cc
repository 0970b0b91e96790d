// Registers a metric by hand, and no object with it.
#include "harness/core/registry.h"

namespace {
using namespace samebits;

[[maybe_unused]] const bool registered = [] {
  Registry<Metric>::instance().add({"nothing", 1, "measures nothing", __FILE__}, nullptr);
  return true;
}();

}  // namespace

SAMEBITS_PLUGIN()
