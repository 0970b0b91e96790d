#include "harness/numeric/latency.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

namespace samebits {
namespace {

TEST(Latency, PercentilesAreNullWithAReasonBelowTheirFloor) {
  std::vector<Observation> measured;
  for (uint32_t i = 0; i < 90; ++i) measured.push_back({i, "ttft_ns", 90 - static_cast<int64_t>(i)});
  EXPECT_EQ(
      latency_summary(measured, 100),
      (nlohmann::json{
          {"measured_requests", 90},
          {"total_requests", 100},
          {"ttft_ns",
           {{"count", 90}, {"max", 90}, {"p50", 45}, {"p90", 81}, {"p99", nullptr}, {"p99_reason", "n=90 < 662"}}}}));
}

TEST(Latency, FieldsAreSummarisedApartAndOrderDoesNotMatter) {
  std::vector<Observation> forward, backward;
  for (uint32_t i = 0; i < 700; ++i) {
    forward.push_back({i, "ttft_ns", i});
    forward.push_back({i, "total_ns", 2 * i});
    backward.push_back({699 - i, "total_ns", 2 * (699 - i)});
    backward.push_back({699 - i, "ttft_ns", 699 - i});
  }
  const nlohmann::json summary = latency_summary(forward, 700);
  EXPECT_EQ(summary, latency_summary(backward, 700));
  EXPECT_EQ(summary["measured_requests"], 700);  // two observations a request
  EXPECT_EQ(summary["total_ns"]["p99"], 2 * 692);
  EXPECT_EQ(summary["ttft_ns"]["p99"], 692);
}

TEST(Latency, OfNothingIsNullWithTheReason) {
  const nlohmann::json nothing = latency_summary({}, 1199);
  EXPECT_EQ(nothing["measured_requests"], 0);
  EXPECT_EQ(nothing["total_requests"], 1199);
  ASSERT_TRUE(nothing.contains("value"));
  EXPECT_TRUE(nothing["value"].is_null());
  EXPECT_NE(nothing["value_reason"].get<std::string>().find("journal"), std::string::npos);
}

}  // namespace
}  // namespace samebits
