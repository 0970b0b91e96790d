#include "results/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/core/canonical_json.h"
#include "results/encoding.h"
#include "results/escape.h"
#include "results/fields.h"
#include "results/notes.h"
#include "results/show.h"

namespace samebits {
namespace {

using nlohmann::json;

// Reports are rendered from claims that open() has checked; a shape error names them as a whole.
constexpr const char* kWhere = "claims";

std::string text(const json& v) { return text_of_json(v, kWhere); }

// For people: claims keep the bits, reports four decimals.
std::string decimals(double v) { return std::isfinite(v) ? fmt::format("{:.4f}", v) : fmt::format("{}", v); }

// "0.5702", or "null (reason)".
std::string known(const json& v) {
  if (v.is_string()) return decimals(f64_from_bits(v.get_ref<const std::string&>()));
  return "null (" + text(v.at("unknown")) + ")";
}

std::string interval(const json& m) {
  if (!m.contains("low") || !m.contains("high")) return "";
  return "[" + known(m.at("low")) + ", " + known(m.at("high")) + "]";
}

// evidence, task, version, n, shots, then the metric's cells.
void add_score_rows(Table& table, const std::string& evidence, const json& scores, const std::string& version,
                    const std::string& shots) {
  for (const json& m : scores.at("metrics")) {
    const bool higher = m.at("higher_is_better").get<bool>();
    const auto unknown = m.at("unknown").get<uint64_t>();
    std::string n = fmt::to_string(m.at("n").get<uint64_t>());
    if (unknown > 0) n += fmt::format(" (+{} unknown)", unknown);
    table.rows.push_back({evidence, text(scores.at("id")), version, shots,
                          metric_key(text(m.at("metric")), text(m.at("filter"))) + (higher ? " ↑" : " ↓"), n,
                          known(m.at("value")), known(m.at("stderr")), interval(m)});
  }
}

Table score_table(const json& claims) {
  Table table{
      "Scores", {"evidence", "task", "version", "shots", "metric", "n", "value", "± stderr", "95 % interval"}, {}, 5};
  const std::string evidence = text(claims.at("run").at("evidence"));
  for (const json& entry : claims.at("tasks")) {
    const json& task = entry.at("task");
    const std::string version = text(task.at("version"));
    add_score_rows(table, evidence, entry.at("scores"), version.empty() ? "-" : version,
                   fmt::to_string(task.at("num_fewshot").get<int>()));
  }
  if (!claims.at("groups").is_null())
    for (const json& group : claims.at("groups").at("groups")) add_score_rows(table, evidence, group, "group", "");
  return table;
}

Table safety_table(const json& safety) {
  Table table{"Safety stages", {"task", "point", "stage", "label", "blocked", "passed"}, {}, 4};
  for (const json& task : safety.at("tasks"))
    for (const json& s : task.at("stages"))
      table.rows.push_back({text(task.at("task")), text(s.at("point")), text(s.at("stage")), text(s.at("label")),
                            fmt::to_string(s.at("blocked").get<uint64_t>()),
                            fmt::to_string(s.at("passed").get<uint64_t>())});
  return table;
}

// Nanoseconds as milliseconds, with as many decimals as anyone reads: "0.042", "17.31", "2203.4".
std::string milliseconds(int64_t ns) {
  const double ms = static_cast<double>(ns) / 1e6;
  return fmt::format("{:.{}f}", ms, ms < 10 ? 3 : ms < 100 ? 2 : 1);
}

// A cell of the latency summary: the number, or "null (reason)".
std::string latency_cell(const json& field, const std::string& name, bool time) {
  const auto it = field.find(name);
  if (it == field.end()) return "";
  if (it->is_null()) return "null (" + field.value(name + "_reason", std::string("not measured")) + ")";
  return time ? milliseconds(it->get<int64_t>()) : fmt::to_string(it->get<int64_t>());
}

// "measured here", and of how many requests: a resumed run measured only those of its last session.
std::string measured_here(const json& observation) {
  const auto measured = observation.find("measured_requests"), total = observation.find("total_requests");
  if (measured == observation.end() || total == observation.end() || *measured == *total) return "measured here";
  return fmt::format(
      "measured here on {} of {} requests; the others did not reach the model now: answered before, blocked or failed",
      measured->get<uint64_t>(), total->get<uint64_t>());
}

Table latency_table(const json& latency) {
  Table table{"Latency (" + measured_here(latency) + ")", {"field", "count", "p50", "p90", "p99", "max"}, {}, 1};
  if (latency.contains("value"))
    table.rows.push_back({"requests", "0", latency_cell(latency, "value", false), "", "", ""});
  for (const auto& [name, field] : latency.items()) {
    if (!field.is_object()) continue;
    const bool time = name.ends_with("_ns");  // shown in ms; the observations keep ns
    std::vector<std::string> row = {time ? name.substr(0, name.size() - 3) + "_ms" : name,
                                    latency_cell(field, "count", false)};
    for (const char* column : {"p50", "p90", "p99", "max"}) row.push_back(latency_cell(field, column, time));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table energy_table(const json& claims, const json& observations) {
  Table table{"Energy proxies (exact work, every request as if alone)",
              {"task", "requests", "unknown", "multiply-accumulates", "weight bytes", "KV bytes"},
              {},
              1};
  if (!claims.at("energy_proxies").is_null())
    for (const json& t : claims.at("energy_proxies").at("tasks"))
      table.rows.push_back({text(t.at("task")), fmt::to_string(t.at("requests").get<uint64_t>()),
                            fmt::to_string(t.at("unknown").get<uint64_t>()), text(t.at("macs")),
                            text(t.at("weight_bytes")), text(t.at("kv_bytes"))});
  if (!observations.contains("energy") || !observations["energy"].is_object()) return table;
  const json& energy = observations["energy"];
  const auto measured = energy.find("value_uj");
  if (measured == energy.end()) return table;
  const std::string value = measured->is_null() ? "null (" + energy.value("reason", std::string("not measured")) + ")"
                                                : fmt::format("{} µJ", measured->get<uint64_t>());
  table.title += "; " + measured_here(energy) + ": " + value;
  return table;
}

// Columns as wide as their widest cell; numbers to the right.
std::string terminal_table(const Table& table) {
  std::vector<size_t> widths(table.header.size(), 0);
  const auto cells = [&](const std::vector<std::string>& row, const auto& use) {
    for (size_t c = 0; c < row.size() && c < widths.size(); ++c) use(c, printable(row[c]));
  };
  const auto measure = [&](size_t c, const std::string& cell) { widths[c] = std::max(widths[c], display_width(cell)); };
  cells(table.header, measure);
  for (const auto& row : table.rows) cells(row, measure);
  std::string out;
  const auto write = [&](const std::vector<std::string>& row) {
    std::string line;
    cells(row, [&](size_t c, const std::string& cell) {
      const std::string padding(widths[c] - display_width(cell), ' ');
      if (c > 0) line += "  ";
      line += c >= table.first_number ? padding + cell : cell + padding;
    });
    // No blanks at the ends: they would wrap on a narrow terminal.
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  };
  write(table.header);
  for (const auto& row : table.rows) write(row);
  return out;
}

std::string markdown_table(const Table& table) {
  std::string out, rule;
  const auto write = [&](const std::vector<std::string>& row) {
    for (const std::string& cell : row) out += "| " + markdown_cell(cell) + " ";
    out += "|\n";
  };
  write(table.header);
  for (size_t c = 0; c < table.header.size(); ++c) rule += c >= table.first_number ? "|---:" : "|---";
  out += rule + "|\n";
  for (const auto& row : table.rows) write(row);
  return out;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> run_facts(const json& claims) {
  return with_shape_errors(kWhere, [&] {
    const json &run = claims.at("run"), &model = run.at("model");
    std::vector<std::pair<std::string, std::string>> facts = {
        {"evidence", text(run.at("evidence"))},
        {"claims digest", claims.at("claims_digest").get<std::string>()},
        {"model", fmt::format("{} {}, sha256 {}", text(model.at("arch")), text(model.at("quantisation")),
                              text(model.at("digest")))},
        {"contract", text(model.at("contract"))},
        {"seed", text(run.at("key").at("seed"))}};
    if (run.contains("logits_digest")) facts.emplace_back("logits digest", run["logits_digest"].get<std::string>());
    if (run.at("suite_sha256").is_string())
      facts.emplace_back("suite", "sha256 " + run["suite_sha256"].get<std::string>());
    if (run.at("partial").get<bool>()) facts.emplace_back("partial", "cut by --limit: not the official run");
    for (auto& note : run_notes(claims)) facts.push_back(std::move(note));
    return facts;
  });
}

std::vector<Table> result_tables(const json& claims, const json& observations) {
  return with_shape_errors(kWhere, [&] {
    std::vector<Table> tables = {score_table(claims)};
    const auto add = [&](Table table) {
      if (!table.rows.empty()) tables.push_back(std::move(table));
    };
    if (!claims.at("safety").is_null()) add(safety_table(claims["safety"]));
    if (observations.contains("latency")) add(latency_table(observations["latency"]));
    add(energy_table(claims, observations));
    return tables;
  });
}

std::string render_table(const Table& table, TableStyle style) {
  return style == TableStyle::markdown ? markdown_table(table) : terminal_table(table);
}

std::string render_run(const json& claims, const json& observations, TableStyle style) {
  const bool markdown = style == TableStyle::markdown;
  std::string out;
  for (const Table& table : result_tables(claims, observations)) {
    out += markdown ? "## " + markdown_cell(table.title) + "\n\n" : printable(table.title) + "\n";
    out += render_table(table, style) + "\n";
  }
  for (const auto& [name, value] : run_facts(claims))
    out += markdown ? fmt::format("- {}: {}\n", name, markdown_cell(value))
                    : fmt::format("{:<14} {}\n", name, printable(value));
  return out;
}

}  // namespace samebits
