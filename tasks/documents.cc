#include "tasks/documents.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <list>
#include <mutex>
#include <set>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "harness/core/utf8.h"
#include "tasks/data_file.h"
#include "tasks/process.h"

namespace samebits {
namespace {

// Copying and destroying what was built recurses.
constexpr int kMaxNesting = 64;
// RFC 7493: what every reader of JSON keeps.
constexpr int64_t kMaxSafeInteger = (int64_t{1} << 53) - 1;

[[noreturn]] void malformed(const std::string& what, const std::string& where) {
  throw Error("E0409", what, where, "Repair the record, or fetch the file again.");
}

[[noreturn]] void malformed(const std::string& what, const std::string& where, size_t line) {
  malformed(what, fmt::format("{}, line {}", where, line));
}

// One JSON text of a file, a record or all of it, and the line that it begins on.
struct JsonText {
  std::string_view text;
  const std::string& where;
  size_t first_line;

  [[noreturn]] void fail(const std::string& what, size_t offset) const {
    const TextPlace at = place_in(text, offset);
    malformed(what, fmt::format("{}, line {}, column {}", where, first_line + at.line - 1, at.column));
  }
};

// Bounds one file's JSON before it is parsed: ordered objects look a key up by walking.
class JsonBounds {
 public:
  void check(const JsonText& json);

 private:
  size_t n_values_ = 0;  // of the records so far, about: one a comma or colon
};

void JsonBounds::check(const JsonText& json) {
  std::array<size_t, kMaxNesting + 1> n_keys{};  // (depth) of the object that is open there
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < json.text.size(); ++i) {
    const char c = json.text[i];
    if (quoted && c == '\\')
      ++i;
    else if (c == '"')
      quoted = !quoted;
    if (quoted || c == '"') continue;
    if (c == '{' || c == '[') {
      if (++depth > kMaxNesting) json.fail(fmt::format("nested deeper than {}", kMaxNesting), i);
      n_keys[depth] = 0;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    } else if (c == ':' && ++n_keys[depth] > kMaxKeys) {
      json.fail(fmt::format("an object of more than {} keys", kMaxKeys), i);
    }
    n_values_ += c == ':' || c == ',';
    if (n_values_ > 2 * kMaxCells) json.fail(fmt::format("more than {} values", kMaxCells), i);
  }
}

Document parse_record(const JsonText& json, JsonBounds& bounds) {
  bounds.check(json);
  const JsonRefusal refuse = [&](const std::string& what, size_t offset) { json.fail(what, offset); };
  return parse_ordered_json(json.text, refuse, {kMaxNesting, kMaxDataBytes});
}

std::vector<Document> parse_json_lines(std::string_view bytes, const std::string& where) {
  std::vector<Document> docs;
  JsonBounds bounds;
  size_t line = 0;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view text = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    ++line;
    // Hugging Face skips blank lines too.
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    docs.push_back(parse_record({text, where, line}, bounds));
    if (!docs.back().is_object()) malformed("a record is not a JSON object", where, line);
    if (docs.size() > kMaxDocuments) malformed("too many records", where, line);
  }
  return docs;
}

// A whole JSON text: an array of objects, at the top or under `field`.
std::vector<Document> parse_json_array(std::string_view bytes, const std::string& field, const std::string& where) {
  JsonBounds bounds;
  Document root = parse_record({bytes, where, 1}, bounds);
  if (!field.empty()) {
    if (!root.is_object() || !root.contains(field)) malformed(fmt::format("no key \"{}\"", field), where);
    // a copy: assigning a part of a value to itself would destroy it first
    root = Document(root[field]);
  }
  if (!root.is_array()) malformed("expected an array of objects", where);
  if (root.size() > kMaxDocuments) malformed("too many records", where);
  std::vector<Document> docs;
  for (Document& record : root) {
    if (!record.is_object()) malformed(fmt::format("record {} is not a JSON object", docs.size() + 1), where);
    docs.push_back(std::move(record));
  }
  return docs;
}

// One document a line; lines end with \n, \r\n or \r.
std::vector<Document> parse_text(std::string_view bytes, const std::string& where) {
  const auto is_line_end = [](char c) { return c == '\n' || c == '\r'; };
  const auto n_lines = static_cast<size_t>(std::count_if(bytes.begin(), bytes.end(), is_line_end));
  if (n_lines > 2 * kMaxDocuments) malformed("too many lines", where, n_lines);  // \r\n counts twice
  std::vector<Document> docs;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    if (docs.size() == kMaxDocuments) malformed("too many lines", where, docs.size() + 1);
    docs.push_back({{"text", std::string(bytes.substr(0, end))}});
    bytes.remove_prefix(end);
    bytes.remove_prefix(bytes.starts_with("\r\n") ? 2 : bytes.empty() ? 0 : 1);
  }
  return docs;
}

// A table has the same columns in every row.
void fill_missing_keys(std::vector<Document>& docs, const std::string& where) {
  Document columns = Document::object();
  std::set<std::string, std::less<>> names;
  // whether all records have the same number of keys
  bool same = true;
  for (const Document& doc : docs) {
    same = same && doc.size() == docs.front().size();
    for (const auto& [key, v] : doc.items()) {
      if (!names.insert(key).second) continue;
      columns.get_ref<Document::object_t&>().emplace_back(key, nullptr);
      if (names.size() > kMaxKeys || names.size() * docs.size() > kMaxCells)
        malformed(fmt::format("up to record {} there are more than {} keys, or {} cells", &doc - docs.data() + 1,
                              kMaxKeys, kMaxCells),
                  where);
    }
  }
  // The usual case: nothing is missing, and the keys keep the order of the file.
  if (same && !docs.empty() && columns.size() == docs.front().size()) return;
  for (Document& doc : docs) {
    Document row = columns;
    row.update(doc);
    doc = std::move(row);
  }
}

