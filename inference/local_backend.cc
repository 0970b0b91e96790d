#include "inference/local_backend.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "harness/core/registry.h"
#include "harness/numeric/philox.h"
#include "inference/catalogue.h"
#include "inference/free_memory.h"
#include "inference/model_info.h"
#include "inference/sampler.h"
#include "inference/tokenizer/encode_request.h"
#include "inference/tokenizer/stop.h"

namespace samebits {
namespace {

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

const std::vector<std::string> kOptions = {"threads",        "batch_tokens",  "isa",  "kv_memory",
                                           "share_prefixes", "logits_digest", "chaos"};

TransformerSpec load_checked(const Gguf& gguf) {
  gguf.check_finite();
  return load_transformer(gguf);
}

}  // namespace

EngineOptions parse_engine_options(const nlohmann::json& options) {
  EngineOptions out;
  const auto refuse = [](const std::string& key, const std::string& range) {
    throw Error("E0222", "the engine option \"" + key + "\" must be " + range, "--" + key,
                "give a value in that range");
  };
  const auto integer = [&](const std::string& key, const nlohmann::json& v, int64_t low, int64_t high) {
    if (!v.is_number_integer() || v.get<int64_t>() < low || v.get<int64_t>() > high)
      refuse(key, "an integer from " + std::to_string(low) + " to " + std::to_string(high));
    return v.get<int64_t>();
  };
  const auto boolean = [&](const std::string& key, const nlohmann::json& v) {
    if (!v.is_boolean()) refuse(key, "true or false");
    return v.get<bool>();
  };
  std::string isa;
  for (const auto& [key, value] : options.items()) {
    if (key == "threads") {
      out.threads = static_cast<int>(integer(key, value, 0, EngineOptions::kMaxThreads));
    } else if (key == "batch_tokens") {
      out.schedule.batch_tokens = integer(key, value, 1, EngineOptions::kMaxBatchTokens);
    } else if (key == "isa") {
      if (!value.is_string()) refuse(key, "a tier's name");
      isa = value.get<std::string>();
    } else if (key == "kv_memory") {
      out.kv_memory_bytes = static_cast<uint64_t>(integer(key, value, 1, EngineOptions::kMaxKvMemoryBytes));
    } else if (key == "chaos") {
      if (!value.is_number_unsigned()) refuse(key, "a seed");
      out.chaos = value.get<uint64_t>();
    } else if (key == "logits_digest") {
      out.logits_digest = boolean(key, value);
    } else if (key == "share_prefixes") {
      out.schedule.share_prefixes = boolean(key, value);
    } else {
      throw Error("E0222", "there is no engine option \"" + key + "\"" + did_you_mean(key, kOptions), "",
                  "leave it out");
    }
  }
  out.isa = parse_isa(isa.c_str());
  return out;
}

LocalBackend::LocalBackend(const std::string& path, const EngineOptions& options)
    : options_(options),
      gguf_(Gguf::open(path)),
      details_(std::async(std::launch::async, [this] { return model_info(gguf_); })),
      tokenizer_(Tokenizer::open(gguf_)),
      transformer_(load_checked(gguf_), options.isa, options.threads, options.chaos ? Chaos(*options.chaos) : Chaos()),
      cost_(gguf_, transformer_.spec()) {
  if (tokenizer_->vocab_size() > transformer_.spec().n_vocab)
    throw Error("E0206",
                "the tokenizer has " + std::to_string(tokenizer_->vocab_size()) + " tokens, the embedding only " +
                    std::to_string(transformer_.spec().n_vocab),
                path, "download or convert the model again");
  if (options_.kv_memory_bytes == 0) options_.kv_memory_bytes = free_memory_bytes() / 2;
  options_.schedule.kv_pages = std::max<uint64_t>(1, options_.kv_memory_bytes / transformer_.kv().bytes_per_page());
  info_.name = path;
  info_.arch = transformer_.spec().arch;
  info_.context_length = transformer_.spec().context_length;
  info_.chat_template = gguf_.string("tokenizer.chat_template", "");
  if (tokenizer_->bos() >= 0) info_.bos = tokenizer_->token_bytes(tokenizer_->bos());
  if (tokenizer_->eos() >= 0) info_.eos = tokenizer_->token_bytes(tokenizer_->eos());
  info_.contract = "sb-1";
  info_.details = details_.get();
  info_.digest = gguf_.digest();
  info_.details["tokenizer"]["digest"] = tokenizer_->digest();
  info_.quantisation = info_.details.value("quantisation", std::string("unknown"));
}

std::vector<int32_t> LocalBackend::tokenize(std::string_view text, bool special) const {
  return tokenizer_->encode(text, special);
}

nlohmann::json LocalBackend::observations() const {
  const KvPool& kv = transformer_.kv();
  return {{"isa", isa_name(options_.isa)},
          {"threads", transformer_.workers().threads()},
          {"batch_tokens", options_.schedule.batch_tokens},
          {"share_prefixes", options_.schedule.share_prefixes},
          {"chaos", options_.chaos ? nlohmann::json(*options_.chaos) : nlohmann::json()},
          {"executed_macs", transformer_.executed_macs()},
          {"kv_memory_bytes", options_.kv_memory_bytes},
          {"kv_peak_bytes", kv.peak_pages() * kv.bytes_per_page()}};
}

// E0223 where a sequence alone would not fit.
void LocalBackend::check_memory(std::span<const Sequence> sequences) const {
  uint64_t pages = 0;
  for (const Sequence& s : sequences) pages = std::max(pages, kv_pages_needed(s));
  const uint64_t bytes = pages * transformer_.kv().bytes_per_page();
  if (bytes <= options_.kv_memory_bytes) return;
  throw Error("E0223",
              fmt::format("{} bytes for keys and values are too few: the longest request needs {}",
                          options_.kv_memory_bytes, bytes),
              "--kv-memory", fmt::format("give at least --kv-memory {}", bytes));
}

// One answer() call: requests on their way to responses.
class LocalBackend::Batch {
 public:
  Batch(LocalBackend& backend, std::span<const Request> requests, const Sink& sink, const Observer& observe)
      : backend_(backend),
        requests_(requests),
        sink_(sink),
        observe_(observe),
        pending_(requests.size()),
        begin_ns_(now_ns()) {}

