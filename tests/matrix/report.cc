#include <fmt/format.h>

#include <fstream>

#include "tests/matrix/matrix.h"

namespace samebits {
namespace {

std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) return line.substr(line.find(": ") + 2);
  return "unknown (no model name in /proc/cpuinfo)";
}

std::string table_row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += " " + cell + " |";
  return line + "\n";
}

std::string section_text(const Section& s) {
  std::string out = "\n## " + s.title + "\n";
  if (s.cells > 0) out += fmt::format("\n{} of {} cells green. {}\n\n", s.green, s.cells, s.about);
  if (!s.rows.empty()) {
    out += table_row(s.header) + "|";
    for (size_t i = 0; i < s.header.size(); ++i) out += "---|";
    out += "\n";
    for (const auto& row : s.rows) out += table_row(row);
  }
  for (const std::string& note : s.notes) out += "\n- " + note + "\n";
  return out;
}

}  // namespace

std::string markdown(const std::string& command, const std::vector<Build>& builds,
                     const std::vector<std::string>& not_run, const std::vector<Section>& sections) {
  size_t cells = 0, green = 0;
  for (const Section& s : sections) cells += s.cells, green += s.green;
  std::string out = fmt::format(
      "# Same bits: the matrix\n\n**{} of {} cells green.** Each cell is a whole `samebits run --logits-digest`; it is "
      "green when its logits digest\nand its claims digest are those of the first cell of its model. Reproduce with\n"
      "`{}`.\n\n"
      "Machine: {}.\n\nBuilds, and the tiers that each has here:\n\n",
      green, cells, command, processor());
  for (const Build& b : builds) {
    std::string tiers;
    for (const std::string& tier : b.tiers) tiers += (tiers.empty() ? "" : ", ") + tier;
    out += fmt::format("- {}: {}\n", b.name, tiers);
  }
  for (const std::string& missing : not_run) out += "- not run: " + missing + "\n";
  for (const Section& s : sections) out += section_text(s);
  return out;
}

}  // namespace samebits
