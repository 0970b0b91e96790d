// Every metric of log-likelihoods on cases worked out by hand.
#include <gtest/gtest.h>

#include <limits>

#include "harness/numeric/math64.h"
#include "tests/metrics/fixtures.h"

namespace samebits {
namespace {

TEST(Acc, TakesTheMostLikelyChoice) {
  const Sample sample = choice_sample({"a", "bb", "ccc"}, {1});
  EXPECT_EQ(value(score("acc", sample, Answers().loglikelihood(-3).loglikelihood(-1).loglikelihood(-2))), 1);
  EXPECT_EQ(value(score("acc", sample, Answers().loglikelihood(-1).loglikelihood(-3).loglikelihood(-2))), 0);
}

TEST(Acc, TiesGoToTheFirstChoice) {
  const Answers tie = Answers().loglikelihood(-1).loglikelihood(-1);
  EXPECT_EQ(value(score("acc", choice_sample({"a", "b"}, {0}), tie)), 1);
  EXPECT_EQ(value(score("acc", choice_sample({"a", "b"}, {1}), tie)), 0);
}

TEST(Acc, AnyGoldChoiceIsRight) {
  const Answers second = Answers().loglikelihood(-2).loglikelihood(-1);
  EXPECT_EQ(value(score("acc", choice_sample({"a", "b"}, {0, 1}), second)), 1);
  EXPECT_EQ(value(score("acc", choice_sample({"a", "b"}, {-100}), second)), 0);  // gold out of range: wrong
}

TEST(Acc, OfALoglikelihoodTaskIsGreedy) {
  EXPECT_EQ(value(score("acc", Sample(), Answers().loglikelihood(-5, true))), 1);
  EXPECT_EQ(value(score("acc", Sample(), Answers().loglikelihood(-5, false))), 0);
}

TEST(Acc, IsUnknownRatherThanWrong) {
  const Sample sample = choice_sample({"a", "b"}, {0});
  EXPECT_EQ(reason(score("acc", sample, Answers().loglikelihood(-1).unknown("not computed"))), "not computed");
  EXPECT_EQ(reason(score("acc", sample, Answers().loglikelihood(-1))), "1 answers for 2 choices");
  EXPECT_EQ(reason(score("acc", Sample(), Answers())), "no answer");
  EXPECT_EQ(reason(score("acc", choice_sample({"a"}, {}), Answers().loglikelihood(-1))),
            "the sample has no gold choice");
}

// Per character: -6/1 < -8/2 < -9/3, so the longest choice wins although it is the least likely.
TEST(AccNorm, DividesByCodePoints) {
  const Answers answers = Answers().loglikelihood(-6).loglikelihood(-8).loglikelihood(-9);
  EXPECT_EQ(value(score("acc_norm", choice_sample({"a", "bb", "ccc"}, {2}), answers)), 1);
  EXPECT_EQ(value(score("acc", choice_sample({"a", "bb", "ccc"}, {2}), answers)), 0);
}

// "ééé" is 3 code points and 6 bytes: -9/3 against -8/4, but -9/6 against -8/4.
TEST(AccNorm, CodePointsAndBytesDiffer) {
  const Sample sample = choice_sample({"ééé", "abcd"}, {0});
  const Answers answers = Answers().loglikelihood(-9).loglikelihood(-8);
  EXPECT_EQ(value(score("acc_norm", sample, answers)), 0);
  EXPECT_EQ(value(score("acc_bytes", sample, answers)), 1);
}

// numpy: -1/0 = -inf never wins, 0/0 = NaN always does.
TEST(AccNorm, AnEmptyChoiceBehavesAsInNumpy) {
  EXPECT_EQ(value(score("acc_norm", choice_sample({"", "b"}, {1}), Answers().loglikelihood(-1).loglikelihood(-50))), 1);
  EXPECT_EQ(value(score("acc_norm", choice_sample({"a", ""}, {1}), Answers().loglikelihood(-1).loglikelihood(0))), 1);
}

TEST(AccMutualInfo, SubtractsTheUnconditionalLoglikelihood) {
  const Sample sample = choice_sample({"a", "b"}, {1});
  const Answers answers = Answers().loglikelihood(-1).loglikelihood(-2).loglikelihood(-1).loglikelihood(-9);
  EXPECT_EQ(value(score("acc_mutual_info", sample, answers)), 1);  // gains: 0, 7
  EXPECT_EQ(value(score("acc", sample, answers)), 0);              // sees the conditional ones alone
  EXPECT_EQ(reason(score("acc_mutual_info", sample, Answers().loglikelihood(-1).loglikelihood(-2))),
            "the unconditional requests are missing");
}

TEST(Perplexity, IsExpOfTheNegativeMean) {
  const Estimate e = aggregate("perplexity", {Statistic{-1}, Statistic{-3}, Unknown{"failed"}});
  EXPECT_EQ(std::get<double>(e.value), exp64(2));
  EXPECT_EQ(e.n, 2u);
  EXPECT_EQ(e.unknown, 1u);
  EXPECT_GT(std::get<double>(e.stderr_), 0);
}

TEST(Perplexity, OfOneSampleHasNoStandardError) {
  const Estimate e = aggregate("perplexity", {Statistic{-1}});
  EXPECT_EQ(std::get<double>(e.value), exp64(1));
  EXPECT_EQ(reason(e.stderr_), "needs two samples");
}

TEST(Perplexity, BeyondTheRangeOfADoubleIsUnknown) {
  EXPECT_EQ(reason(aggregate("perplexity", {Statistic{-1000}, Statistic{-1000}}).value),
            "beyond the range of a double");
}

// Two documents: log-likelihoods -10 and -20; 3 and 7 words; 16 and 44 bytes.
TEST(RollingPerplexities, AreRatiosOfSums) {
  Sample first, second;
  first.words = 3, first.bytes = 16;
  second.words = 7, second.bytes = 44;
  const auto row = [&](std::string_view metric) {
    return std::vector<Known<Statistic>>{score(metric, first, Answers().loglikelihood(-10)),
                                         score(metric, second, Answers().loglikelihood(-20))};
  };
  const Estimate word = aggregate("word_perplexity", row("word_perplexity"));
  EXPECT_EQ(std::get<double>(word.value), exp64(3));
  EXPECT_FALSE(is_known(word.stderr_));
  EXPECT_EQ(std::get<double>(aggregate("byte_perplexity", row("byte_perplexity")).value), exp64(0.5));
  EXPECT_EQ(std::get<double>(aggregate("bits_per_byte", row("bits_per_byte")).value), 0.5 / kLn2);
}

TEST(RollingPerplexities, OfEmptyDocumentsAreUnknown) {
  for (const char* metric : {"word_perplexity", "byte_perplexity", "bits_per_byte"}) {
    const auto row = {score(metric, Sample(), Answers().loglikelihood(-10))};
    EXPECT_EQ(reason(aggregate(metric, row).value), "the documents are empty");
  }
}

TEST(Aggregation, OfNothingIsUnknown) {
  for (const PluginInfo& metric : Registry<Metric>::instance().list()) {
    const Estimate e = aggregate(metric.name, {});
    EXPECT_EQ(reason(e.value), "no samples") << metric.name;
    EXPECT_EQ(e.n, 0u);
  }
}

TEST(Aggregation, OfUnknownsNamesTheFirstReason) {
  for (const PluginInfo& metric : Registry<Metric>::instance().list()) {
    const Estimate e = aggregate(metric.name, {Unknown{"timeout"}, Unknown{"other"}});
    EXPECT_EQ(reason(e.value), "no sample has a score; the first: timeout") << metric.name;
    EXPECT_EQ(e.unknown, 2u);
    EXPECT_FALSE(is_known(e.stderr_));
    EXPECT_FALSE(e.low || e.high);
  }
}

TEST(Aggregation, OfOneSampleHasAnIntervalButNoStandardError) {
  const Estimate e = aggregate("acc", {Statistic{1}});
  EXPECT_EQ(std::get<double>(e.value), 1);
  EXPECT_EQ(reason(e.stderr_), "needs two samples");
  EXPECT_NEAR(*e.low, 0.2065, 5e-5);  // Wilson of 1/1: 1 / (1 + z^2)
  EXPECT_EQ(*e.high, 1);
}

TEST(Aggregation, LeavesUnknownSamplesOut) {
  const Estimate with = aggregate("acc", {Statistic{1}, Unknown{"failed"}, Statistic{0}, Statistic{1}});
  const Estimate without = aggregate("acc", {Statistic{1}, Statistic{0}, Statistic{1}});
  EXPECT_EQ(with.value, without.value);
  EXPECT_EQ(with.stderr_, without.stderr_);
  EXPECT_EQ(with.low, without.low);
  EXPECT_EQ(with.n, 3u);
  EXPECT_EQ(with.unknown, 1u);
}

TEST(Bypass, PrintsLmEvalsPlaceholder) {
  EXPECT_EQ(std::get<double>(aggregate("bypass", {score("bypass", Sample(), Answers())}).value), 999);
}

}  // namespace
}  // namespace samebits
