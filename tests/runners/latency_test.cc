#include "runners/latency.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace samebits {
namespace {

TEST(Latency, PercentilesAreNullWithAReasonBelowTheirFloor) {
  Latency latency;
  for (uint32_t i = 0; i < 90; ++i) latency.add({i, "ttft_ns", 90 - static_cast<int64_t>(i)});
  EXPECT_EQ(
      latency.summary(),
      (nlohmann::json{
          {"ttft_ns",
           {{"count", 90}, {"max", 90}, {"p50", 45}, {"p90", 81}, {"p99", nullptr}, {"p99_reason", "n=90 < 662"}}}}));
}

TEST(Latency, FieldsAreSummarisedApartAndOrderDoesNotMatter) {
  Latency forward, backward;
  for (uint32_t i = 0; i < 700; ++i) {
    forward.add({i, "ttft_ns", i});
    forward.add({i, "total_ns", 2 * i});
    backward.add({i, "total_ns", 2 * (699 - i)});
    backward.add({i, "ttft_ns", 699 - i});
  }
  EXPECT_EQ(forward.summary(), backward.summary());
  EXPECT_EQ(forward.summary()["total_ns"]["p99"], 2 * 692);
  EXPECT_EQ(forward.summary()["ttft_ns"]["p99"], 692);
}

TEST(Latency, OfNothingIsEmpty) { EXPECT_EQ(Latency().summary(), nlohmann::json::object()); }

}  // namespace
}  // namespace samebits
