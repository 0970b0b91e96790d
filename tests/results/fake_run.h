// A small run in memory, without a model: three tasks of every request kind, a group, a safety chain, awkward text.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "harness/core/interfaces.h"
#include "harness/core/loop.h"

namespace samebits {

Plan fake_plan();
ModelInfo fake_model();

// What the fake model answers: a function of the request alone.
Response fake_response(const Request&);
Responses fake_responses(const Plan&);

struct FakeBackend final : Backend {
  ModelInfo info = fake_model();
  std::function<void(Response&)> tamper;  // changes an answer before it is given
  const ModelInfo& model() const override { return info; }
  std::vector<int32_t> tokenize(std::string_view text, bool) const override;
  void answer(std::span<const Request>, const Sink&, const Observer&) override;
};

// Answers the missing requests in an order that the seed decides, at most `limit` of them.
struct FakeRunner final : Runner {
  uint64_t seed = 0;
  size_t limit = SIZE_MAX;
  void run(const Plan&, Backend&, std::span<const uint32_t> missing, const Sink&, const Observer&) const override;
};

std::string slurp(const std::filesystem::path&);
void spew(const std::filesystem::path&, std::string_view bytes);

// Writes the fake run's bundle into `dir`; returns its claims digest.
std::string write_fake_bundle(const std::string& dir);

// What a forger does after an edit: SHA256SUMS and index made consistent again.
void reseal(const std::string& dir);

// Every file below `dir`, path and bytes.
std::vector<std::pair<std::string, std::string>> tree(const std::string& dir);

}  // namespace samebits
