#include "results/verify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "harness/core/canonical_json.h"
#include "harness/core/error.h"
#include "harness/core/registry.h"
#include "harness/numeric/philox.h"
#include "results/bundle.h"
#include "results/claims.h"
#include "results/consistency.h"
#include "results/difference.h"
#include "results/encoding.h"
#include "results/measured.h"
#include "results/plan_check.h"
#include "results/read.h"
#include "results/records.h"

namespace samebits {
namespace {

using nlohmann::json;

[[noreturn]] void refuse_level(const std::string& why, const std::string& hint) { throw Error("E0613", why, "", hint); }

void check_options(const VerifyOptions& options, const Backend* backend, const Runner* runner) {
  if (options.level < 0 || options.level > 4)
    refuse_level(fmt::format("there is no verification level {}", options.level), "choose 0, 2, 3 or 4");
  if (options.level == 1) refuse_level("no signature in this bundle", "choose level 0 or 2");
  if (options.level == 3 && options.items == 0) refuse_level("level 3 needs the number of items", "add --items K");
  if (options.level >= 3 && (!backend || !runner))
    refuse_level("levels 3 and 4 answer items again and need the model", "name it with -m");
}

void check_model(const StoredRun& run, const ModelInfo& here) {
  const auto check = [](const char* what, const std::string& stored, const std::string& given) {
    if (stored != given)
      throw Error("E0612", fmt::format("the {} differs: the bundle has {}, here is {}", what, stored, given), "",
                  "verify with the model file and the contract that the bundle names; nothing was run");
  };
  check("model digest", run.model.digest, here.digest);
  check("engine contract", run.model.contract, here.contract);
}

// Every word about the model that the claims hold, and how its answers came to be: recorded ones are never exact.
std::optional<Difference> model_difference(const ModelInfo& stored, const ModelInfo& here) {
  const auto described = [](const ModelInfo& m) -> json {
    return {{"evidence", text_json(m.evidence)}, {"model", model_json(m)}};
  };
  return json_difference("claims/run.json", described(stored), described(here),
                         "the bundle was edited: the model says otherwise");
}

// Level 2: suite, groups and tasks against those at hand. `checks` tells what was compared.
std::optional<Difference> compare_plan(const StoredRun& run, TasksHere* here, std::vector<PlanCheck>& checks) {
  std::optional<Difference> first;
  const auto check = [&](const char* kind, const std::string& name, const auto& known, const auto& compare) {
    if (first) return;
    const Unknown* unknown = std::get_if<Unknown>(&known);
    if (!unknown) first = compare(std::get<0>(known));
    if (!first) checks.push_back({kind, name, unknown ? unknown->reason : ""});
  };
  const Unknown nothing{"no task files are at hand"};
  const Plan& plan = run.plan;
  if (!plan.suite.is_null())
    check("suite", suite_name(plan), here ? here->suite(plan.suite) : Known<json>(nothing),
          [&](const json& suite) { return suite_difference(plan, suite); });
  for (const Group& group : plan.groups)
    check("group", group.id, here && !first ? here->group(group.id) : Known<Group>(nothing),
          [&](const Group& ours) { return group_difference(group, ours); });
  for (uint32_t t = 0; t < plan.tasks.size(); ++t)
    check("task", plan.tasks[t].id, here && !first ? here->task(run, t) : Known<Plan>(nothing),
          [&](const Plan& ours) { return task_difference(plan, t, ours); });
  return first;
}

// Level 2: every claims file rendered again, compared byte for byte.
std::optional<Difference> rescore(const Bundle& bundle, const StoredRun& run) {
  const Scores scores = score(run.plan, run.responses);
  std::optional<Difference> first;
  std::vector<std::string> rendered;
  render_claims({run.plan, run.responses, scores, run.model, run.logits_digest},
                [&](const std::string& path, std::string&& bytes) {
                  rendered.push_back(path);
                  if (first) return;
                  if (!bundle.has(path))
                    first = Difference{path, "the file", "absent", "present", "the file was left out of the bundle"};
                  else
                    first = file_difference(path, bundle.read(path), bytes);
                });
  for (const auto& [path, digest] : bundle.files())
    if (!first && path.starts_with("claims/") && std::find(rendered.begin(), rendered.end(), path) == rendered.end())
      first = Difference{path, "the file", "present", "absent", "the file was added to the bundle"};
  return first;
}

// The reporter that writes reports/report.<extension>; nullptr when none here does.
const Reporter* reporter_of(const std::string& path) {
  const Registry<Reporter>& reporters = Registry<Reporter>::instance();
  for (const PluginInfo& info : reporters.list())
    if (const Reporter& reporter = reporters.get(info.name); path == report_path(reporter)) return &reporter;
  return nullptr;
}

// Level 2: every report rendered again from claims and observations. `unknown`: those that no reporter here writes.
std::optional<Difference> rerender(const Bundle& bundle, std::vector<std::string>& unknown) {
  const json claims = bundle.claims(), observations = bundle.observations();
  for (const auto& [path, digest] : bundle.files()) {
    if (!path.starts_with("reports/")) continue;
    const Reporter* reporter = reporter_of(path);
    if (!reporter)
      unknown.push_back(path);
    else if (auto difference = text_difference(path, bundle.read(path), reporter->render(claims, observations)))
      return difference;
  }
  return std::nullopt;
}

std::vector<std::string> missing_reports(const Bundle& bundle) {
  std::vector<std::string> missing;
  for (const char* name : kReporters)
    if (const std::string path = report_path(Registry<Reporter>::instance().get(name)); !bundle.has(path))
      missing.push_back(path);
  return missing;
}

// Level 2: the percentiles are arithmetic, and only what was measured is taken on trust.
std::optional<Difference> latency_difference(const Bundle& bundle, const Plan& plan) {
  const std::string path = observation_path("latency");
  return json_difference(path, bundle.read_json(path), latency_json(bundle.read(kMeasuredName), plan.requests.size()),
                         fmt::format("the bundle was edited: latencies follow from {}", kMeasuredName));
}

// K of n, ascending: the first K steps of a Fisher-Yates shuffle.
std::vector<uint32_t> choose_items(size_t n, uint64_t k, uint64_t seed) {
  std::vector<uint32_t> items(n);
  std::iota(items.begin(), items.end(), 0u);
  const Philox draws(seed, 0, 0, DrawPurpose::verify_items);
  const size_t chosen = static_cast<size_t>(std::min<uint64_t>(k, n));
  for (size_t i = 0; i < chosen; ++i) std::swap(items[i], items[i + draws.below(static_cast<uint32_t>(i), n - i)]);
  items.resize(chosen);
  std::sort(items.begin(), items.end());
  return items;
}

// Levels 3 and 4: answers the requests of these samples again and compares.
std::optional<Difference> rerun(const StoredRun& run, const std::vector<uint32_t>& samples, Backend& backend,
                                const Runner& runner, const LoopHooks& hooks) {
  // What is not chosen counts as answered already.
  Responses fresh = run.responses;
  for (uint32_t s : samples)
    for (uint32_t i = 0; i < run.plan.samples[s].n_requests; ++i) fresh[run.plan.samples[s].first_request + i].reset();
  fresh = respond(run.plan, backend, runner, std::move(fresh), hooks);
  for (uint32_t s : samples) {
    const Sample& sample = run.plan.samples[s];
    for (uint32_t i = sample.first_request; i < sample.first_request + sample.n_requests; ++i) {
      if (!fresh[i]) throw Error("E0615", "the re-run was interrupted", "", "repeat the command");
      const std::string where = request_place(run.plan, run.plan.requests[i]);
      if (auto difference = response_difference(where, *run.responses[i], *fresh[i])) return difference;
    }
  }
  return std::nullopt;
}

}  // namespace

VerifyReport verify_bundle(const std::string& dir, const VerifyOptions& options, Backend* backend, const Runner* runner,
                           const LoopHooks& hooks) {
  check_options(options, backend, runner);
  const Bundle bundle = Bundle::open(dir);
  VerifyReport report;
  report.level = options.level;
  report.claims_digest = bundle.claims_digest();
  const StoredRun run = load_run(bundle);
  report.items = run.plan.samples.size();
  for (const Task& t : run.plan.tasks) report.partial = report.partial || t.partial;
  if (options.level >= 3) check_model(run, backend->model());
  const auto at = [&](int level, const auto& check) {
    if (options.level >= level && !report.difference) report.difference = check();
  };
  if (options.level == 3) report.seed = options.seed;
  if (options.level >= 2) report.missing_reports = missing_reports(bundle);
  // Cheap before dear; reports last, since an item that was forged names the cause and a stale report only a symptom.
  at(3, [&] { return model_difference(run.model, backend->model()); });
  at(2, [&] { return latency_difference(bundle, run.plan); });
  at(2, [&] { return inconsistent_plan(run.plan); });
  at(2, [&] { return compare_plan(run, options.tasks_here, report.plans); });
  at(2, [&] { return inconsistent_response(run); });
  at(2, [&] { return inconsistent_stages(run); });
  at(2, [&] { return rescore(bundle, run); });
  at(3, [&] {
    const uint64_t k = options.level == 4 ? report.items : options.items;
    const std::vector<uint32_t> samples = choose_items(run.plan.samples.size(), k, options.seed);
    report.items_rerun = samples.size();
    return rerun(run, samples, *backend, *runner, hooks);
  });
  at(2, [&] { return rerender(bundle, report.unknown_reports); });
  return report;
}

uint64_t forged_items_caught(uint64_t items, uint64_t rerun) {
  SAMEBITS_ASSERT(rerun >= 1 && rerun <= items);
  // Exactly 5 % (3 forged of 6, 3 re-run) stays below this however the quotients round.
  constexpr double kMissed = 0.05 * (1 + 1e-9);
  double missed = 1;  // the chance that none of the forged ones is drawn
  uint64_t forged = 0;
  for (; missed > kMissed; ++forged)
    missed *= static_cast<double>(items - rerun - forged) / static_cast<double>(items - forged);
  return forged;
}

json verify_json(const VerifyReport& r) {
  json out = {{"level", r.level},     {"equal", r.equal()},   {"claims_digest", r.claims_digest},
              {"items", r.items},     {"partial", r.partial}, {"items_rerun", r.items_rerun},
              {"difference", nullptr}};
  for (const std::string& path : r.unknown_reports) out["reports_not_compared"].push_back(text_json(path));
  for (const PlanCheck& check : r.plans)
    out["plans"].push_back({{"kind", check.kind},
                            {"name", text_json(check.name)},
                            {"equal", check.unknown.empty() ? json(true) : json()},
                            {"reason", check.unknown.empty() ? json() : text_json(check.unknown)}});
  if (r.seed) out["seed"] = fmt::to_string(*r.seed);
  if (r.level >= 2) out["missing_reports"] = r.missing_reports;
  if (r.level == 3 && r.items_rerun > 0) {
    const uint64_t forged = forged_items_caught(r.items, r.items_rerun);
    out["forged_items_caught_95"] = forged;
    out["forged_share_caught_95"] = static_cast<double>(forged) / static_cast<double>(r.items);
  }
  if (r.difference)
    out["difference"] = {{"where", r.difference->where},
                         {"field", r.difference->field},
                         {"stored", text_json(r.difference->stored)},
                         {"computed", text_json(r.difference->computed)},
                         {"cause", r.difference->cause}};
  return out;
}

namespace {

// How many tasks were compared with the data at hand, and a line for each reason why something was not.
std::string plans_text(const std::vector<PlanCheck>& plans) {
  std::map<std::string, std::vector<std::string>> unknown;  // reason -> parts
  size_t tasks = 0, equal = 0;
  for (const PlanCheck& check : plans) {
    tasks += check.kind == "task";
    equal += check.kind == "task" && check.unknown.empty();
    if (!check.unknown.empty())
      unknown[check.unknown].push_back(check.kind + (check.name.empty() ? "" : " " + check.name));
  }
  std::string out =
      fmt::format("documents, gold answers and prompts: {} of {} tasks equal the data here\n", equal, tasks);
  for (const auto& [reason, parts] : unknown) {
    constexpr size_t kShown = 3;
    const auto shown = static_cast<std::ptrdiff_t>(std::min(kShown, parts.size()));
    out += fmt::format("  NOT compared: {}", fmt::join(parts.begin(), parts.begin() + shown, ", "));
    if (parts.size() > kShown) out += fmt::format(" and {} more", parts.size() - kShown);
    out += ": " + reason + "\n";
  }
  return out;
}

}  // namespace

std::string verify_text(const VerifyReport& r) {
  static constexpr const char* kDone[] = {"integrity", "", "re-scored", "re-ran some items", "re-ran all items"};
  std::string out = fmt::format("level {} ({})\nclaims {}\n", r.level, kDone[r.level], r.claims_digest);
  if (r.partial) out += "partial run: cut by --limit, not the official one\n";
  if (r.level >= 2 && !r.plans.empty()) out += plans_text(r.plans);
  for (const std::string& path : r.unknown_reports)
    out += fmt::format("  NOT compared: {}: no reporter here writes it; load its plugin with --plugin\n", path);
  if (r.difference) {
    const Difference& d = *r.difference;
    return out + fmt::format("DIFFERENT at {}, {}\n  in the bundle  {}\n  computed here  {}\n  likely cause   {}\n",
                             d.where, d.field, d.stored, d.computed, d.cause);
  }
  if (r.level >= 3) out += fmt::format("{} of {} items answered again, every byte equal\n", r.items_rerun, r.items);
  if (r.level == 3 && r.items_rerun > 0) {
    const uint64_t forged = forged_items_caught(r.items, r.items_rerun);
    out += fmt::format("with 95 % this catches a bundle of which {} or more of {} items are forged ({:.1f} %)\n",
                       forged, r.items, 100 * static_cast<double>(forged) / static_cast<double>(r.items));
  }
  for (const std::string& path : r.missing_reports)
    out += fmt::format("{} is missing: nothing is lost, it follows from claims and observations\n", path);
  return out + "observations are what the machine said; no level proves them\nOK\n";
}

}  // namespace samebits
