#include "tasks/process.h"

#include <fmt/core.h>

#include "harness/core/error.h"

namespace samebits {

const std::string& text_field(const Document& doc, const char* field, const std::string& where) {
  const auto it = doc.find(field);
  if (it == doc.end() || !it->is_string())
    throw Error("E0411", fmt::format("a document has no text field \"{}\"", field), where,
                "Check that the data file is the one that the task's \"process\" is for.");
  return it->get_ref<const std::string&>();
}

void process_documents(const std::string& name, std::vector<Document>& docs, const std::string& where) {
  if (name.empty()) return;
  if (name != "hellaswag")
    throw Error("E0404", fmt::format("unknown document processing \"{}\"{}", name, did_you_mean(name, {"hellaswag"})),
                where + ": data.process", "Remove the key, or use \"hellaswag\".");
  for (Document& doc : docs) process_hellaswag(doc, where);
}

}  // namespace samebits
