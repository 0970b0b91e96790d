#include "tests/results/fake_run.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "harness/core/registry.h"
#include "results/bundle.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;

// Mean log-likelihood of a sample's requests, or the length of its first text.
struct FakeMetric final : Metric {
  Known<Statistic> score(const MetricUse&, const Sample&, std::span<const Answer> answers) const override {
    double sum = 0;
    for (const Answer& a : answers) {
      const double* ll = std::get_if<double>(&a.response->loglikelihood);
      sum += ll ? *ll : static_cast<double>(a.text.size());
    }
    return Statistic{sum / static_cast<double>(answers.size()), 1.0};
  }
  Estimate aggregate(const MetricUse&, std::span<const Known<Statistic>> rows, uint64_t) const override {
    Estimate e;
    double sum = 0;
    for (const auto& row : rows) is_known(row) ? (++e.n, sum += std::get<Statistic>(row)[0]) : ++e.unknown;
    if (e.n > 0) e.value = sum / static_cast<double>(e.n);
    e.stderr_ = 0.125;
    e.low = -1.0;
    e.high = 1.0;
    e.method = "fake mean";
    return e;
  }
};
SAMEBITS_REGISTER(Metric, FakeMetric, "results_test_mean", 2, "for the tests of results only");

struct FakeFilter final : Filter {
  std::vector<std::string> apply(const nlohmann::json&, const Sample&, std::vector<std::string> texts) const override {
    texts.resize(std::min<size_t>(1, texts.size()));
    return texts;
  }
};
SAMEBITS_REGISTER(Filter, FakeFilter, "results_test_first", 1, "for the tests of results only");

struct FakeStage final : Stage {
  std::string digest() const override { return sha256_hex("words"); }
  Verdict judge(const Sample&, std::string_view text) const override {
    const bool block = text.starts_with("bad");
    return {block, block ? "harm" : ""};
  }
};
SAMEBITS_REGISTER(Stage, FakeStage, "results_test_words", 1, "for the tests of results only");

void add_task(Plan& plan, const std::string& id, RequestKind kind, uint32_t n_samples, uint32_t n_requests) {
  const auto t = static_cast<uint32_t>(plan.tasks.size());
  Task& task = plan.tasks.emplace_back();
  task.id = id;
  task.version = "1.0";
  task.definition = {{"Template", "{{q}}"}, {"temperature", 0.7}, {"id", id}};
  task.digest = sha256_hex(canonical(task.definition));
  task.n_docs = n_samples;
  task.metrics = {{.metric = "results_test_mean", .args = {{"Ignore_Case", true}, {"p", 0.5}}}};
  for (uint32_t s = 0; s < n_samples; ++s) {
    Sample& sample = plan.samples.emplace_back();
    sample.task = t;
    sample.doc_id = s;
    sample.doc_digest = sha256_hex(fmt::format("{} {}", id, s));
    sample.input = "input";
    sample.choices = {"yes", "no\x7f"};
    sample.gold = {static_cast<int32_t>(s % 2)};
    sample.targets = {"caf\u00e9"};
    sample.words = 3;
    sample.bytes = 17;
    sample.slices = {{"label", s % 2 ? "unsafe" : "safe"}, {"Category One", "x"}};
    sample.first_request = static_cast<uint32_t>(plan.requests.size());
    sample.n_requests = n_requests;
    for (uint32_t slot = 0; slot < n_requests; ++slot) {
      Request& r = plan.requests.emplace_back();
      r.index = static_cast<uint32_t>(plan.requests.size() - 1);
      r.task = t;
      r.sample = static_cast<uint32_t>(plan.samples.size() - 1);
      r.slot = slot;
      r.kind = kind;
      r.context = fmt::format("Question {}?\nAnswer:", s);
      if (kind == RequestKind::loglikelihood) r.continuation = slot ? " no" : " yes";
      if (kind == RequestKind::generate) {
        r.until = {"\n\n", "\xff"};
        r.max_tokens = 16;
        r.chat = true;
        r.sampling = {0.5, 40, 0.9, ~uint64_t{0}};
      }
    }
  }
}

}  // namespace

Plan fake_plan() {
  Plan plan;
  plan.seed = 1234;
  add_task(plan, "choice", RequestKind::loglikelihood, 3, 2);
  add_task(plan, "Chat-Task", RequestKind::generate, 2, 1);
  add_task(plan, "rolling", RequestKind::loglikelihood_rolling, 1, 1);
  plan.tasks[1].filters = {{"first", {{"results_test_first", {{"k", 1}}}}}};
  plan.tasks[1].metrics[0].filter = "first";
  plan.tasks[1].stages = {{"output", "results_test_words"}};
  plan.groups = {{"both", {"choice", "rolling"}, true}};
  plan.suite = {{"name", "fake"}, {"share", 0.25}};
  return plan;
}

