// The whole engine against the contract's own words: every logit of every architecture and quant type, log-likelihoods,
// and the tokens that greedy and sampled generations choose.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "harness/core/digest.h"
#include "inference/local_backend.h"
#include "inference/quants.h"
#include "inference/tokenizer/encode_request.h"
#include "tests/exact/contract.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

namespace samebits {
namespace {

using contract::Matrix;
using contract::Vector;

Request request(RequestKind kind, std::string context, std::string continuation) {
  Request r;
  r.kind = kind;
  r.context = std::move(context);
  r.continuation = std::move(continuation);
  return r;
}

Request generation(std::string context, const Sampling& sampling) {
  Request r = request(RequestKind::generate, std::move(context), "");
  r.max_tokens = 10;
  r.sampling = sampling;
  return r;
}

std::string digest_of(const Vector& logits) {
  return sha256_hex({reinterpret_cast<const char*>(logits.data()), logits.size() * sizeof(float)});
}

// One model: its file read by the contract and run by the engine.
class Both {
 public:
  explicit Both(const TinyModelSpec& spec) {
    const std::string path = dir_ / "model.gguf";
    write_file(path, tiny_model(spec));
    EngineOptions options;
    options.isa = best_isa();
    options.threads = 2;
    options.schedule.batch_tokens = 19;
    options.logits_digest = true;
    backend_ = std::make_unique<LocalBackend>(path, options);
    file_ = std::make_unique<Gguf>(Gguf::open(path));
  }

  void expect_equal(const Request& r) {
    Response response;
    backend_->answer(std::span(&r, 1), [&](Response&& got) { response = std::move(got); }, {});
    ASSERT_EQ(response.error, "");
    if (r.kind == RequestKind::generate)
      expect_equal_generation(r, response);
    else
      expect_equal_scores(r, response);
  }

 private:
  void expect_equal_scores(const Request& r, const Response& response) {
    std::string digests;
    double sum = 0;
    size_t at = 0;
    for (const Window& w : encode_request(backend_->tokenizer(), r, backend_->model().context_length).windows) {
      const Matrix logits = contract::logits(*file_, w.input);
      for (size_t k = 0; k < w.targets.size(); ++k) {
        const Vector& row = logits[w.first_scored + k];
        const contract::Summary s = contract::summarise(row);
        const TokenScore expected{w.targets[k], s.argmax, row[static_cast<size_t>(w.targets[k])], s.max, s.logsumexp};
        ASSERT_LT(at, response.tokens.size());
        ASSERT_EQ(response.tokens[at], expected) << fmt::format("position {}", at);
        sum += static_cast<double>(expected.logit) - expected.logsumexp;
        digests += digest_of(row);
        ++at;
      }
    }
    EXPECT_EQ(at, response.tokens.size());
    EXPECT_EQ(response.logits_digest, sha256_hex(digests));
    EXPECT_EQ(std::get<double>(response.loglikelihood), sum);
  }

  void expect_equal_generation(const Request& r, const Response& response) {
    std::vector<int32_t> tokens = response.context_ids;
    tokens.insert(tokens.end(), response.output_ids.begin(), response.output_ids.end());
    const Matrix logits = contract::logits(*file_, tokens);
    const size_t n = response.output_ids.size(), first = response.context_ids.size() - 1;
    const size_t chosen = response.stop == Stop::eos ? n + 1 : n;
    std::string digests;
    for (size_t i = 0; i < chosen; ++i) {
      digests += digest_of(logits[first + i]);
      const int32_t token = contract::choose(logits[first + i], r.sampling, static_cast<uint32_t>(i));
      if (i < n)
        EXPECT_EQ(response.output_ids[i], token) << "token " << i;
      else
        EXPECT_TRUE(backend_->tokenizer().end_ids().contains(token));
    }
    EXPECT_EQ(response.logits_digest, sha256_hex(digests));
  }

  TempDir dir_;
  std::unique_ptr<LocalBackend> backend_;
  std::unique_ptr<Gguf> file_;
};

class ContractEngine : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(ContractEngine, GivesTheContractsBits) {
  const auto [arch, name] = GetParam();
  const QuantType& type = *quant_type(std::string_view(name));
  const int width = type.values == 256 ? 256 : 96;  // head sizes 64 and 24: 1 / sqrt(24) is rounded twice
  // More than one chunk of 1024 logits; every seventh layer of gemma3 is global again.
  Both both({.arch = arch,
             .type = type.type,
             .n_layers = arch == std::string("gemma3") ? 7 : 2,
             .n_embd = width,
             .n_ff = 2 * width,
             .vocab = 2100,
             .tied = type.type != TensorType::Q8_0});
  // Longer than gemma3's window of 32.
  both.expect_equal(request(RequestKind::loglikelihood, "the cat and the hat on the sand is", " in the rain, as ever"));
  both.expect_equal(generation("the cat sat", {}));
}

INSTANTIATE_TEST_SUITE_P(
    , ContractEngine,
    testing::Combine(testing::Values("llama", "gemma3"),
                     testing::Values("F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K",
                                     "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4")),
    [](const auto& info) { return fmt::format("{}_{}", std::get<0>(info.param), std::get<1>(info.param)); });

// Every way of choosing a token, also where the temperature makes many of them likely.
TEST(ContractEngineSampling, ChoosesTheContractsTokens) {
  Both both({.type = TensorType::Q8_0, .vocab = 700});
  uint64_t seed = 0x1234567890abcdef;
  for (const double temperature : {0.1, 0.8, 5.0})
    for (const int top_k : {0, 1, 40})
      for (const double top_p : {1.0, 0.9, 0.05})
        both.expect_equal(generation("once upon a time", {temperature, top_k, top_p, seed += 0x100000001}));
}

// A page and a half of a text, token after token: more than one segment of attention, windows that overlap.
TEST(ContractEngineSegments, LongTextsGiveTheContractsBits) {
  Both both(
      {.type = TensorType::F32, .n_layers = 1, .n_embd = 32, .n_head = 2, .n_head_kv = 1, .n_ff = 32, .context = 1100});
  std::string text;
  for (int i = 0; i < 640; ++i) text += static_cast<char>('a' + i * i % 23), text += "zq"[i % 2];
  both.expect_equal(request(RequestKind::loglikelihood_rolling, text, ""));
}

}  // namespace
}  // namespace samebits
