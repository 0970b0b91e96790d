// The engine as a whole: the same bits at any batching, tier and thread count; right, not only deterministic.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "bench/wikitext.h"
#include "harness/core/error.h"
#include "harness/core/resources.h"
#include "harness/numeric/philox.h"
#include "inference/local_backend.h"
#include "inference/quants.h"
#include "tests/shared_data.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/read_gz.h"
#include "tests/support/tiny_model.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;

std::string model_file(const TinyModelSpec& spec) {
  const std::string path = fs::path(testing::TempDir()) / fmt::format("samebits_engine_{}_{}_{}.gguf", spec.arch,
                                                                      static_cast<int>(spec.type), ::getpid());
  write_file(path, tiny_model(spec));
  return path;
}

// Questions that share stems, choices that share beginnings, generations, a rolling text, an empty context.
std::vector<Request> mixed_requests() {
  std::vector<Request> out;
  const auto add = [&](RequestKind kind, std::string context, std::string continuation) -> Request& {
    Request r;
    r.index = static_cast<uint32_t>(out.size());
    r.sample = r.index;
    r.kind = kind;
    r.context = std::move(context);
    r.continuation = std::move(continuation);
    out.push_back(r);
    return out.back();
  };
  for (const char* question : {"the cat sat on the", "the cat sat on the mat and", "Question: why is it so? Answer:"})
    for (const char* choice : {" mat", " mat and a hat", " dog", " d"})
      add(RequestKind::loglikelihood, question, choice);
  add(RequestKind::loglikelihood, "", "no context at all");
  add(RequestKind::loglikelihood_rolling, "a page of text that is scored from its first token on, one after the other",
      "");
  std::string page;  // more than three windows, of which the later ones sort before the earlier
  for (char c = 'z'; c >= 'a'; --c) page += std::string(40, c);
  add(RequestKind::loglikelihood_rolling, page, "");
  for (double temperature : {0.0, 0.8})
    for (const char* prompt : {"the cat sat on the", "the cat", "once upon a time"}) {
      Request& r = add(RequestKind::generate, prompt, "");
      r.max_tokens = 12;
      r.until = {"\n\n"};
      r.sampling = {temperature, temperature > 0 ? 20 : 0, 0.9, 77};
    }
  return out;
}

std::vector<Response> answer(const std::string& path, EngineOptions options, const std::vector<Request>& requests) {
  options.logits_digest = true;
  LocalBackend backend(path, options);
  std::vector<Response> out(requests.size());
  size_t answered = 0;
  backend.answer(requests, [&](Response&& r) { ++answered, out[r.index] = std::move(r); }, {});
  EXPECT_EQ(answered, requests.size());
  return out;
}

void expect_equal(const std::vector<Response>& a, const std::vector<Response>& b, const std::string& what) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].logits_digest, b[i].logits_digest) << what << " request " << i;
    EXPECT_EQ(a[i].tokens, b[i].tokens) << what << " request " << i;
    EXPECT_EQ(a[i].output_ids, b[i].output_ids) << what << " request " << i;
    EXPECT_EQ(a[i].text, b[i].text) << what << " request " << i;
    EXPECT_EQ(a[i].cost, b[i].cost) << what << " request " << i;
    EXPECT_EQ(a[i].error, b[i].error) << what << " request " << i;
  }
}

EngineOptions engine(Isa isa, int threads, int64_t batch_tokens, bool share) {
  EngineOptions o;
  o.isa = isa;
  o.threads = threads;
  o.schedule.batch_tokens = batch_tokens;
  o.schedule.share_prefixes = share;
  return o;
}

class EveryArchitecture : public testing::TestWithParam<std::pair<const char*, TensorType>> {};

