// Native processing of documents, where templates cannot express what lm-eval's Python does: one file each.
#pragma once

#include <string>
#include <vector>

#include "tasks/documents.h"

namespace samebits {

// Adds fields to every document. `name` empty: nothing. Throws E0404 for an unknown name, E0411 when a document
// lacks what the processing reads. `where`: the task file.
void process_documents(const std::string& name, std::vector<Document>& docs, const std::string& where);

// HellaSwag: adds query and choices (process_hellaswag.cc).
void process_hellaswag(Document&, const std::string& where);

// A string field; E0411 names what is missing.
const std::string& text_field(const Document&, const char* field, const std::string& where);

}  // namespace samebits
