// CSV and TSV the way pandas.read_csv (hence a Hugging Face data set) types them: a column is all booleans, all
// integers, all floats or text; the usual words for "not available" are null.

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "harness/core/error.h"
#include "tasks/documents.h"

namespace samebits {
namespace {

// pandas._libs.parsers.STR_NA_VALUES
constexpr std::array<std::string_view, 18> kNotAvailable = {
    "",        "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND",
    "1.#QNAN", "<NA>", "N/A",      "NA",  "NULL",    "NaN",      "None", "n/a",  "nan"};

bool is_null(std::string_view cell) {
  return cell == "null" || std::find(kNotAvailable.begin(), kNotAvailable.end(), cell) != kNotAvailable.end();
}

struct Row {
  std::vector<std::string> cells;  // may be fewer than the header's: the rest is empty
  size_t line = 0;

  std::string_view cell(size_t column) const { return column < cells.size() ? cells[column] : std::string_view(); }
};

// RFC 4180: quoted cells may hold separators, line ends and doubled quotes. Blank lines are skipped.
class CsvReader {
 public:
  CsvReader(std::string_view bytes, char separator, const std::string& where)
      : bytes_(bytes), separator_(separator), where_(where) {}

  bool next(Row& row) {
    while (at_ < bytes_.size() && skip_line_end()) {
    }
    if (at_ >= bytes_.size()) return false;
    row = {{}, line_};
    do row.cells.push_back(cell());
    while (row.cells.size() <= kMaxKeys && at_ < bytes_.size() && bytes_[at_] == separator_ && ++at_);
    if (row.cells.size() > kMaxKeys) fail(fmt::format("more than {} columns", kMaxKeys), row.line);
    skip_line_end();
    return true;
  }

  [[noreturn]] void fail(const std::string& what, size_t line) const {
    throw Error("E0409", what, fmt::format("{}, line {}", where_, line), "Repair the row.");
  }

 private:
  bool skip_line_end() {
    const size_t n = bytes_.substr(at_).starts_with("\r\n") ? 2 : bytes_[at_] == '\n' || bytes_[at_] == '\r' ? 1 : 0;
    at_ += n;
    line_ += n > 0;
    return n > 0 && at_ < bytes_.size();
  }

  std::string cell() {
    std::string out;
    bool quoted = false;
    const size_t first_line = line_;
    for (; at_ < bytes_.size(); ++at_) {
      const char c = bytes_[at_];
      if (c == '"' && quoted && at_ + 1 < bytes_.size() && bytes_[at_ + 1] == '"')
        out += bytes_[++at_];
      else if (c == '"' && (quoted || out.empty()))
        quoted = !quoted;
      else if (!quoted && (c == separator_ || c == '\n' || c == '\r'))
        return out;
      else
        out += c, line_ += c == '\n';
    }
    if (quoted) fail("a quoted cell does not end", first_line);
    return out;
  }

  std::string_view bytes_;
  char separator_;
  const std::string& where_;
  size_t at_ = 0, line_ = 1;
};

template <class T>
bool parse_number(std::string_view cell, T& out) {
  if (cell.starts_with('+')) cell.remove_prefix(1);
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), out);
  return error == std::errc() && end == cell.data() + cell.size();
}

Document boolean(std::string_view cell) {
  for (std::string_view yes : {"True", "TRUE", "true"})
    if (cell == yes) return true;
  for (std::string_view no : {"False", "FALSE", "false"})
    if (cell == no) return false;
  return nullptr;
}

Document integer(std::string_view cell) {
  int64_t v = 0;
  return parse_number(cell, v) ? Document(v) : Document();
}

Document floating(std::string_view cell) {
  double v = 0;
  return parse_number(cell, v) ? Document(v) : Document();
}

using CellParser = Document (*)(std::string_view);

// The first type that every cell of the column fits; nullptr: text. An integer column with gaps is a float column.
CellParser column_type(const std::vector<Row>& rows, size_t column) {
  bool gaps = false, any = false;
  for (const Row& row : rows) (is_null(row.cell(column)) ? gaps : any) = true;
  for (const CellParser parse : {&boolean, &integer, &floating}) {
    if (!any || (parse == &integer && gaps)) continue;
    const bool fits = std::all_of(rows.begin(), rows.end(), [&](const Row& row) {
      return is_null(row.cell(column)) || !parse(row.cell(column)).is_null();
    });
    if (fits) return parse;
  }
  return nullptr;
}

}  // namespace

std::vector<Document> parse_csv(std::string_view bytes, char separator, const std::string& where) {
  CsvReader reader(bytes, separator, where);
  Row header;
  if (!reader.next(header)) return {};
  std::vector<Row> rows;
  for (Row row; reader.next(row);) {
    if (row.cells.size() > header.cells.size())
      reader.fail(fmt::format("{} cells under a header of {}", row.cells.size(), header.cells.size()), row.line);
    if (rows.size() >= kMaxDocuments || (rows.size() + 1) * header.cells.size() > kMaxCells)
      reader.fail(fmt::format("more than {} rows, or {} cells", kMaxDocuments, kMaxCells), row.line);
    rows.push_back(std::move(row));
  }
  std::vector<Document> docs(rows.size(), Document::object());
  for (size_t c = 0; c < header.cells.size(); ++c) {
    const std::string& name = header.cells[c];
    if (std::count(header.cells.begin(), header.cells.end(), name) > 1)
      reader.fail(fmt::format("two columns are called \"{}\"", name), header.line);
    const CellParser parse = column_type(rows, c);
    for (size_t r = 0; r < rows.size(); ++r) {
      const std::string_view cell = rows[r].cell(c);
      // Names are unique, so the key needs no search: a search a cell would be columns x columns a row.
      docs[r].get_ref<Document::object_t&>().emplace_back(name, is_null(cell) ? Document()
                                                                : parse       ? parse(cell)
                                                                              : Document(std::string(cell)));
    }
  }
  return docs;
}

}  // namespace samebits
