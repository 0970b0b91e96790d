#include "results/consistency.h"

#include <fmt/format.h>

#include "harness/core/canonical_json.h"
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

}  // namespace

std::string request_place(const Plan& plan, const Request& request) {
  const Sample& sample = plan.samples[request.sample];
  return fmt::format("task {}, doc {}, request {}", plan.tasks[request.task].id, sample.doc_id,
                     request.index - sample.first_request);
}

std::optional<Difference> inconsistent_response(const StoredRun& run) {
  for (const Request& request : run.plan.requests) {
    const Response& r = *run.responses[request.index];
    if (request.kind == RequestKind::generate || !r.error.empty() || r.stop == Stop::blocked) continue;
    // Servers seldom tell token scores; the engine always does.
    if (r.tokens.empty() && run.model.evidence != "exact") continue;
    if (auto difference = inconsistent_scores(request_place(run.plan, request), r)) return difference;
  }
  return std::nullopt;
}

}  // namespace samebits
