// Backend "fake": answers every request from a hash of its text, so that plans and metrics can be tried in
// milliseconds and without a model. -m fake:NAME; every NAME is a model of its own.
#include <algorithm>
#include <array>
#include <charconv>

#include "harness/core/digest.h"
#include "harness/core/registry.h"

namespace {
using namespace samebits;

constexpr std::array<const char*, 8> kAnswers = {" yes", " no", " A", " B", " 42", " 7", "#### 12", ""};

// The first 32 bits of SHA-256, as a number.
uint32_t hash32(const std::string& text) {
  const std::string hex = sha256_hex(text);
  uint32_t value = 0;
  std::from_chars(hex.data(), hex.data() + 8, value, 16);
  return value;
}

struct FakeBackend final : Backend {
  explicit FakeBackend(const std::string& name) {
    info_.name = "fake:" + name;
    info_.digest = sha256_hex("samebits example fake model\n" + name);
    info_.arch = "fake";
    info_.contract = "fake-1";
    info_.evidence = "recorded";  // not computed by samebits' own engine
    info_.context_length = 1 << 20;
  }
  const ModelInfo& model() const override { return info_; }

  // One token a byte.
  std::vector<int32_t> tokenize(std::string_view text, bool) const override {
    std::vector<int32_t> ids;
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
  }

  void answer(std::span<const Request> requests, const Sink& sink, const Observer&) override {
    for (const Request& request : requests) sink(respond(request));
  }

 private:
  Response respond(const Request& request) const {
    Response out;
    out.index = request.index;
    out.context_ids = tokenize(request.context, request.chat);
    const uint32_t hash = hash32(info_.digest + request.context + '\0' + request.continuation);
    if (request.kind == RequestKind::generate) {
      out.text = kAnswers[hash % kAnswers.size()];
      for (const std::string& stop : request.until) out.text.resize(std::min(out.text.find(stop), out.text.size()));
      out.output_ids = tokenize(out.text, false);
      out.stop = Stop::eos;
      return out;
    }
    out.output_ids =
        tokenize(request.kind == RequestKind::loglikelihood ? request.continuation : request.context, false);
    out.loglikelihood = -static_cast<double>(hash) / (1 << 28);  // exact: 32 bits over a power of two
    out.greedy = hash % 2 == 1;
    return out;
  }

  ModelInfo info_;
};

struct FakeFactory final : BackendFactory {
  std::unique_ptr<Backend> open(const std::string& location, const nlohmann::json&) const override {
    return std::make_unique<FakeBackend>(location);
  }
};

SAMEBITS_REGISTER(BackendFactory, FakeFactory, "fake", 1, "answers from a hash of the text; needs no model");

}  // namespace

SAMEBITS_PLUGIN()
