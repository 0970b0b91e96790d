// Data files: formats, compression, pins, and every way they can be wrong.

#include "tasks/documents.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include "harness/core/digest.h"
#include "tasks/data_file.h"
#include "tasks/process.h"
#include "tests/support/errors.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

std::vector<Document> parse(const std::string& bytes, const std::string& format, const std::string& field = "") {
  return parse_documents(bytes, {"f", format, field, ""}, "f");
}

std::string gzip(const std::string& bytes) {
  z_stream z{};
  deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(bytes.size() + 100, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string zstd(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

TEST(Documents, JsonLinesKeepOrderAndFillMissingKeys) {
  const auto docs = parse("{\"b\": 1, \"a\": \"x\"}\n\n{\"a\": \"y\", \"c\": [1]}\r\n", "jsonl");
  ASSERT_EQ(docs.size(), 2u);
  EXPECT_EQ(docs[0].dump(), R"({"b":1,"a":"x","c":null})");
  EXPECT_EQ(docs[1].dump(), R"({"b":null,"a":"y","c":[1]})");
}

TEST(Documents, JsonIsAnArrayOrLinesOrUnderAField) {
  EXPECT_EQ(parse("[{\"a\": 1}, {\"a\": 2}]", "json").size(), 2u);
  EXPECT_EQ(parse("{\"a\": 1}\n{\"a\": 2}\n", "json").size(), 2u);
  EXPECT_EQ(parse("{\"rows\": [{\"a\": 1}]}", "json", "rows").size(), 1u);
}

TEST(Documents, TextIsOneDocumentALine) {
  const auto docs = parse("one\r\ntwo \n\nfour", "text");
  ASSERT_EQ(docs.size(), 4u);
  EXPECT_EQ(docs[1]["text"], "two ");
  EXPECT_EQ(docs[2]["text"], "");
  EXPECT_EQ(docs[3]["text"], "four");
}

TEST(Documents, CsvIsTypedByColumnAsPandasDoes) {
  const auto docs = parse(
      "id,flag,x,gap,name,mix,q\n1,True,1.5,,a,1,\"x, \"\"y\"\"\nz\"\n2,false,2,3,NA,b,\n007,TRUE,-1e3,4,null,2,w\n",
      "csv");
  ASSERT_EQ(docs.size(), 3u);
  // Rows as pandas 3.1 and pyarrow give them.
  EXPECT_EQ(docs[0].dump(), R"({"id":1,"flag":true,"x":1.5,"gap":null,"name":"a","mix":"1","q":"x, \"y\"\nz"})");
  EXPECT_EQ(docs[1].dump(), R"({"id":2,"flag":false,"x":2.0,"gap":3.0,"name":null,"mix":"b","q":null})");
  EXPECT_EQ(docs[2].dump(), R"({"id":7,"flag":true,"x":-1000.0,"gap":4.0,"name":null,"mix":"2","q":"w"})");
  EXPECT_EQ(parse("a\tb\n1\t2\n", "tsv")[0].dump(), R"({"a":1,"b":2})");
}

TEST(Documents, MalformedRecordsNameTheLine) {
  const auto fails = [](const std::string& bytes, const std::string& format, const std::string& says) {
    std::string message;
    EXPECT_EQ(code_of([&] { parse(bytes, format); }, &message), "E0409") << bytes;
    EXPECT_NE(message.find(says), std::string::npos) << message;
  };
  fails("{\"a\": 1}\n{\"a\": \n", "jsonl", "line 2");
  fails("{\"a\": 1}\n[1]\n", "jsonl", "line 2");
  fails("{\"a\": \"\xff\"}\n", "jsonl", "UTF-8");
  fails("{\"a\": \"x\"} trailing\n", "jsonl", "line 1");
  fails("{\"a\": " + std::string(100000, '[') + "\n", "jsonl", "nested");
  fails("[1, 2]", "json", "not a JSON object");
  fails("a,b\n1,2,3\n", "csv", "line 2");
  fails("a,a\n1,2\n", "csv", "two columns");
  fails("a,b\n\"open,2\n", "csv", "does not end");
  fails("a\n\xc3(\n", "csv", "line 2");
  std::string message;
  EXPECT_EQ(code_of([&] { parse("{\"a\": 1}", "json", "rows"); }, &message), "E0409");
}

TEST(Documents, MalformedJsonIsSaidInOurWordsWithLineAndColumn) {
  const struct {
    std::string bytes, format, where, what;
  } cases[] = {
      {"{\"a\": 1}\n\n{\"a\": \"é\", b}\n", "jsonl", "f, line 3, column 12", "a key in quotes is due"},
      {"[\n {\"a\": 1},\n {\"a\": 1,,}\n]\n", "json", "f, line 3, column 10", "a key in quotes is due"},
      {"[\n {\"a\": 1},\n {\"a\": \"\xff\"}\n]\n", "json", "f, line 3, column 9", "invalid UTF-8"},
      {"[\n {\"a\":\n" + std::string(70, '[') + "\n]\n", "json", "f, line 3, column 63", "nested deeper than 64"},
      {"{\"a\": 1, \"a\": 2}\n", "jsonl", "f, line 1, column 10", "a key that stood before"},
      {"{\"a\": NaN}\n", "jsonl", "f, line 1, column 7", "a value is due"},
  };
  for (const auto& [bytes, format, where, what] : cases) {
    std::string message;
    EXPECT_EQ(code_of([&] { parse(bytes, format); }, &message), "E0409") << bytes;
    EXPECT_NE(message.find(what + "\n  --> " + where + "\n"), std::string::npos) << message;
    EXPECT_EQ(message.find("exception"), std::string::npos) << message;
  }
}

TEST(Documents, SmallFilesCannotBecomeHugeTables) {
  const auto code = [](const std::string& bytes, const std::string& format) {
    return code_of([&] { parse(bytes, format); });
  };
  std::string wide = "c0";
  for (size_t c = 1; c < kMaxKeys; ++c) wide += ",c" + std::to_string(c);
  std::string rows;
  for (size_t r = 0; r <= kMaxCells / kMaxKeys; ++r) rows += "1\n";
  EXPECT_EQ(code(wide + "\n" + rows, "csv"), "E0409") << "cells";
  EXPECT_EQ(parse(wide + "\n1\n", "csv")[0].size(), kMaxKeys);
  EXPECT_EQ(code(std::string(2 * kMaxDocuments + 1, '\n'), "text"), "E0409") << "lines";

  std::string distinct, record = "{";
  for (size_t k = 0; k <= kMaxKeys; ++k) {
    distinct += "{\"k" + std::to_string(k) + "\": 1}\n";
    record += (k ? ",\"k" : "\"k") + std::to_string(k) + "\": \"{:,\"";
  }
  EXPECT_EQ(code(distinct, "jsonl"), "E0409") << "keys of all records";
  EXPECT_EQ(code(record + "}", "jsonl"), "E0409") << "keys of one record";
  EXPECT_EQ(code("[" + record + "}]", "json"), "E0409");
  EXPECT_EQ(code(record.substr(0, record.rfind(',', record.rfind("k4096"))) + "}", "jsonl"), "");
}

TEST(DataFile, PackedBytesAreUnpacked) {
  TempDir dir;
  const std::string text(100000, 'x');
  EXPECT_EQ(read_data_bytes(dir.write("a", text)), text);
  EXPECT_EQ(read_data_bytes(dir.write("b", gzip(text))), text);
  EXPECT_EQ(read_data_bytes(dir.write("c", zstd(text))), text);
  EXPECT_EQ(read_data_bytes(dir.write("d", gzip(text) + gzip("y"))), text + "y");
  EXPECT_EQ(read_data_bytes(dir.write("e", zstd(text) + zstd("y"))), text + "y");
  EXPECT_EQ(read_data_bytes(dir.write("f", "")), "");
}

TEST(DataFile, DamageIsACodedErrorAtEveryLength) {
  TempDir dir;
  const std::string text = "{\"a\": 1}\n{\"a\": 2}\n";
  for (const std::string& packed : {gzip(text), zstd(text)})
    for (size_t n = 4; n < packed.size(); ++n) {
      const std::string path = dir.write("cut", packed.substr(0, n));
      EXPECT_EQ(code_of([&] { read_data_bytes(path); }), "E0409") << n;
    }
  EXPECT_EQ(code_of([&] { read_data_bytes(dir / "nowhere"); }), "E0101");
  EXPECT_EQ(code_of([&] { read_data_bytes(dir.path()); }), "E0101") << "a folder";
}

TaskFile task_over(const TempDir& dir, const std::string& file, const std::string& sha256) {
  TaskFile task;
  task.id = "t";
  task.file = dir / "t.json";
  task.folder = dir.path();
  task.data.files["test"] = {file, "jsonl", "", sha256};
  return task;
}

TEST(Split, IsCheckedAgainstItsPinWhateverItsCompression) {
  TempDir dir;
  const std::string text = "{\"a\": 1}\n";
  dir.write("d.jsonl", text);
  dir.write("d.jsonl.zst", zstd(text));
  EXPECT_EQ(load_split(task_over(dir, "d.jsonl", sha256_hex(text)), "test", {}).docs.size(), 1u);
  EXPECT_EQ(load_split(task_over(dir, "d.jsonl.zst", sha256_hex(text)), "test", {}).sha256, sha256_hex(text));
  EXPECT_EQ(code_of([&] { load_split(task_over(dir, "d.jsonl", std::string(64, '0')), "test", {}); }), "E0408");
}

TEST(Split, IsFoundInDataFoldersByPathNameOrPacked) {
  TempDir dir, data;
  const std::string text = "{\"a\": 1}\n";
  TaskFile task = task_over(dir, "set/d.jsonl", "");
  std::string message;
  EXPECT_EQ(code_of([&] { load_split(task, "test", {data.path()}); }, &message), "E0407");
  EXPECT_NE(message.find("--data"), std::string::npos);
  data.write("d.jsonl.gz", gzip(text));
  EXPECT_EQ(load_split(task, "test", {data.path()}).docs.size(), 1u);
}

TEST(Split, NothingLeftIsAnError) {
  TempDir dir;
  dir.write("d.jsonl", "{\"a\": 1}\n");
  TaskFile task = task_over(dir, "d.jsonl", "");
  task.data.select = {{"a", 2}};
  EXPECT_EQ(code_of([&] { load_split(task, "test", {}); }), "E0410");
  dir.write("empty.jsonl", "\n");
  EXPECT_EQ(code_of([&] { load_split(task_over(dir, "empty.jsonl", ""), "test", {}); }), "E0410");
}

TEST(Process, HellaswagIsCleanedAsPythonDoes) {
  // lm_eval.tasks.hellaswag.utils.process_docs (0.4.13) on the same document.
  std::vector<Document> docs = {Document::parse(
      R"({"activity_label": " Making tea", "ctx_a": "[header] Boil [title] water [step]  now.",
          "ctx_b": "then HE [x\ny]",
          "endings": [" a  b[c]", "[[d]e] f"], "label": "1"})")};
  process_documents("hellaswag", docs, "t");
  EXPECT_EQ(docs[0]["query"], "Making tea: Boil. water  now. Then he [x\ny]");
  EXPECT_EQ(docs[0]["choices"].dump(), R"(["a b","e] f"])");
  docs = {Document::parse(R"({"ctx_a": "x"})")};
  EXPECT_EQ(code_of([&] { process_documents("hellaswag", docs, "t"); }), "E0411");
  EXPECT_EQ(code_of([&] { process_documents("helaswag", docs, "t"); }), "E0404");
}

TEST(Documents, DigestIgnoresKeyOrderAndHoldsLargeIntegers) {
  EXPECT_EQ(document_digest(Document::parse(R"({"a":1,"b":[2.5]})")),
            document_digest(Document::parse(R"({"b":[2.5],"a":1})")));
  EXPECT_NE(document_digest(Document::parse(R"({"a":9007199254740993})")),
            document_digest(Document::parse(R"({"a":9007199254740992})")));
}

}  // namespace
}  // namespace samebits
