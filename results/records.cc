#include "results/records.h"

#include <fmt/format.h>

#include "harness/core/canonical_json.h"
#include "harness/core/error.h"
#include "results/encoding.h"
#include "results/fields.h"

namespace samebits {
namespace {

using nlohmann::json;

// In the order of the enums of types.h.
constexpr const char* kKinds[] = {"loglikelihood", "loglikelihood_rolling", "generate"};
constexpr const char* kStops[] = {"none", "until", "eos", "length", "blocked", "error"};

template <class Enum, size_t N>
Enum enum_of(const std::string& name, const char* const (&names)[N], const std::string& where) {
  for (size_t i = 0; i < N; ++i)
    if (name == names[i]) return static_cast<Enum>(i);
  fail_field("an unknown word", where);
}

json unknown_json(const Unknown& u) { return {{"unknown", text_json(u.reason)}}; }

Unknown unknown_of_json(const json& v, const std::string& where) {
  Fields f(v, where);
  Unknown u{f.text("unknown")};
  f.done();
  return u;
}

double double_of_json(const json& v, const std::string& where) {
  if (!v.is_string()) fail_field("not a bit string", where);
  return f64_from_bits(v.get_ref<const std::string&>());
}

// A bit string, or {"unknown": reason}: a reader never meets null without its reason.
json known_json(const Known<double>& v) {
  return is_known(v) ? json(claim_bits(std::get<double>(v))) : unknown_json(std::get<Unknown>(v));
}

Known<double> known_of_json(const json& v, const std::string& where) {
  if (v.is_object()) return unknown_of_json(v, where);
  return double_of_json(v, where);
}

// ---- Parts of a response ----

// [id, argmax id, logit, maximum logit, logsumexp]
json token_json(const TokenScore& t) {
  return {t.id, t.argmax_id, bits(t.logit), bits(t.max_logit), claim_bits(t.logsumexp)};
}

TokenScore token_of_json(const json& v, const std::string& where) {
  if (!v.is_array() || v.size() != 5 || !v[2].is_string() || !v[3].is_string() || !v[4].is_string())
    fail_field("not [id, argmax id, logit, maximum logit, logsumexp]", where);
  TokenScore t;
  t.id = Fields::integer_of<int32_t>(v[0], where);
  t.argmax_id = Fields::integer_of<int32_t>(v[1], where);
  t.logit = f32_from_bits(v[2].get_ref<const std::string&>());
  t.max_logit = f32_from_bits(v[3].get_ref<const std::string&>());
  t.logsumexp = f64_from_bits(v[4].get_ref<const std::string&>());
  return t;
}

// Decimal strings: counts pass 2^53 on large models.
json cost_json(const Known<Cost>& known) {
  if (!is_known(known)) return unknown_json(std::get<Unknown>(known));
  const Cost& c = std::get<Cost>(known);
  return {{"macs", fmt::to_string(c.macs)},
          {"weight_bytes", fmt::to_string(c.weight_bytes)},
          {"kv_bytes", fmt::to_string(c.kv_bytes)}};
}

Known<Cost> cost_of_json(const json& v, const std::string& where) {
  if (v.is_object() && v.contains("unknown")) return unknown_of_json(v, where);
  Fields f(v, where);
  const Cost c{f.u64("macs"), f.u64("weight_bytes"), f.u64("kv_bytes")};
  f.done();
  return c;
}

json stage_json(const StageRecord& s) {
  return {{"stage", text_json(s.stage)},
          {"digest", text_json(s.digest)},
          {"point", text_json(s.point)},
          {"block", s.block},
          {"category", text_json(s.category)}};
}

StageRecord stage_of_json(const json& v, const std::string& where) {
  Fields f(v, where);
  StageRecord s{f.text("stage"), f.text("digest"), f.text("point"), f.boolean("block"), f.text("category")};
  f.done();
  return s;
}

// temperature and top_p as bits: they are inputs of every draw.
json sampling_json(const Sampling& s) {
  return {{"temperature", claim_bits(s.temperature)},
          {"top_k", s.top_k},
          {"top_p", claim_bits(s.top_p)},
          {"seed", fmt::to_string(s.seed)}};
}

Sampling sampling_of_json(const json& v, const std::string& where) {
  Fields f(v, where);
  Sampling s;
  s.temperature = double_of_json(f.get("temperature"), where);
  s.top_k = f.integer<int>("top_k");
  s.top_p = double_of_json(f.get("top_p"), where);
  s.seed = f.u64("seed");
  f.done();
  return s;
}

}  // namespace

json request_json(const Request& r) {
  json out = {{"kind", kKinds[static_cast<size_t>(r.kind)]}, {"context", text_json(r.context)}};
  if (r.kind == RequestKind::loglikelihood || !r.continuation.empty()) out["continuation"] = text_json(r.continuation);
  if (r.chat) out["chat"] = true;
  if (r.kind == RequestKind::generate || !r.until.empty()) out["until"] = texts_json(r.until);
  if (r.kind == RequestKind::generate || r.max_tokens != 0) out["max_tokens"] = r.max_tokens;
  if (r.sampling != Sampling{}) out["sampling"] = sampling_json(r.sampling);
  return out;
}

Request request_of_json(const json& v, const std::string& where) {
  Fields f(v, where);
  Request r;
  r.kind = enum_of<RequestKind>(f.string("kind"), kKinds, f.where("kind"));
  r.context = f.text("context");
  if (v.contains("continuation")) r.continuation = f.text("continuation");
  if (v.contains("chat")) r.chat = f.boolean("chat");
  if (v.contains("until")) r.until = f.texts("until");
  if (v.contains("max_tokens")) r.max_tokens = f.integer<int>("max_tokens");
  if (const json* s = f.find("sampling")) r.sampling = sampling_of_json(*s, f.where("sampling"));
  f.done();
  return r;
}

json response_json(const Response& r) {
  const Response none;  // what equals its fields is left out
  json out = {{"context_ids", r.context_ids}, {"output_ids", r.output_ids}};
  if (!r.tokens.empty()) {
    json& tokens = out["tokens"] = json::array();
    for (const TokenScore& t : r.tokens) tokens.push_back(token_json(t));
  }
  if (r.loglikelihood != none.loglikelihood) out["loglikelihood"] = known_json(r.loglikelihood);
  if (r.greedy) out["greedy"] = true;
  if (!r.text.empty()) out["text"] = text_json(r.text);
  if (r.stop != Stop::none) out["stop"] = kStops[static_cast<size_t>(r.stop)];
  if (r.cost != none.cost) out["cost"] = cost_json(r.cost);
  if (!r.stages.empty()) {
    json& stages = out["stages"] = json::array();
    for (const StageRecord& s : r.stages) stages.push_back(stage_json(s));
  }
  if (!r.warnings.empty()) out["warnings"] = texts_json(r.warnings);
  if (!r.error.empty()) out["error"] = text_json(r.error);
  if (!r.logits_digest.empty()) out["logits_digest"] = text_json(r.logits_digest);
  return out;
}

Response response_of_json(const json& v, const std::string& where) {
  Fields f(v, where);
  Response r;
  r.context_ids = f.integers<int32_t>("context_ids");
  r.output_ids = f.integers<int32_t>("output_ids");
  if (v.contains("tokens"))
    for (const json& t : f.array("tokens")) r.tokens.push_back(token_of_json(t, f.where("tokens")));
  if (const json* l = f.find("loglikelihood")) r.loglikelihood = known_of_json(*l, f.where("loglikelihood"));
  if (v.contains("greedy")) r.greedy = f.boolean("greedy");
  if (v.contains("text")) r.text = f.text("text");
  if (v.contains("stop")) r.stop = enum_of<Stop>(f.string("stop"), kStops, f.where("stop"));
  if (const json* c = f.find("cost")) r.cost = cost_of_json(*c, f.where("cost"));
  if (v.contains("stages"))
    for (const json& s : f.array("stages")) r.stages.push_back(stage_of_json(s, f.where("stages")));
  if (v.contains("warnings")) r.warnings = f.texts("warnings");
  if (v.contains("error")) r.error = f.text("error");
  if (v.contains("logits_digest")) r.logits_digest = f.text("logits_digest");
  f.done();
  return r;
}

json sample_json(const Sample& s) {
  json slices = json::array();  // pairs, since slice names need not be keys of the claims' profile
  for (const auto& [name, value] : s.slices) slices.push_back({text_json(name), text_json(value)});
  return {{"doc_id", s.doc_id},
          {"doc_digest", text_json(s.doc_digest)},
          {"input", text_json(s.input)},
          {"choices", texts_json(s.choices)},
          {"gold", s.gold},
          {"targets", texts_json(s.targets)},
          {"words", fmt::to_string(s.words)},
          {"bytes", fmt::to_string(s.bytes)},
          {"slices", slices}};
}

json item_json(const Plan& plan, const Sample& sample, const Responses& responses, const TaskScores* scores,
               size_t sample_of_task) {
  json item = sample_json(sample);
  json& requests = item["requests"] = json::array();
  const Request* previous = nullptr;
  for (uint32_t i = sample.first_request; i < sample.first_request + sample.n_requests; ++i) {
    json request = request_json(plan.requests[i]);
    SAMEBITS_ASSERT(responses[i].has_value());
    json answered = response_json(*responses[i]);
    for (auto& [key, value] : answered.items()) request[key] = std::move(value);
    // The choices of a question share their context: once is enough, in text and in tokens.
    if (previous && previous->context == plan.requests[i].context) request.erase("context");
    if (previous && responses[i - 1]->context_ids == responses[i]->context_ids) request.erase("context_ids");
    requests.push_back(std::move(request));
    previous = &plan.requests[i];
  }
  if (!scores) return item;
  json& rows = item["scores"] = json::array();  // by metric: a list of bit strings, or why there is none
  for (const auto& metric : scores->per_sample) {
    const Known<Statistic>& known = metric[sample_of_task];
    if (!is_known(known)) {
      rows.push_back(unknown_json(std::get<Unknown>(known)));
      continue;
    }
    json& row = rows.emplace_back(json::array());
    for (double v : std::get<Statistic>(known)) row.push_back(claim_bits(v));
  }
  return item;
}

namespace {

Sample sample_of_fields(Fields& f) {
  Sample s;
  s.doc_id = f.integer<uint32_t>("doc_id");
  s.doc_digest = f.text("doc_digest");
  s.input = f.text("input");
  s.choices = f.texts("choices");
  s.gold = f.integers<int32_t>("gold");
  s.targets = f.texts("targets");
  s.words = f.u64("words");
  s.bytes = f.u64("bytes");
  for (const json& pair : f.array("slices")) {
    if (!pair.is_array() || pair.size() != 2) fail_field("not a pair", f.where("slices"));
    s.slices.emplace(text_of_json(pair[0], f.where("slices")), text_of_json(pair[1], f.where("slices")));
  }
  return s;
}

// Keys of a stored request that belong to the plan; the others belong to the response.
bool is_request_key(const std::string& key) {
  for (const char* k : {"kind", "context", "continuation", "chat", "until", "max_tokens", "sampling"})
    if (key == k) return true;
  return false;
}

}  // namespace

void append_item(json item, uint32_t task, const std::string& where, Plan& plan, Responses& responses) {
  Fields f(item, where);
  Sample sample = sample_of_fields(f);
  sample.task = task;
  sample.first_request = static_cast<uint32_t>(plan.requests.size());
  f.array("requests");
  json& stored = item["requests"];
  sample.n_requests = static_cast<uint32_t>(stored.size());
  for (json& both : stored) {
    if (!both.is_object()) fail_field("not an object", f.where("requests"));
    json asked = json::object(), answered = json::object();
    for (auto& [key, value] : both.items()) (is_request_key(key) ? asked : answered)[key] = std::move(value);
    // item_json's inverse: what is missing is that of the request before.
    const bool first = &both == &stored.front();
    if (!first && !asked.contains("context")) asked["context"] = text_json(plan.requests.back().context);
    if (!first && !answered.contains("context_ids")) answered["context_ids"] = responses.back()->context_ids;
    Request& request = plan.requests.emplace_back(request_of_json(asked, where));
    request.index = static_cast<uint32_t>(plan.requests.size() - 1);
    request.task = task;
    request.sample = static_cast<uint32_t>(plan.samples.size());
    request.slot = request.index - sample.first_request;
    responses.emplace_back(response_of_json(answered, where))->index = request.index;
  }
  f.array("scores");  // recomputed, and compared by verify
  f.done();
  plan.samples.push_back(std::move(sample));
}

json estimate_json(const MetricUse& use, const Estimate& e) {
  json out = {{"metric", text_json(use.metric)},
              {"filter", text_json(use.filter)},
              {"higher_is_better", use.higher_is_better},
              {"value", known_json(e.value)},
              {"stderr", known_json(e.stderr_)},
              {"n", e.n},
              {"unknown", e.unknown},
              {"method", text_json(e.method)}};
  if (e.low) out["low"] = claim_bits(*e.low);
  if (e.high) out["high"] = claim_bits(*e.high);
  return out;
}

}  // namespace samebits
