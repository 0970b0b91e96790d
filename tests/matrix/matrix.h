// The matrix: which cells are run on which models, and what came out.
//
// Tier x build is crossed fully on every tiny model (tests/support/tiny_model.h, tiny_zoo); all settings together are
// covered pairwise on two tiny models and on the real ones; chaos seeds run on the two tiny ones. Every cell of a model
// must have the logits digest and the claims digest of the model's first cell.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/matrix/cell.h"

namespace samebits {

struct Extent {
  std::vector<int> threads, batch_tokens;            // of the arrays on tiny models
  std::vector<int> real_threads, real_batch_tokens;  // and on real ones
  int real_limit = 0;                                // documents of each task on real models
  bool real_scalar = false;                          // the scalar tier on real models
  uint64_t chaos_seeds = 0;
};
Extent cut_extent();   // minutes: a part of ./check
Extent full_extent();  // hours

// A table of the report.
struct Section {
  std::string title, about;
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> notes;  // what was not run, and why
  size_t cells = 0, green = 0;
};

class Matrix {
 public:
  // `tasks`: folder of the matrix tasks.
  Matrix(std::vector<Build>, const std::string& scratch, const std::string& tasks, const std::string& shuffled_runner,
         Extent);

  const std::vector<Build>& builds() const { return builds_; }  // with the tiers that they have here

  // Runs everything; every build has a tier. Failed cells are printed to stderr as they come.
  std::vector<Section> run();

 private:
  Subject tiny_subject(const std::string& name) const;
  Subject real_subject(const std::string& name) const;

  Section cross_builds_and_tiers();
  Section cover_pairs(Subject, bool real);
  Section draw_chaos();
  bool check(const Build&, const Subject&, const Cell&, Section&);

  std::vector<Build> builds_;
  std::string models_, tasks_;  // folders
  Extent extent_;
  CellRunner runner_;
  std::map<std::string, Digests> expected_;  // by subject and tasks: the first cell's
};

// Markdown without a date: the same machine and sources give the same bytes.
// `command`: what reproduces it. `not_run`: builds that are missing, and why.
std::string markdown(const std::string& command, const std::vector<Build>&, const std::vector<std::string>& not_run,
                     const std::vector<Section>&);

}  // namespace samebits
