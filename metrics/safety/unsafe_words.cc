// unsafe_words: blocks prompts that state a harmful intent in plain words (metrics/data/unsafe_words.json).
#include "harness/core/registry.h"
#include "harness/core/resources.h"
#include "metrics/safety/pattern_stage.h"

namespace samebits {
namespace {

class UnsafeWords : public Stage {
 public:
  std::string digest() const override { return list().digest(); }
  Verdict judge(const Sample&, std::string_view text) const override { return list().judge(text); }

 private:
  static const PatternList& list() {  // read on first use: registration runs before main and must not fail
    static const PatternList loaded = PatternList::load(resource_path("metrics/data/unsafe_words.json"));
    return loaded;
  }
};

}  // namespace

SAMEBITS_REGISTER(Stage, UnsafeWords, "unsafe_words", 1, "blocks prompts that state a harmful intent in plain words");

}  // namespace samebits