TEST_P(EveryArchitecture, LogitsDoNotDependOnBatchSharingThreadsTierOrOrder) {
  TinyModelSpec spec;
  spec.arch = GetParam().first;
  spec.type = GetParam().second;
  if (quant_type(spec.type)->values == 256) spec.n_embd = spec.n_ff = 256;
  const std::string path = model_file(spec);
  const std::vector<Request> requests = mixed_requests();
  const std::vector<Response> expected = answer(path, engine(Isa::scalar, 1, 1, false), requests);
  for (const Response& r : expected) ASSERT_EQ(r.error, "");
  for (Isa isa : kIsas) {
    if (!supported(isa)) continue;
    for (int threads : {1, 3})
      for (int64_t batch : {7, 64})
        for (bool share : {false, true})
          expect_equal(expected, answer(path, engine(isa, threads, batch, share), requests),
                       fmt::format("{} threads {} batch {} sharing {}", isa_name(isa), threads, batch, share));
  }
  std::vector<Request> shuffled = requests;
  const Philox draws(1, 0, 0, DrawPurpose::bootstrap);
  for (size_t i = shuffled.size(); i > 1; --i)
    std::swap(shuffled[i - 1], shuffled[draws.below(static_cast<uint32_t>(i), i)]);
  expect_equal(expected, answer(path, engine(best_isa(), 2, 16, true), shuffled), "shuffled");
  fs::remove(path);
}

INSTANTIATE_TEST_SUITE_P(, EveryArchitecture,
                         testing::Values(std::pair{"llama", TensorType::Q4_1}, std::pair{"llama", TensorType::Q8_0},
                                         std::pair{"llama", TensorType::F16}, std::pair{"gemma3", TensorType::Q5_0},
                                         std::pair{"gemma3", TensorType::Q6_K}),
                         [](const auto& p) {
                           return fmt::format("{}_{}", p.param.first, quant_type(p.param.second)->name);
                         });

// The mixed requests, and more generations than fit together: some of equal prompts.
std::vector<Request> crowded_requests() {
  std::vector<Request> requests = mixed_requests();
  for (int i = 0; i < 12; ++i) {
    Request& r = requests.emplace_back();
    r.index = r.sample = static_cast<uint32_t>(requests.size() - 1);
    r.kind = RequestKind::generate;
    r.context = i % 3 == 0 ? "the cat sat on the" : fmt::format("tale {} of the cat", i);
    r.max_tokens = 40;
    r.sampling = {0.9, 0, 1, static_cast<uint64_t>(i)};
  }
  return requests;
}

TEST(KvMemory, TheLeastThatSufficesChangesNoBitAndIsNotExceeded) {
  const std::string path = model_file({});
  const std::vector<Request> requests = crowded_requests();
  const std::vector<Response> expected = answer(path, engine(best_isa(), 2, 64, true), requests);
  EngineOptions options = engine(best_isa(), 2, 64, true);
  options.kv_memory_bytes = 1;
  uint64_t least = 0;
  try {
    answer(path, options, requests);
    ADD_FAILURE() << "one byte was enough";
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "E0223");
    least = std::stoull(e.hint.substr(e.hint.rfind(' ') + 1));
  }
  for (const bool share : {true, false})
    for (const int64_t batch : {1, 7, 64, 1024}) {
      options = engine(best_isa(), 2, batch, share);
      options.kv_memory_bytes = least;
      options.logits_digest = true;
      LocalBackend backend(path, options);
      std::vector<Response> responses(requests.size());
      backend.answer(requests, [&](Response&& r) { responses[r.index] = std::move(r); }, {});
      expect_equal(expected, responses, fmt::format("least memory, batch {}, sharing {}", batch, share));
      EXPECT_LE(backend.observations()["kv_peak_bytes"].get<uint64_t>(), least) << batch << share;
    }
  options.kv_memory_bytes = least - 1;
  EXPECT_THROW(answer(path, options, requests), Error);
  fs::remove(path);
}

