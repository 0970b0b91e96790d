#include "tests/matrix/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "harness/core/error.h"
#include "tests/matrix/covering_array.h"
#include "tests/support/tiny_model.h"

namespace samebits {
namespace {

// The two models of the arrays and of chaos: 4-bit weights with a minimum; K-quants, a window, and norms everywhere.
constexpr const char* kArrayModels[] = {"llama-q4_1", "gemma3-q4_k"};
constexpr const char* kRealModels[] = {"smollm2-135m-instruct", "gemma-3-270m"};

// Factors of the arrays.
enum Factor : size_t { kBuild, kTier, kThreads, kBatch, kSharing, kMemory, kOrder, kInterruption, kFactors };

std::vector<std::string> all_tiers(const std::vector<Build>& builds) {
  std::vector<std::string> tiers;
  for (const Build& b : builds)
    for (const std::string& tier : b.tiers)
      if (std::find(tiers.begin(), tiers.end(), tier) == tiers.end()) tiers.push_back(tier);
  return tiers;
}

bool has_tier(const Build& b, const std::string& tier) {
  return std::find(b.tiers.begin(), b.tiers.end(), tier) != b.tiers.end();
}

std::string mark(bool green) { return green ? "✓" : "**differs**"; }

}  // namespace

Extent cut_extent() {
  Extent e;
  e.threads = {1, 2, 3, 7, 16};
  e.batch_tokens = {1, 7, 32, 256, 1024};
  e.real_threads = {1, 3};
  e.real_batch_tokens = {7, 256};
  e.real_limit = 1;
  e.chaos_seeds = 20;
  return e;
}

Extent full_extent() {
  Extent e = cut_extent();
  e.real_threads = e.threads;
  e.real_batch_tokens = e.batch_tokens;
  e.real_limit = 2;
  e.real_scalar = true;
  e.chaos_seeds = 1000;
  return e;
}

Matrix::Matrix(std::vector<Build> builds, const std::string& scratch, const std::string& tasks,
               const std::string& shuffled_runner, Extent extent)
    : builds_(std::move(builds)),
      models_(scratch + "/models"),
      tasks_(tasks),
      extent_(std::move(extent)),
      runner_(scratch + "/cells", shuffled_runner) {
  std::filesystem::create_directories(models_);
  for (const NamedTinyModel& m : tiny_zoo()) write_file(models_ + "/" + m.name + ".gguf", tiny_model(m.spec));
  for (Build& b : builds_) b.tiers = runner_.tiers(b, models_ + "/" + kArrayModels[0] + ".gguf");
}

Subject Matrix::tiny_subject(const std::string& name) const {
  Subject s;
  s.name = name;
  s.model = models_ + "/" + name + ".gguf";
  s.tasks = {"--include-path", tasks_, "-t", "matrix_choices,matrix_pages,matrix_greedy,matrix_sampled"};
  s.killed_at_bytes = 48'000;
  return s;
}

Subject Matrix::real_subject(const std::string& name) const {
  Subject s = tiny_subject(name);
  s.model = name;
  s.tasks.insert(s.tasks.end(), {"--limit", std::to_string(extent_.real_limit)});
  s.killed_at_bytes = 5'000;
  return s;
}

bool Matrix::check(const Build& build, const Subject& subject, const Cell& cell, Section& section) {
  const Result result = runner_.run(build, subject, cell);
  std::string key = subject.name;
  for (const std::string& flag : subject.tasks) key += " " + flag;
  const bool first = result.error.empty() && expected_.emplace(key, result.digests).second;
  const bool green = first || (result.error.empty() && result.digests == expected_.at(key));
  ++section.cells;
  section.green += green;
  if (!green) {
    const std::string what = result.error.empty()
                                 ? "logits " + result.digests.logits + ", expected " + expected_.at(key).logits +
                                       "; claims " + result.digests.claims + ", expected " + expected_.at(key).claims
                                 : result.error;
    fmt::print(stderr, "{} on {}: {}: {}\n", build.name, subject.name, cell_name(cell), what);
  }
  return green;
}

Section Matrix::cross_builds_and_tiers() {
  Section out{"Every architecture and weight type: build × tier, fully crossed", {}, {"model"}, {}, {}};
  out.about = "A number is the tiers that agree with the first cell of the row, of the tiers that ran.";
  for (const Build& b : builds_) out.header.push_back(b.name);
  out.header.emplace_back("logits digest");
  for (const NamedTinyModel& m : tiny_zoo()) {
    Subject subject = tiny_subject(m.name);
    subject.tasks.insert(subject.tasks.end(), {"--limit", "1"});  // unoptimised builds are slow
    std::vector<std::string> row = {m.name};
    for (const Build& b : builds_) {
      size_t green = 0;
      for (const std::string& tier : b.tiers)
        green += check(b, subject, {tier, 2, 32, true, false, false, false, {}}, out);
      row.push_back(fmt::format("{}/{}", green, b.tiers.size()));
    }
    const auto digest = std::find_if(expected_.begin(), expected_.end(),
                                     [&](const auto& e) { return e.first.starts_with(m.name + " "); });
    row.push_back(digest == expected_.end() ? "none" : digest->second.logits.substr(0, 16));
    out.rows.push_back(std::move(row));
  }
  return out;
}

Section Matrix::cover_pairs(Subject subject, bool real) {
  Section out{subject.name + ": all settings, pairwise", {}, {}, {}, {}};
  out.about = "Any two settings of this table's columns meet in at least one row.";
  out.header = {"build", "tier", "threads", "batch", "prefixes", "KV memory", "order", "interruption", ""};
  const std::vector<std::string> tiers = all_tiers(builds_);
  const auto& threads = real ? extent_.real_threads : extent_.threads;
  const auto& batches = real ? extent_.real_batch_tokens : extent_.batch_tokens;
  const RowAllowed allowed = [&](const ArrayRow& r) {
    if (r[kBuild] >= 0 && real && builds_[static_cast<size_t>(r[kBuild])].slow) return false;
    if (r[kTier] >= 0 && real && !extent_.real_scalar && tiers[static_cast<size_t>(r[kTier])] == "scalar") return false;
    if (r[kOrder] == 1 && r[kBuild] > 0) return false;
    return r[kBuild] < 0 || r[kTier] < 0 ||
           has_tier(builds_[static_cast<size_t>(r[kBuild])], tiers[static_cast<size_t>(r[kTier])]);
  };
  const auto n = [](const auto& list) { return static_cast<int>(list.size()); };
  for (const ArrayRow& r : covering_array({n(builds_), n(tiers), n(threads), n(batches), 2, 2, 2, 2}, allowed)) {
    const auto at = [&](Factor f) { return static_cast<size_t>(r[f]); };
    const Cell cell{tiers[at(kTier)], threads[at(kThreads)], batches[at(kBatch)],   r[kSharing] == 0,
                    r[kMemory] == 1,  r[kOrder] == 1,        r[kInterruption] == 1, {}};
    const bool green = check(builds_[at(kBuild)], subject, cell, out);
    out.rows.push_back({builds_[at(kBuild)].name, cell.tier, std::to_string(cell.threads),
                        std::to_string(cell.batch_tokens), cell.share_prefixes ? "shared" : "computed again",
                        cell.least_memory ? "the least" : "ample", cell.shuffled ? "shuffled" : "the plan's",
                        cell.killed ? "killed, resumed" : "none", mark(green)});
  }
  if (builds_.size() > 1) out.notes.emplace_back("Shuffled: by a plugin, which its own compiler's build loads.");
  if (real && !extent_.real_scalar)
    out.notes.emplace_back("Scalar tier: minutes a cell here; it runs in the full matrix.");
  for (const Build& b : builds_)
    if (real && b.slow) out.notes.push_back(b.name + ": too slow for this model; it ran on every tiny one.");
  return out;
}

Section Matrix::draw_chaos() {
  Section out{"Chaos: choices drawn from a seed", {}, {"model", "seeds", ""}, {}, {}};
  out.about =
      "Tiling, order of tasks, batch packing, page placement and contents, evicted prefixes and waiting threads.";
  for (size_t m = 0; m < std::size(kArrayModels); ++m) {
    const Subject subject = tiny_subject(kArrayModels[m]);
    uint64_t seeds = 0, green = 0;
    for (uint64_t seed = m; seed < extent_.chaos_seeds; seed += std::size(kArrayModels), ++seeds) {
      Cell cell;
      cell.tier = builds_[0].tiers[seed / 2 % builds_[0].tiers.size()];
      cell.threads = extent_.threads[seed / 3 % extent_.threads.size()];
      cell.chaos = seed;
      green += check(builds_[0], subject, cell, out);
    }
    out.rows.push_back({subject.name, std::to_string(seeds), mark(green == seeds)});
  }
  return out;
}

std::vector<Section> Matrix::run() {
  for (const Build& b : builds_) SAMEBITS_ASSERT(!b.tiers.empty());
  std::vector<Section> sections = {cross_builds_and_tiers()};
  const auto cover = [&](Subject subject, bool real) {
    const LeastMemory least = runner_.least_kv_memory(builds_[0], subject);
    subject.kv_memory_bytes = least.bytes;
    if (least.bytes > 0) return sections.push_back(cover_pairs(subject, real));
    Section& none = sections.emplace_back();
    none.title = subject.name + ": not run";
    if (least.not_pulled) {
      none.notes.emplace_back("The model is not here. Fetch it with: samebits model pull " + subject.name);
    } else {
      none.cells = 1;  // and it is red
      fmt::print(stderr, "{} on {}, for the least --kv-memory: {}\n", builds_[0].name, subject.name, least.error);
    }
  };
  for (const char* name : kArrayModels) cover(tiny_subject(name), false);
  sections.push_back(draw_chaos());
  for (const char* name : kRealModels) cover(real_subject(name), true);
  return sections;
}

}  // namespace samebits