  void run() {
    for (size_t i = 0; i < requests_.size(); ++i) admit(i);
    backend_.check_memory(sequences_);
    SchedulerHooks hooks;
    hooks.on_start = [&](size_t s) { start(pending_[owner_[s].request]); };
    hooks.on_score = [&](size_t s, size_t k, const TokenScore& score, bool tie) {
      Pending& p = pending_[owner_[s].request];
      p.tie = p.tie || tie;
      p.first_ns = p.first_ns ? p.first_ns : now_ns();
      p.response.tokens[owner_[s].first_target + k] = score;
    };
    hooks.choose = [&](size_t s, std::span<const float> logits) { return choose(owner_[s].request, logits); };
    hooks.on_token = [&](size_t s, int32_t token) { return accept(owner_[s].request, token); };
    hooks.on_done = [&](size_t s, const std::string& error) { finish_window(owner_[s].request, error); };
    if (backend_.options_.logits_digest)
      hooks.on_logits = [&](size_t s, size_t target, std::span<const float> logits) {
        Pending& p = pending_[owner_[s].request];
        const size_t at = sequences_[s].generate ? p.digests.size() : owner_[s].first_target + target;
        if (at >= p.digests.size()) p.digests.resize(at + 1);
        p.digests[at] = sha256_hex({reinterpret_cast<const char*>(logits.data()), logits.size_bytes()});
      };
    run_sequences(backend_.transformer_, sequences_, backend_.options_.schedule, hooks);
  }

 private:
  struct Pending {
    Response response;
    size_t open_windows = 0;
    std::optional<GenerationText> text;
    uint64_t chosen = 0;  // tokens chosen by a generation, an end token included
    bool tie = false;     // two tokens shared the maximum at a scored position
    std::vector<std::string> digests;  // of the logits, by scored position
    int64_t start_ns = 0, first_ns = 0;
  };
  struct Owner {
    size_t request, first_target;
  };

  void admit(size_t i) {
    Pending& p = pending_[i];
    p.response.index = requests_[i].index;
    EncodedRequest encoded = encode_request(*backend_.tokenizer_, requests_[i], backend_.info_.context_length);
    p.response.warnings = encoded.warnings;
    if (!encoded.error.empty()) {
      p.response.error = encoded.error;
      p.response.stop = Stop::error;
      return sink_(std::move(p.response));
    }
    p.response.context_ids = std::move(encoded.context_ids);
    p.response.output_ids = std::move(encoded.output_ids);
    const bool generate = requests_[i].kind == RequestKind::generate;
    Cost cost;
    size_t target = 0;
    for (Window& w : encoded.windows) {
      if (!generate) cost = cost + backend_.cost_.window(w.input.size(), w.targets.size());
      owner_.push_back({i, target});
      target += w.targets.size();
      ++p.open_windows;
      sequences_.push_back({std::move(w.input), static_cast<int64_t>(w.first_scored), std::move(w.targets), generate,
                            generate && requests_[i].sampling.temperature > 0, generate ? requests_[i].max_tokens : 0});
    }
    if (generate)
      p.text.emplace(*backend_.tokenizer_, requests_[i].until);
    else
      p.response.cost = cost;
    p.response.tokens.resize(target);
  }

