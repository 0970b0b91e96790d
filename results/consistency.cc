#include "results/consistency.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "harness/core/canonical_json.h"
#include "harness/core/staged.h"
#include "results/difference.h"
#include "results/encoding.h"

namespace samebits {
namespace {

constexpr const char* kCause = "the bundle was edited: this value follows from the others of its response";

std::string known_bits(const Known<double>& v) {
  return is_known(v) ? claim_bits(std::get<double>(v)) : "unknown: " + std::get<Unknown>(v).reason;
}

// Comparisons are written so that a NaN of a broken model passes: it is what the engine computed.
std::optional<Difference> inconsistent_token(const std::string& where, const TokenScore& t, int32_t output_id) {
  if (t.id != output_id)
    return Difference{where, "id", fmt::to_string(t.id), fmt::format("{} (output_ids)", output_id), kCause};
  const bool beyond = t.logit > t.max_logit, below = t.id == t.argmax_id && t.logit < t.max_logit;
  if (beyond || below)
    return Difference{where, "logit", bits(t.logit), (beyond ? "at most max_logit " : "max_logit ") + bits(t.max_logit),
                      kCause};
  return std::nullopt;
}

// The sums that the engine takes: in token order, in f64; of no token they are 0 and greedy.
std::optional<Difference> inconsistent_scores(const std::string& where, const Response& r) {
  if (r.tokens.size() != r.output_ids.size())
    return Difference{where, "tokens", fmt::format("{} scores", r.tokens.size()),
                      fmt::format("{} output ids", r.output_ids.size()), kCause};
  double sum = 0;
  bool greedy = true;
  for (size_t i = 0; i < r.tokens.size(); ++i) {
    const TokenScore& t = r.tokens[i];
    if (auto difference = inconsistent_token(fmt::format("{}, token {}", where, i), t, r.output_ids[i]))
      return difference;
    sum += static_cast<double>(t.logit) - t.logsumexp;
    greedy = greedy && t.id == t.argmax_id;
  }
  if (known_bits(r.loglikelihood) != claim_bits(sum))
    return Difference{where, "loglikelihood", known_bits(r.loglikelihood), claim_bits(sum), kCause};
  if (r.greedy != greedy) return Difference{where, "greedy", fmt::to_string(r.greedy), fmt::to_string(greedy), kCause};
  return std::nullopt;
}

// Answers with what is stored, so that a chain of stages judges it again. No model: the texts are those of the bundle.
class StoredAnswers final : public Backend {
 public:
  explicit StoredAnswers(const StoredRun& run) : run_(run) {}
  const ModelInfo& model() const override { return run_.model; }
  std::vector<int32_t> tokenize(std::string_view, bool) const override { return {}; }
  void answer(std::span<const Request> requests, const Sink& sink, const Observer&) override {
    for (const Request& request : requests) {
      Response r = *run_.responses[request.index];
      r.stages.clear();
      if (r.stop == Stop::blocked) r.stop = Stop::none;  // what it was before a stage withheld it, nobody recorded
      sink(std::move(r));
    }
  }

 private:
  const StoredRun& run_;
};

}  // namespace

std::optional<Difference> inconsistent_stages(const StoredRun& run) {
  std::vector<Request> judged;
  for (const Request& request : run.plan.requests)
    if (!run.plan.tasks[request.task].stages.empty()) judged.push_back(request);
  StoredAnswers stored(run);
  StagedBackend chain(run.plan, stored);
  std::map<uint32_t, Difference> found;  // by request: what an input stage blocks comes back first
  const Sink compare = [&](Response&& again) {
    const std::string where = request_place(run.plan, run.plan.requests[again.index]);
    if (auto difference = response_difference(where, *run.responses[again.index], again))
      found.emplace(again.index, std::move(*difference));
  };
  chain.answer(judged, compare, nullptr);
  if (found.empty()) return std::nullopt;
  return found.begin()->second;
}

std::string request_place(const Plan& plan, const Request& request) {
  const Sample& sample = plan.samples[request.sample];
  return fmt::format("task {}, doc {}, request {}", plan.tasks[request.task].id, sample.doc_id,
                     request.index - sample.first_request);
}

std::optional<Difference> inconsistent_response(const StoredRun& run) {
  for (const Request& request : run.plan.requests) {
    const Response& r = *run.responses[request.index];
    const auto blocks = [](const StageRecord& s) { return s.block; };
    if (r.stop == Stop::blocked && std::none_of(r.stages.begin(), r.stages.end(), blocks))
      return Difference{request_place(run.plan, request), "stop", "blocked", "no stage blocked it", kCause};
    if (request.kind == RequestKind::generate || !r.error.empty() || r.stop == Stop::blocked) continue;
    // Servers seldom tell token scores; the engine always does.
    if (r.tokens.empty() && run.model.evidence != "exact") continue;
    if (auto difference = inconsistent_scores(request_place(run.plan, request), r)) return difference;
  }
  return std::nullopt;
}

}  // namespace samebits
