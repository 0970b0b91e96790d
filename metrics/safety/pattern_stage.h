// A safety stage that blocks text in which a pattern of a versioned list occurs.
//
// The lists (metrics/data/*.json) are deliberately simple, public and harmless to read: a baseline filter whose errors
// can be measured, not a guard model. English only.
// Thread rules: immutable after construction.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/core/interfaces.h"
#include "harness/text/regex.h"

namespace samebits {

class PatternList {
 public:
  // Reads {"format": "samebits-patterns/1", "id", "version", …, "entries": [{"category", "pattern"}, …]}; patterns are
  // Python regular expressions. Throws E0101 (unreadable), E0602 (no JSON), E0503 (a field or pattern is wrong).
  static PatternList load(const std::string& path);
  static PatternList parse(std::string_view json, std::string_view where);

  // The first entry that occurs decides the category. Upper and lower case and typographic apostrophes do not matter.
  Stage::Verdict judge(std::string_view text) const;
  const std::string& digest() const { return digest_; }  // sha256 of the canonical list

 private:
  struct Entry {
    std::string category;
    Regex pattern;
  };
  std::vector<Entry> entries_;
  std::string digest_;
};

}  // namespace samebits
