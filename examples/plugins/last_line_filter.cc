// Filter "last_line": keeps the last line of each answer that is not blank, without the blanks around it.
#include "harness/core/registry.h"

namespace {
using namespace samebits;

std::string last_line(const std::string& text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t last = text.find_last_not_of(kBlank);
  if (last == std::string::npos) return "";
  const size_t before = text.rfind('\n', last);
  const size_t begin = text.find_first_not_of(kBlank, before == std::string::npos ? 0 : before + 1);
  return text.substr(begin, last + 1 - begin);
}

struct LastLine final : Filter {
  std::vector<std::string> apply(const nlohmann::json&, const Sample&, std::vector<std::string> texts) const override {
    for (std::string& text : texts) text = last_line(text);
    return texts;
  }
};

SAMEBITS_REGISTER(Filter, LastLine, "last_line", 1, "the last line of the answer that is not blank");

}  // namespace

SAMEBITS_PLUGIN()