TEST(Chaos, NoSeedChangesABit) {
  const std::string path = model_file({});
  const std::vector<Request> requests = crowded_requests();
  const std::vector<Response> expected = answer(path, engine(best_isa(), 1, 64, true), requests);
  std::vector<uint64_t> work;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    EngineOptions options = engine(best_isa(), 3, 64, true);
    options.chaos = seed;
    options.logits_digest = true;
    LocalBackend backend(path, options);
    std::vector<Response> responses(requests.size());
    backend.answer(requests, [&](Response&& r) { responses[r.index] = std::move(r); }, {});
    expect_equal(expected, responses, fmt::format("chaos {}", seed));
    work.push_back(backend.transformer().executed_macs());
  }
  std::sort(work.begin(), work.end());
  EXPECT_GT(work.back(), work.front()) << "no prefix was forgotten: nothing was drawn";
  fs::remove(path);
}

Request greedy(std::string prompt, int max_tokens) {
  Request r;
  r.kind = RequestKind::generate;
  r.context = std::move(prompt);
  r.max_tokens = max_tokens;
  return r;
}

// A tensor that nobody uses would be left out silently: another model's scores.
TEST(Engine, RefusesATensorItDoesNotUnderstand) {
  for (const char* name : {"blk.0.attn_q.bias", "blk.1.ffn_up.bias", "blk.0.attn_q_norm.weight"}) {
    GgufWriter writer = tiny_model_writer({});
    writer.tensor(name, TensorType::F32, {64}, f32_bytes(std::vector<float>(64, 1.0f)));
    const std::vector<uint8_t> bytes = writer.finish();
    try {
      load_transformer(Gguf::parse(bytes, "tiny"));
      ADD_FAILURE() << name << " was accepted";
    } catch (const Error& e) {
      EXPECT_EQ(e.code, "E0206");
      EXPECT_NE(e.problem.find(name), std::string::npos);
    }
  }
}

TEST(Engine, TellsTheStoryThatLlama2cTells) {
  SAMEBITS_NEEDS_SHARED("models/stories260K/stories260K.gguf");
  std::ifstream in(shared_path("models/stories260K/expected_greedy_200.txt"), std::ios::binary);
  const std::string expected{std::istreambuf_iterator<char>(in), {}};
  const std::vector<Response> r =
      answer(shared_path("models/stories260K/stories260K.gguf"), engine(best_isa(), 2, 64, true), {greedy("", 200)});
  // llama2.c prints a final newline; its 200 steps include BOS.
  ASSERT_GT(r[0].text.size(), 400u);
  EXPECT_EQ(expected.substr(0, r[0].text.size()), r[0].text.substr(0, expected.size()));
}

struct Deviation {
  double per_token = 0;  // mean over requests of |d log-likelihood|, divided by the mean number of targets
  size_t requests = 0, greedy_differs = 0;
};

// Against transformers in float32 on the same file: what remains is the noise of quantised activations.
Deviation deviation_from_float32(const std::string& model, const std::string& oracle) {
  std::vector<Request> requests;
  std::vector<std::pair<double, bool>> expected;
  std::istringstream lines(read_gz(oracle));
  for (std::string line; std::getline(lines, line);) {
    const auto doc = nlohmann::json::parse(line);
    for (size_t i = 0; i < doc["arguments"].size(); ++i) {
      Request r;
      r.index = static_cast<uint32_t>(requests.size());
      r.context = doc["arguments"][i][0];
      r.continuation = doc["arguments"][i][1];
      requests.push_back(r);
      expected.emplace_back(doc["loglikelihood"][i][0], doc["loglikelihood"][i][1]);
    }
  }
  Deviation out;
  double sum = 0, targets = 0;
  LocalBackend backend(model, engine(best_isa(), 2, 512, true));
  backend.answer(requests,
                 [&](Response&& r) {
                   EXPECT_EQ(r.error, "");
                   sum += std::fabs(std::get<double>(r.loglikelihood) - expected[r.index].first);
                   targets += static_cast<double>(r.output_ids.size());
                   out.greedy_differs += r.greedy != expected[r.index].second;
                 },
                 {});
  out.per_token = sum / targets;
  out.requests = requests.size();
  return out;
}

std::string cached(const std::string& model) { return fs::path(cache_dir()) / "models" / (model + ".gguf"); }

