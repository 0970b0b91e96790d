// Data files: the first byte chooses csv, tsv, jsonl, json or plain text.
#include "tasks/documents.h"
#include "tests/fuzz/fuzz.h"

namespace samebits {
namespace {

std::vector<std::string> document_seeds() {
  return {"cq,a\n\"1 + 1, \"\"so\"\"\",2\r\nx,\n", "tq\ta\n1\t2.5\n\"a\tb\"\tTrue\n",
          "l{\"q\": \"1\", \"a\": [1, 2.5]}\n\n{\"q\": null, \"b\": {\"c\": 1}}\n",
          "j{\"rows\": [{\"q\": 1}, {\"q\": 12345678901234567890}]}", "xone line\nand another\n"};
}

void run_documents(std::string_view input) {
  if (input.empty()) return;
  DataFile format{.file = "data", .format = "text", .field = "", .sha256 = ""};
  if (input[0] == 'c') format.format = "csv";
  if (input[0] == 't') format.format = "tsv";
  if (input[0] == 'l') format.format = "jsonl";
  if (input[0] == 'j') format = {.file = "data", .format = "json", .field = "rows", .sha256 = ""};
  for (const Document& document : parse_documents(input.substr(1), format, "fuzz")) document_digest(document);
}

SAMEBITS_FUZZ_TARGET(documents, document_seeds, run_documents);

}  // namespace
}  // namespace samebits