ModelInfo fake_model() {
  ModelInfo m;
  m.name = "/somewhere/fake.gguf";
  m.digest = sha256_hex("fake model");
  m.arch = "llama";
  m.quantisation = "Q4_1";
  m.chat_template = "{{ messages }}";
  m.bos = "<s>";
  m.eos = "</s>";
  m.contract = "sb-1";
  m.context_length = 2048;
  m.details = {{"tokenizer", {{"digest", sha256_hex("tokenizer")}}}, {"parameters", 135}};
  return m;
}

Response fake_response(const Request& request) {
  Response r;
  r.index = request.index;
  r.context_ids = {1, static_cast<int32_t>(request.sample) + 10, 300};
  r.output_ids = {7, static_cast<int32_t>(request.index)};
  r.cost = Cost{1000 + request.index, uint64_t{1} << 60, 64};
  if (request.kind == RequestKind::generate) {
    r.text = request.sample % 2 ? "bad \xff bytes <b>&\x1b[31m" : "a fine answer | with a bar";
    const bool bad = request.sample % 2 == 1;  // what FakeStage blocks
    r.stop = bad ? Stop::blocked : Stop::until;
    r.stages = {{"results_test_words", sha256_hex("words"), "output", bad, bad ? "harm" : ""}};
    r.warnings = {"no_stop_reached"};
    return r;
  }
  // Of the two scored tokens the first is certain; slot 1 is greedy.
  r.greedy = request.slot == 1;
  const double loss = 0.1 * (1 + static_cast<double>(request.index));
  for (int32_t id : r.output_ids)
    r.tokens.push_back({id, r.greedy ? id : id + 1, 0.0f, r.greedy ? 0.0f : 2.0f, id == r.output_ids[0] ? 0.0 : loss});
  r.loglikelihood = -loss;
  return r;
}

Responses fake_responses(const Plan& plan) {
  Responses out;
  for (const Request& r : plan.requests) out.emplace_back(fake_response(r));
  return out;
}

std::vector<int32_t> FakeBackend::tokenize(std::string_view text, bool) const {
  return std::vector<int32_t>(text.begin(), text.end());
}

void FakeBackend::answer(std::span<const Request> requests, const Sink& sink, const Observer& observe) {
  for (const Request& request : requests) {
    Response r = fake_response(request);
    if (tamper) tamper(r);
    if (observe) observe({request.index, "ttft_ns", 1000});
    sink(std::move(r));
  }
}

void FakeRunner::run(const Plan& plan, Backend& backend, std::span<const uint32_t> missing, const Sink& sink,
                     const Observer& observe) const {
  std::vector<uint32_t> order(missing.begin(), missing.end());
  std::shuffle(order.begin(), order.end(), std::mt19937_64(seed));
  order.resize(std::min(order.size(), limit));
  for (uint32_t i : order) backend.answer({&plan.requests[i], 1}, sink, observe);
}

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void spew(const fs::path& path, std::string_view bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string write_fake_bundle(const std::string& dir) {
  const Plan plan = fake_plan();
  const Responses responses = fake_responses(plan);
  const Scores scores = score(plan, responses);
  const ModelInfo model = fake_model();
  return write_bundle(dir,
                      {{plan, responses, scores, model}, {{"environment", {{"threads", 2}}}}, {{0, "ttft_ns", 5}}});
}

void reseal(const std::string& dir) {
  const auto write_sums = [&] {
    std::string sums;
    for (const auto& [path, bytes] : tree(dir))
      if (path != kSumsName) sums += sha256_hex(bytes) + "  " + path + "\n";
    spew(fs::path(dir) / kSumsName, sums);
    return claims_digest_of(sums);
  };
  const std::string digest = write_sums();
  spew(fs::path(dir) / kIndexName, canonical({{"format", "samebits-bundle/1"}, {"claims_digest", digest}}));
  write_sums();
}

std::vector<std::pair<std::string, std::string>> tree(const std::string& dir) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& entry : fs::recursive_directory_iterator(dir))
    if (entry.is_regular_file()) out.emplace_back(entry.path().lexically_relative(dir).string(), slurp(entry.path()));
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace samebits