  void start(Pending& p) { p.start_ns = p.start_ns ? p.start_ns : now_ns(); }

  // The seed is the request's own (task, document and slot are hashed into it), so a draw depends on nothing else.
  int32_t choose(size_t i, std::span<const float> logits) {
    const Sampling& sampling = requests_[i].sampling;
    const Philox draws(sampling.seed, 0, 0, DrawPurpose::sampling);
    return sample_token(logits, sampling, draws.uniform(static_cast<uint32_t>(pending_[i].chosen)));
  }

  bool accept(size_t i, int32_t token) {
    Pending& p = pending_[i];
    Response& out = p.response;
    const Request& r = requests_[i];
    p.first_ns = p.first_ns ? p.first_ns : now_ns();
    ++p.chosen;
    if (backend_.tokenizer_->end_ids().contains(token)) {
      out.stop = Stop::eos;
      return false;
    }
    out.output_ids.push_back(token);
    if (p.text->push(token)) {
      out.stop = Stop::until;
      return false;
    }
    if (static_cast<int>(out.output_ids.size()) >= r.max_tokens) {
      out.stop = Stop::length;
      return false;
    }
    return true;
  }

  void finish_window(size_t i, const std::string& error) {
    Pending& p = pending_[i];
    if (!error.empty()) p.response.error = error;
    if (--p.open_windows > 0) return;
    Response& out = p.response;
    if (!out.error.empty()) {
      out.stop = Stop::error;
      out.tokens.clear();
    } else if (requests_[i].kind == RequestKind::generate) {
      out.text = p.text->text();
      out.cost = backend_.cost_.generation(out.context_ids.size(), p.chosen);
    } else {
      double sum = 0;  // in token order
      out.greedy = true;
      for (const TokenScore& t : out.tokens) {
        sum += static_cast<double>(t.logit) - t.logsumexp;
        out.greedy = out.greedy && t.id == t.argmax_id;
      }
      out.loglikelihood = sum;
    }
    if (p.tie) out.warnings.push_back("argmax_tie");
    if (out.error.empty() && !p.digests.empty()) {  // where a NaN may stand, its bits are the machine's
      std::string all;
      for (const std::string& d : p.digests) all += d;
      out.logits_digest = sha256_hex(all);
    }
    observe(p, requests_[i].index);
    sink_(std::move(out));
  }

  void observe(const Pending& p, uint32_t index) {
    if (!observe_) return;
    const int64_t end = now_ns(), first = p.first_ns ? p.first_ns : end;
    observe_({index, "queue_ns", (p.start_ns ? p.start_ns : first) - begin_ns_});
    observe_({index, "ttft_ns", first - begin_ns_});
    observe_({index, "total_ns", end - begin_ns_});
    if (p.chosen == 0) return;
    observe_({index, "output_tokens", static_cast<int64_t>(p.response.output_ids.size())});
    if (p.chosen > 1) observe_({index, "tpot_ns", (end - first) / static_cast<int64_t>(p.chosen - 1)});
  }

  LocalBackend& backend_;
  std::span<const Request> requests_;
  const Sink& sink_;
  const Observer& observe_;
  std::vector<Pending> pending_;
  std::vector<Sequence> sequences_;
  std::vector<Owner> owner_;  // by sequence
  int64_t begin_ns_;
};

void LocalBackend::answer(std::span<const Request> requests, const Sink& sink, const Observer& observe) {
  Batch(*this, requests, sink, observe).run();
}

namespace {

struct LocalFactory final : BackendFactory {
  std::unique_ptr<Backend> open(const std::string& location, const nlohmann::json& options) const override {
    const EngineOptions engine = parse_engine_options(options);
    auto backend = std::make_unique<LocalBackend>(resolve_model(location), engine);
    check_pulled(location, backend->model().digest);
    return backend;
  }
};

SAMEBITS_REGISTER(BackendFactory, LocalFactory, "local", 1,
                  "the built-in engine: a GGUF file or a catalogue name, exact bits");

}  // namespace
}  // namespace samebits
