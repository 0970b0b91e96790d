// Documents: the records of a data file as ordered JSON objects, like the rows of a Hugging Face data set.
//
// Every document of a file has the same keys: a key that only some records have is null in the others.
// Thread rules: functions may run concurrently. Determinism: a function of the bytes alone.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/task_file.h"

namespace samebits {

using Document = nlohmann::ordered_json;

// What one data file may hold: far above every published set, and small enough that no file exhausts memory or time.
inline constexpr size_t kMaxDocuments = size_t{1} << 24;
inline constexpr size_t kMaxKeys = 4096;              // of a record, and of all records together
inline constexpr size_t kMaxCells = size_t{1} << 26;  // documents x keys

// Parses the bytes of a data file. `where`: the file's path. Throws E0409 with the line.
std::vector<Document> parse_documents(std::string_view bytes, const DataFile& format, const std::string& where);
std::vector<Document> parse_csv(std::string_view bytes, char separator, const std::string& where);

// One split of a task: found, checked against its sha256, parsed, selected and processed.
struct Split {
  std::vector<Document> docs;
  std::string sha256;  // of the file's unpacked bytes
};
// Throws E0407 not found, E0408 another sha256, E0409 malformed, E0410 empty.
Split load_split(const TaskFile&, const std::string& split, const std::vector<std::string>& data_dirs);

// sha256 of a split's unpacked bytes; E0407, E0408.
std::string split_sha256(const TaskFile&, const std::string& split, const std::vector<std::string>& data_dirs);

// sha256 of the canonical JSON of a document; integers beyond 2^53, which canonical JSON lacks, as decimal strings.
std::string document_digest(const Document&);

}  // namespace samebits
