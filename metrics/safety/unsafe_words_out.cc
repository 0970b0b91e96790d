// unsafe_words_out: withholds replies that hold secrets, personal numbers or build instructions for weapons
// (metrics/data/unsafe_words_out.json).
#include "harness/core/registry.h"
#include "harness/core/resources.h"
#include "metrics/safety/pattern_stage.h"

namespace samebits {
namespace {

class UnsafeWordsOut : public Stage {
 public:
  std::string digest() const override { return list().digest(); }
  Verdict judge(const Sample&, std::string_view text) const override { return list().judge(text); }

 private:
  static const PatternList& list() {  // read on first use: registration runs before main and must not fail
    static const PatternList loaded = PatternList::load(resource_path("metrics/data/unsafe_words_out.json"));
    return loaded;
  }
};

}  // namespace

SAMEBITS_REGISTER(Stage, UnsafeWordsOut, "unsafe_words_out", 1,
                  "withholds replies that hold secrets, personal numbers or weapon instructions");

}  // namespace samebits
