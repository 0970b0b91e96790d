// From logits to what scores need of them, and to the next token, against the contract (NUMERICS.md §6, §8).
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "harness/numeric/philox.h"
#include "inference/output_layer.h"
#include "inference/sampler.h"
#include "tests/exact/contract.h"
#include "tests/exact/inputs.h"
#include "tests/support/random.h"

namespace samebits {
namespace {

using contract::Vector;

constexpr uint64_t kSeed = 6;

// Random logits with many equal ones, so that ties occur everywhere, the maximum included.
Vector logits_with_ties(SplitMix64& random, size_t n) {
  Vector out(n);
  const float step = random.below(2) ? 0.5f : 0x1p-20f;
  for (float& x : out) x = std::nearbyint(random.uniform() * 4 / step) * step;
  return out;
}

// The engine's summary of given logits: an output layer of float weights whose first column they are.
LogitSummary summary_of(const Vector& logits, Isa isa, const std::vector<int32_t>& ids) {
  constexpr int kColumns = 16;
  std::vector<float> weights(logits.size() * kColumns, 0.0f);
  for (size_t i = 0; i < logits.size(); ++i) weights[i * kColumns] = logits[i];
  Tensor t;
  t.name = "output.weight";
  t.type = TensorType::F32;
  t.shape = {kColumns, logits.size()};
  t.data = reinterpret_cast<const uint8_t*>(weights.data());
  t.bytes = weights.size() * sizeof(float);
  const Linear layer{PackedMatrix(t), true};
  Workers workers(2);
  OutputLayer output(layer, kColumns, kernels(isa), workers);
  Vector hidden(kColumns, 0.0f);
  hidden[0] = 1;
  return output.summarise(hidden.data(), 1, std::span(&ids, 1)).at(0);
}

TEST(ContractLogits, SummariesOfManyChunks) {
  SplitMix64 random(kSeed);
  for (int round = 0; round < 60; ++round) {
    Vector logits = logits_with_ties(random, 1 + random.below(5000));
    if (round % 2)  // the same maximum in every chunk
      for (size_t i = 0; i < logits.size(); i += 700 + random.below(300)) logits[i] = 9;
    else if (round % 4)  // chunks that rise, so that every one rescales
      for (size_t i = 0; i < logits.size(); ++i) logits[i] += static_cast<float>(i / 1024) * 3;
    const contract::Summary expected = contract::summarise(logits);
    const std::vector<int32_t> ids = {0, static_cast<int32_t>(logits.size()) - 1};
    for (const Isa isa : tiers_here()) {
      const LogitSummary got = summary_of(logits, isa, ids);
      EXPECT_TRUE(got.finite);
      EXPECT_EQ(got.argmax, expected.argmax) << isa_name(isa) << " round " << round;
      EXPECT_EQ(got.max, expected.max) << isa_name(isa);
      EXPECT_EQ(got.logsumexp, expected.logsumexp) << isa_name(isa) << " round " << round;
      EXPECT_EQ(got.targets, (std::vector<float>{logits.front(), logits.back()}));
      EXPECT_EQ(got.tie, std::count(logits.begin(), logits.end(), expected.max) > 1);
    }
  }
}

TEST(ContractLogits, OneThatIsNotFiniteIsTold) {
  for (const float bad : {INFINITY, -INFINITY, NAN})
    for (const size_t at : {size_t{0}, size_t{1023}, size_t{2047}, size_t{2499}}) {
      Vector logits(2500, 1.0f);
      logits[at] = bad;
      for (const Isa isa : tiers_here()) EXPECT_FALSE(summary_of(logits, isa, {}).finite) << isa_name(isa) << " " << at;
    }
}

TEST(ContractLogits, ChoicesOfEveryKind) {
  SplitMix64 random(kSeed);
  for (int round = 0; round < 3000; ++round) {
    const Vector logits = logits_with_ties(random, 1 + random.below(80));
    Sampling sampling;
    sampling.temperature = 0.05 + static_cast<double>(random.below(40)) * 0.1;
    sampling.top_k = static_cast<int>(random.below(90));
    sampling.top_p = random.below(3) ? static_cast<double>(1 + random.below(100)) / 100 : 1;
    sampling.seed = random.next();
    const auto n = static_cast<uint32_t>(random.below(100));
    const double u = Philox(sampling.seed, 0, 0, DrawPurpose::sampling).uniform(n);
    ASSERT_EQ(sample_token(logits, sampling, u), contract::choose(logits, sampling, n)) << "round " << round;
  }
}

// The ends of u, and a prefix that ends exactly at top_p of the whole.
TEST(ContractLogits, ChoicesAtTheEdges) {
  const Vector two = {0.0f, 0.0f};
  EXPECT_EQ(sample_token(two, {1, 0, 1, 0}, 0), 0);
  EXPECT_EQ(sample_token(two, {1, 0, 1, 0}, 0x1.fffffffffffffp-2), 0);
  EXPECT_EQ(sample_token(two, {1, 0, 1, 0}, 0.5), 1) << "a cumulated sum equal to the threshold does not exceed it";
  EXPECT_EQ(sample_token(two, {1, 0, 0.5, 0}, 0.9999999999999999), 0) << "half of the mass is reached by one of two";
  EXPECT_EQ(sample_token(two, {1, 1, 1, 0}, 0.9999999999999999), 0);
}

}  // namespace
}  // namespace samebits