// The last few files, parsed: a group of 57 tasks reads one file. Keyed by content, so it cannot go stale.
class DocumentCache {
 public:
  std::shared_ptr<const std::vector<Document>> get(const std::string& sha256, std::string_view bytes,
                                                   const DataFile& file, const std::string& where) {
    const std::lock_guard lock(mutex_);
    // The bytes do not say how they are read.
    const std::string key = sha256 + file.format + '/' + file.field;
    for (const Entry& e : entries_)
      if (e.key == key) return e.docs;
    auto docs = std::make_shared<std::vector<Document>>(parse_documents(bytes, file, where));
    entries_.push_front({key, docs});
    if (entries_.size() > kFiles) entries_.pop_back();
    return docs;
  }

 private:
  static constexpr size_t kFiles = 3;
  struct Entry {
    std::string key;
    std::shared_ptr<const std::vector<Document>> docs;
  };
  std::mutex mutex_;
  std::list<Entry> entries_;
};

struct RawSplit {
  std::string path, bytes, sha256;
};

// Finds, unpacks and checks; parses nothing.
RawSplit read_split(const TaskFile& task, const std::string& split, const std::vector<std::string>& data_dirs) {
  const DataFile& file = task.data.files.at(split);
  RawSplit out;
  out.path = find_data_file(file, task.folder, data_dirs);
  if (out.path.empty())
    throw Error("E0407", fmt::format("the data of task \"{}\" is not here: {}", task.id, file.file), task.file,
                fmt::format("Get it from {} (licence: {}) and pass its folder with --data DIR.", task.data.source,
                            task.data.licence));
  out.bytes = read_data_bytes(out.path);
  out.sha256 = sha256_hex(out.bytes);
  if (!file.sha256.empty() && out.sha256 != file.sha256)
    throw Error("E0408",
                fmt::format("{} is not the data that task \"{}\" pins: sha256 {} instead of {}", file.file, task.id,
                            out.sha256, file.sha256),
                out.path, fmt::format("Get the pinned version from {}.", task.data.source));
  return out;
}

// Equal as JSON: 1 and 1.0 are, "1" is not.
bool selected(const Document& doc, const nlohmann::json& select) {
  for (const auto& [key, value] : select.items()) {
    const auto it = doc.find(key);
    if (it == doc.end() || nlohmann::json(*it) != value) return false;
  }
  return true;
}

// Integers beyond 2^53 - 1 become strings; everything else stays.
nlohmann::json safe_integers(nlohmann::json v) {
  if (v.is_structured()) {
    for (nlohmann::json& item : v) item = safe_integers(std::move(item));
    return v;
  }
  bool large = false;
  if (v.is_number_unsigned())
    large = v.get<uint64_t>() > static_cast<uint64_t>(kMaxSafeInteger);
  else if (v.is_number_integer())
    large = v.get<int64_t>() > kMaxSafeInteger || v.get<int64_t>() < -kMaxSafeInteger;
  return large ? nlohmann::json(v.dump()) : v;
}

}  // namespace

std::vector<Document> parse_documents(std::string_view bytes, const DataFile& file, const std::string& where) {
  std::vector<Document> docs;
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  if (file.format == "jsonl" || file.format == "json") {
    const size_t first = bytes.find_first_not_of(" \t\r\n");
    // Hugging Face reads a .json file of one object a line as well.
    const bool array =
        file.format == "json" && (!file.field.empty() || (first != std::string_view::npos && bytes[first] == '['));
    docs = array ? parse_json_array(bytes, file.field, where) : parse_json_lines(bytes, where);
  } else {
    const size_t invalid = find_invalid_utf8(bytes);
    if (invalid != std::string_view::npos)
      malformed("not valid UTF-8", where, 1 + std::count(bytes.begin(), bytes.begin() + invalid, '\n'));
    docs =
        file.format == "text" ? parse_text(bytes, where) : parse_csv(bytes, file.format == "csv" ? ',' : '\t', where);
  }
  fill_missing_keys(docs, where);
  return docs;
}

Split load_split(const TaskFile& task, const std::string& split, const std::vector<std::string>& data_dirs) {
  static DocumentCache cache;
  const RawSplit raw = read_split(task, split, data_dirs);
  const auto docs = cache.get(raw.sha256, raw.bytes, task.data.files.at(split), raw.path);
  Split out;
  out.sha256 = raw.sha256;
  for (const Document& doc : *docs)
    if (task.data.select.is_null() || selected(doc, task.data.select)) out.docs.push_back(doc);
  if (out.docs.empty())
    throw Error("E0410", fmt::format("the split \"{}\" of task \"{}\" has no documents", split, task.id), raw.path,
                "Check the file, and \"data.select\" in the task.");
  process_documents(task.data.process, out.docs, task.file);
  return out;
}

std::string split_sha256(const TaskFile& task, const std::string& split, const std::vector<std::string>& data_dirs) {
  const std::string& pinned = task.data.files.at(split).sha256;
  return pinned.empty() ? read_split(task, split, data_dirs).sha256 : pinned;
}

std::string document_digest(const Document& doc) { return sha256_hex(canonical(safe_integers(nlohmann::json(doc)))); }

}  // namespace samebits
