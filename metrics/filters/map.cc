// map: each text looked up in a table (lm-evaluation-harness 0.4).
#include "harness/core/registry.h"
#include "metrics/arguments.h"

namespace samebits {
namespace {

// Python's str() of the scalars that tables hold.
std::string as_text(const nlohmann::json* value) {
  if (!value || value->is_null()) return "None";
  if (value->is_boolean()) return value->get<bool>() ? "True" : "False";
  return value->is_string() ? value->get<std::string>() : value->dump();
}

class MapFilter : public Filter {
 public:
  std::vector<std::string> apply(const nlohmann::json& json, const Sample&,
                                 std::vector<std::string> texts) const override {
    const Arguments args("filter map", json, {"mapping_dict", "default_value"});
    const nlohmann::json* table = args.find("mapping_dict");
    if (table && !table->is_object()) args.reject("mapping_dict", "an object");
    const nlohmann::json* otherwise = args.find("default_value");
    for (std::string& text : texts) {
      const bool listed = table && table->contains(text);
      text = as_text(listed ? &(*table)[text] : otherwise);
    }
    return texts;
  }
};

}  // namespace

SAMEBITS_REGISTER(Filter, MapFilter, "map", 1, "each text looked up in a table");

}  // namespace samebits
