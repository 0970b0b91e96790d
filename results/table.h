// The result tables of a run: scores, safety, latency, energy, as rows of plain cells and as text.
//
// `claims` as Bundle::claims() gives them. Pure functions; every cell is a function of claims and observations.
// Errors: E0610 when the JSON has another shape than samebits writes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace samebits {

struct Table {
  std::string title;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // raw text: escape it for where it goes
  size_t first_number = 0;                     // columns from here on are numbers
};

// What a reader sees first: evidence, digest, model, whether it is partial, its warnings (notes.h). (name, value)
std::vector<std::pair<std::string, std::string>> run_facts(const nlohmann::json& claims);

// Scores always; safety, latency and energy where the run has them. Every row of scores starts with its evidence:
// exact, recorded or imported. What is unknown is "null (reason)".
std::vector<Table> result_tables(const nlohmann::json& claims, const nlohmann::json& observations);

enum class TableStyle { terminal, markdown };
std::string render_table(const Table&, TableStyle);

// Facts and all tables: what `samebits run` and `samebits show` print.
std::string render_run(const nlohmann::json& claims, const nlohmann::json& observations, TableStyle);

}  // namespace samebits
