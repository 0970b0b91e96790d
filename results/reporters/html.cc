// One self-contained page: no script, no network, readable anywhere; the same bytes for the same bundle.
#include <fmt/format.h>

#include "harness/core/registry.h"
#include "results/escape.h"
#include "results/table.h"

namespace samebits {
namespace {

// Nothing may be fetched or run, whatever text a model wrote.
constexpr const char* kHead =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>samebits result</title>\n"
    "<style>\n:root{color-scheme:light dark}\nbody{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem "
    "auto;padding:0 1rem}\n"
    "table{border-collapse:collapse;margin:1rem 0}\nth,td{padding:.25rem .75rem;border-bottom:1px solid "
    "#8886;text-align:left}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums}\ncode{overflow-wrap:anywhere}\n</style>\n<h1>samebits "
    "result</h1>\n";

std::string html_table(const Table& table) {
  std::string out = "<h2>" + html_text(table.title) + "</h2>\n<table>\n";
  const auto write = [&](const std::vector<std::string>& row, const char* tag) {
    out += "<tr>";
    for (size_t c = 0; c < row.size(); ++c)
      out += fmt::format("<{0}{1}>{2}</{0}>", tag, c >= table.first_number ? " class=\"n\"" : "", html_text(row[c]));
    out += "</tr>\n";
  };
  write(table.header, "th");
  for (const auto& row : table.rows) write(row, "td");
  return out + "</table>\n";
}

struct HtmlReporter final : Reporter {
  std::string extension() const override { return "html"; }
  std::string render(const nlohmann::json& claims, const nlohmann::json& observations) const override {
    std::string out = kHead;
    out += "<dl>\n";
    for (const auto& [name, value] : run_facts(claims))
      out += fmt::format("<dt>{}</dt><dd><code>{}</code></dd>\n", html_text(name), html_text(value));
    out += "</dl>\n";
    for (const Table& table : result_tables(claims, observations)) out += html_table(table);
    return out + "</html>\n";
  }
};

SAMEBITS_REGISTER(Reporter, HtmlReporter, "html", 1, "one self-contained page");

}  // namespace
}  // namespace samebits
