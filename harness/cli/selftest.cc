// samebits selftest: does this machine compute the published bits, on every tier that it has?
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "harness/cli/conformance.h"
#include "harness/cli/flags.h"
#include "harness/cli/terminal.h"
#include "harness/cli/verbs.h"
#include "harness/core/digest.h"
#include "harness/core/resources.h"
#include "inference/catalogue.h"
#include "inference/local_backend.h"
#include "results/claims.h"

namespace samebits {
namespace {

struct SelftestFlags {
  EngineFlags engine;
  std::string vectors;
  bool json = false;
};

// One line of the table.
struct SelftestRow {
  std::string model, tier;
  int threads = 0;
  std::string logits_digest;
  std::string difference;  // empty: the published bits
  std::string not_run;     // why; empty: it ran
};

// The set's model: the file beside the vectors, else the pulled one of that name. Empty when there is neither.
std::string model_path(const std::string& folder, const ConformanceSet& set) {
  const std::string beside = folder + "/" + set.name + ".gguf";
  if (std::filesystem::exists(beside)) return beside;
  try {
    return resolve_model(set.name);
  } catch (const Error& e) {
    if (e.code == "E0231" || e.code == "E0232") return "";
    throw;
  }
}

SelftestRow check_tier(const ConformanceSet& set, const std::string& path, EngineOptions options) {
  options.logits_digest = true;
  LocalBackend backend(path, options);
  const Responses responses = answer_all(backend, set.requests);
  SelftestRow row{set.name, isa_name(options.isa), backend.transformer().workers().threads(), "", "", ""};
  row.logits_digest = run_logits_digest(responses);
  row.difference = backend.model().contract == set.contract ? conformance_difference(set, responses)
                                                            : "the contract: vectors for " + set.contract;
  return row;
}

// `forced`: --isa names the one tier to check.
std::vector<SelftestRow> check_set(const ConformanceSet& set, const std::string& folder, EngineOptions options,
                                   bool forced) {
  const std::string path = model_path(folder, set);
  if (path.empty()) return {{set.name, "", 0, "", "", "not pulled: samebits model pull " + set.name}};
  if (sha256_file(path) != set.model_digest)
    return {{set.name, "", 0, "", "the model file has another sha256 than the vectors are for", ""}};
  std::vector<SelftestRow> rows;
  for (const Isa isa : kIsas) {
    if (!supported(isa) || (forced && options.isa != isa)) continue;
    EngineOptions of_tier = options;
    of_tier.isa = isa;
    rows.push_back(check_tier(set, path, of_tier));
  }
  return rows;
}

nlohmann::json row_json(const SelftestRow& r) {
  const auto known = [](const std::string& text) { return text.empty() ? nlohmann::json() : nlohmann::json(text); };
  return {{"model", r.model},
          {"tier", known(r.tier)},
          {"threads", r.threads > 0 ? nlohmann::json(r.threads) : nlohmann::json()},
          {"logits_digest", known(r.logits_digest)},
          {"ok", r.not_run.empty() ? nlohmann::json(r.difference.empty()) : nlohmann::json()},
          {"difference", known(r.difference)},
          {"not_run", known(r.not_run)}};
}

std::string row_text(const SelftestRow& r) {
  const std::string result = !r.not_run.empty() ? r.not_run : r.difference.empty() ? "ok" : "differs: " + r.difference;
  return fmt::format("{:<24}{:<12}{:>7}  {:<16}  {}\n", r.model, r.tier.empty() ? "-" : r.tier,
                     r.threads > 0 ? fmt::to_string(r.threads) : "-",
                     r.logits_digest.empty() ? "-" : r.logits_digest.substr(0, 16), result);
}

Exit selftest(const SelftestFlags& flags) {
  const std::string folder = flags.vectors.empty() ? resource_path("results/conformance") : flags.vectors;
  const EngineOptions options = parse_engine_options(engine_options(flags.engine));  // refused before the table begins
  const std::vector<ConformanceSet> sets = load_conformance(folder);
  const std::string head =
      fmt::format("{:<24}{:<12}{:>7}  {:<16}  {}\n", "model", "tier", "threads", "logits digest", "");
  if (!flags.json) print(head);
  nlohmann::json rows = nlohmann::json::array();
  size_t different = 0, computed = 0;
  for (const ConformanceSet& set : sets)
    for (const SelftestRow& row : check_set(set, folder, options, !flags.engine.isa.empty())) {
      different += !row.difference.empty();
      computed += row.not_run.empty();
      rows.push_back(row_json(row));
      if (!flags.json) print(safe_text(row_text(row)));
    }
  if (flags.json)
    print(nlohmann::json{{"ok", different == 0 && computed > 0}, {"rows", rows}}.dump() + "\n");
  else if (computed == 0)
    talk("nothing was computed: no model of these vectors is here");
  else
    talk(different == 0 ? "this machine computes the published bits"
                        : "this machine computes other bits: please report it with the table and `samebits --version`");
  if (computed == 0) return Exit::inconclusive;
  return different == 0 ? Exit::success : Exit::negative_verdict;
}

}  // namespace

void add_selftest(CLI::App& app, Action& action) {
  auto flags = std::make_shared<SelftestFlags>();
  CLI::App* verb =
      app.add_subcommand("selftest", "compute the published conformance vectors on every tier of this machine");
  verb->footer("Example:  samebits selftest");
  add_engine_flags(*verb, flags->engine);
  verb->add_option("--vectors", flags->vectors, "folder of vectors and their models (default: the shipped ones)")
      ->type_name("DIR");
  add_json_flag(*verb, flags->json);
  verb->callback([flags, &action] { action = [flags] { return selftest(*flags); }; });
}

}  // namespace samebits
