// The two steps of scoring that are not a metric's: one sample through its filters, and tasks into a group.
#pragma once

#include "harness/core/loop.h"

namespace samebits {

// Runs the filter pipeline that `use` names over the sample's responses and asks the metric.
// Unknown when a response is missing or failed.
Known<Statistic> score_sample(const Task&, const Sample&, const MetricUse& use, const Metric&, const Responses&);

// A group's estimates over the metrics that all its tasks share. Mean weighted by n, or plain; its standard
// error as lm-evaluation-harness 0.4 pools it (reference in scoring.cc).
TaskScores pool(const Group&, const std::vector<TaskScores>& tasks);

}  // namespace samebits
