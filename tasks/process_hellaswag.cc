// HellaSwag as lm-evaluation-harness 0.4 prepares it (lm_eval/tasks/hellaswag/utils.py): WikiHow's tags are
// removed, ctx_b is capitalised the way Python does it.

#include <algorithm>

#include "harness/core/error.h"
#include "harness/text/python_text.h"
#include "tasks/process.h"

namespace samebits {
namespace {

// re.sub(r"\[.*?\]", "", text): each "[" up to the nearest "]" on the same line. Linear: `stop` is searched once.
std::string remove_tags(std::string_view text) {
  std::string out;
  size_t stop = 0;  // of the nearest "]" or line end at or after `at`
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '[') {
      if (stop <= at) stop = std::min(text.find_first_of("]\n", at), text.size());
      if (stop < text.size() && text[stop] == ']') {
        at = stop;
        continue;
      }
    }
    out += text[at];
  }
  return out;
}

std::string clean(std::string_view text) {
  const std::string titled = py_replace(py_strip(text), " [title]", ". ");
  return py_replace(remove_tags(titled), "  ", " ");
}

}  // namespace

void process_hellaswag(Document& doc, const std::string& where) {
  const std::string context = text_field(doc, "ctx_a", where) + " " + py_capitalize(text_field(doc, "ctx_b", where));
  const auto endings = doc.find("endings");
  const bool strings = endings != doc.end() && endings->is_array() &&
                       std::all_of(endings->begin(), endings->end(), [](const Document& e) { return e.is_string(); });
  if (!strings) throw Error("E0411", "a document has no list of texts \"endings\"", where, "Check the data file.");
  Document choices = Document::array();
  for (const Document& ending : *endings) choices.push_back(clean(ending.get_ref<const std::string&>()));
  const std::string query = clean(text_field(doc, "activity_label", where) + ": " + context);
  doc["query"] = query;
  doc["choices"] = std::move(choices);
}

}  // namespace samebits