TEST(Engine, SmolLM2AgreesWithFloat32UpToActivationNoise) {
  SAMEBITS_NEEDS_MODEL(cached("smollm2-135m-instruct"));
  SAMEBITS_NEEDS_SHARED("data/lm-eval-oracle/f32/smollm2-135m-instruct-q4_1.jsonl.gz");
  const Deviation d = deviation_from_float32(
      cached("smollm2-135m-instruct"), shared_path("data/lm-eval-oracle/f32/smollm2-135m-instruct-q4_1.jsonl.gz"));
  EXPECT_EQ(d.requests, 899u);
  EXPECT_LT(d.per_token, 0.025);  // measured 0.0195
  EXPECT_EQ(d.greedy_differs, 0u);
}

TEST(Engine, Gemma3AgreesWithFloat32UpToActivationNoise) {
  SAMEBITS_NEEDS_MODEL(cached("gemma-3-270m"));
  SAMEBITS_NEEDS_SHARED("data/lm-eval-oracle/f32/gemma-3-270m-q4_k_m.jsonl.gz");
  const Deviation d = deviation_from_float32(cached("gemma-3-270m"),
                                             shared_path("data/lm-eval-oracle/f32/gemma-3-270m-q4_k_m.jsonl.gz"));
  EXPECT_EQ(d.requests, 200u);
  EXPECT_LT(d.per_token, 0.035);  // measured 0.0292
  EXPECT_EQ(d.greedy_differs, 0u);
}

TEST(EngineOptions, OutOfRangeOrUnknownIsRefused) {
  EXPECT_EQ(parse_engine_options({{"threads", 3}, {"batch_tokens", 64}}).schedule.batch_tokens, 64);
  for (const nlohmann::json& options : std::vector<nlohmann::json>{{{"threads", -1}},
                                                                   {{"threads", "2"}},
                                                                   {{"batch_tokens", 0}},
                                                                   {{"isa", 1}},
                                                                   {{"logits_digest", 1}},
                                                                   {{"kv_memory", 0}},
                                                                   {{"share_prefixes", 1}},
                                                                   {{"chaos", -1}},
                                                                   {{"thread", 2}}}) {
    try {
      parse_engine_options(options);
      ADD_FAILURE() << options;
    } catch (const Error& e) {
      EXPECT_EQ(e.code, "E0222") << options;
    }
  }
}

// As llama-perplexity measures it: chunks of 512, second half scored.
double wikitext_perplexity(const std::string& model, int chunks) {
  const Gguf gguf = Gguf::open(model);
  const auto tokenizer = Tokenizer::open(gguf);
  Transformer transformer(load_transformer(gguf), best_isa(), 2);
  const std::string text = read_text(shared_path("data/wikitext-2-raw/wiki.test.raw"));
  double nll = 0, n = 0;
  SchedulerHooks hooks;
  hooks.on_score = [&](size_t, size_t, const TokenScore& s, bool) { nll += s.logsumexp - s.logit, ++n; };
  run_sequences(transformer, chunk_text(*tokenizer, text, 512, chunks), {}, hooks);
  return std::exp(nll / n);
}

TEST(Engine, SmolLM2PerplexityIsWithinHalfAPercentOfLlamaCpps) {
  SAMEBITS_NEEDS_MODEL(cached("smollm2-135m-instruct"));
  SAMEBITS_NEEDS_SHARED("data/wikitext-2-raw/wiki.test.raw");
  EXPECT_NEAR(wikitext_perplexity(cached("smollm2-135m-instruct"), 40), 23.586, 0.005 * 23.586);
}

TEST(Engine, Gemma3PerplexityIsWithinHalfAPercentOfLlamaCpps) {
  SAMEBITS_NEEDS_MODEL(cached("gemma-3-270m"));
  SAMEBITS_NEEDS_SHARED("data/wikitext-2-raw/wiki.test.raw");
  EXPECT_NEAR(wikitext_perplexity(cached("gemma-3-270m"), 20), 19.009, 0.005 * 19.009);
}

}  // namespace
}  // namespace samebits
