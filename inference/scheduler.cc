#include "inference/scheduler.h"

#include <algorithm>
#include <deque>
#include <numeric>

#include "harness/core/error.h"
#include "harness/core/interrupt.h"

namespace samebits {
namespace {

constexpr int64_t kNone = -1;
constexpr const char* kNotFinite = "a value of the model is not finite at this sample";

// The part of a sequence that is not shared with the sequence before it.
struct Stretch {
  size_t sequence;
  int64_t keep;        // positions shared
  int64_t first_row;   // number of its first row among all prompt rows
  int64_t parent_row;  // row of position keep - 1, or kNone
};

// A scored position: which target of which sequence the row predicts; a generation waits for its last row.
struct Wanted {
  int64_t row;
  size_t sequence, target;
};

// The prompts as a trie of tokens, each distinct prefix once; its edges in the order of their rows.
struct PrefixTrie {
  std::vector<Stretch> stretches;
  std::vector<Wanted> wanted;  // by row, then sequence, then target
  int64_t rows = 0;
};

int64_t common_prefix(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
  return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
}

PrefixTrie prefix_trie(std::span<const Sequence> sequences, bool share) {
  std::vector<size_t> order(sequences.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (share)
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return sequences[a].tokens < sequences[b].tokens; });
  PrefixTrie out;
  std::vector<int64_t> path;  // row of each position of the sequence before
  const std::vector<int32_t>* before = nullptr;
  for (size_t s : order) {
    const Sequence& sequence = sequences[s];
    const auto n = static_cast<int64_t>(sequence.tokens.size());
    SAMEBITS_ASSERT(n > 0);
    // A generation has a row of its own to start from, so that each can wait for memory alone.
    const int64_t most = sequence.generate ? n - 1 : n;
    const int64_t keep = share && before ? std::min(most, common_prefix(*before, sequence.tokens)) : 0;
    path.resize(static_cast<size_t>(keep));
    if (keep < n) out.stretches.push_back({s, keep, out.rows, keep > 0 ? path.back() : kNone});
    for (int64_t p = keep; p < n; ++p) path.push_back(out.rows++);
    for (size_t k = 0; k < sequence.targets.size(); ++k)
      out.wanted.push_back({path[static_cast<size_t>(sequence.first_scored) + k], s, k});
    if (sequence.generate) out.wanted.push_back({path.back(), s, 0});
    before = &sequence.tokens;
  }
  std::stable_sort(out.wanted.begin(), out.wanted.end(),
                   [](const Wanted& a, const Wanted& b) { return a.row < b.row; });
  return out;
}

int64_t pages_for(int64_t positions) { return (positions + kPage - 1) / kPage; }

// Most pages that a sequence takes for its positions from `kept` on. A page more where two sequences part: their
// shared page stays with one of them. A page more where a generation leaves the path of the prompts.
int64_t pages_to_take(const Sequence& s, int64_t kept) {
  const int64_t prompt = pages_for(static_cast<int64_t>(s.tokens.size()) - kept) + (kept > 0);
  return prompt + (s.generate ? pages_for(s.max_new) + 1 : 0);
}

struct Generation {
  size_t sequence;
  BlockTable table;
  int32_t token;  // the next to be fed
  bool bad;
  int64_t may_take;  // pages still
};

class Scheduler {
 public:
  Scheduler(Transformer& t, std::span<const Sequence> sequences, const SchedulerOptions& o, const SchedulerHooks& h)
      : transformer_(t),
        sequences_(sequences),
        options_(o),
        hooks_(h),
        trie_(prefix_trie(sequences, o.share_prefixes)),
        path_(t.kv()),
        row_bad_(static_cast<size_t>(trie_.rows), 0),
        open_(sequences.size()),
        failed_(sequences.size()) {
    for (size_t s = 0; s < sequences.size(); ++s) open_[s] = sequences[s].targets.size();
  }

  void run() {
    while ((stretch_ < trie_.stretches.size() || !generations_.empty()) && !interrupt_requested()) step();
  }

 private:
  struct PromptRun {
    int64_t first_row, parent_row;
    int64_t again;  // leading tokens whose rows are done already: their keys and values had been forgotten
  };

  void step() {
    std::vector<BatchRun> runs;
    std::deque<BlockTable> tables;  // addresses stay valid
    Chaos& chaos = transformer_.chaos();
    if (chaos.on() && !generations_.empty()) {
      const auto first = chaos.pick(0, 0, static_cast<int64_t>(generations_.size()) - 1);
      std::rotate(generations_.begin(), generations_.begin() + first, generations_.end());
    }
    for (Generation& g : generations_) {
      const uint64_t before = transformer_.kv().pages_in_use();
      g.table.append();
      g.may_take -= static_cast<int64_t>(transformer_.kv().pages_in_use() - before);
      const int64_t position = g.table.length() - 1;
      runs.push_back({{g.token}, position, &g.table, {g.table.page_of_last()}, {1}});
    }
    const std::vector<PromptRun> prompts = take_prompts(runs, tables);
    std::vector<float> hidden;
    std::vector<uint8_t> bad;
    transformer_.forward(runs, hidden, bad);
    const size_t generating = generations_.size();
    note_bad_rows(runs, prompts, generating, bad);
    const float* states = advance_generations(hidden.data(), bad);
    score_prompts(runs, prompts, generating, states);
    std::erase_if(generations_, [](const Generation& g) { return g.token < 0; });
  }

  // Fills the batch with the next prompt rows.
  std::vector<PromptRun> take_prompts(std::vector<BatchRun>& runs, std::deque<BlockTable>& tables) {
    std::vector<PromptRun> prompts;
    promised_ = 0;
    for (const Generation& g : generations_) promised_ += g.may_take;
    auto room = std::max<int64_t>(1, options_.batch_tokens - static_cast<int64_t>(runs.size()));
    room = transformer_.chaos().pick(room, 1, room);
    int64_t starting = static_cast<int64_t>(generations_.size());
    while (room > 0 && stretch_ < trie_.stretches.size() && starting < options_.max_generating) {
      const Stretch& stretch = trie_.stretches[stretch_];
      const Sequence& sequence = sequences_[stretch.sequence];
      const auto n = static_cast<int64_t>(sequence.tokens.size());
      if (!started_) {
        if (!make_room(stretch, runs.empty())) break;
        started_ = true;
        if (hooks_.on_start) hooks_.on_start(stretch.sequence);
      }
      const int64_t from = path_.length();
      BatchRun run;
      run.first_position = from;
      const int64_t to = std::min(n, from + room);
      run.tokens.assign(sequence.tokens.begin() + from, sequence.tokens.begin() + to);
      for (int64_t p = from; p < to; ++p) {
        path_.append();
        run.pages.push_back(path_.page_of_last());
      }
      const int64_t fresh = std::max(from, stretch.keep), again = std::min(to, fresh) - from;
      const int64_t first_row = stretch.first_row + fresh - stretch.keep;
      run.wanted = wanted_flags(first_row, to - from, again, &starting);
      run.table = &tables.emplace_back(path_);
      prompts.push_back({first_row, fresh > stretch.keep ? first_row - 1 : stretch.parent_row, again});
      runs.push_back(std::move(run));
      room -= to - from;
      if (to < n) break;
      ++stretch_, started_ = false;
      if (sequence.generate) promised_ += pages_for(sequence.max_new) + 1;
    }
    return prompts;
  }

  // Leaves of the path what the stretch shares and memory has room for. False: the stretch must wait for generations
  // to end, or for the batch's own tables to go.
  bool make_room(const Stretch& stretch, bool batch_is_empty) {
    const Sequence& sequence = sequences_[stretch.sequence];
    path_.truncate(std::min(stretch.keep, path_.length()));
    path_.truncate(transformer_.chaos().pick(path_.length(), 0, path_.length()));
    if (options_.kv_pages == 0) return true;
    const auto fits = [&] {
      const auto free = static_cast<int64_t>(options_.kv_pages - transformer_.kv().pages_in_use()) - promised_;
      return pages_to_take(sequence, path_.length()) <= free;
    };
    if (fits()) return true;
    if (!batch_is_empty) return false;
    path_.truncate(0);
    SAMEBITS_ASSERT(fits());
    return true;
  }

  // Of a run of n rows, the first `again` of which were delivered before.
  std::vector<uint8_t> wanted_flags(int64_t first_row, int64_t n, int64_t again, int64_t* starting) const {
    std::vector<uint8_t> flags(static_cast<size_t>(n), 0);
    for (auto w = first_wanted(first_row); w != trie_.wanted.end() && w->row < first_row + n - again; ++w) {
      flags[static_cast<size_t>(w->row - first_row + again)] = 1;
      *starting += sequences_[w->sequence].generate;
    }
    return flags;
  }

  std::vector<Wanted>::const_iterator first_wanted(int64_t row) const {
    return std::lower_bound(trie_.wanted.begin(), trie_.wanted.end(), row,
                            [](const Wanted& w, int64_t r) { return w.row < r; });
  }

  // A row is bad when it or any position before it is.
  void note_bad_rows(const std::vector<BatchRun>& runs, const std::vector<PromptRun>& prompts, size_t generating,
                     const std::vector<uint8_t>& bad) {
    size_t at = generating;
    for (size_t i = 0; i < prompts.size(); ++i) {
      int64_t parent = prompts[i].parent_row;
      const auto n = static_cast<int64_t>(runs[generating + i].tokens.size()) - prompts[i].again;
      at += static_cast<size_t>(prompts[i].again);
      for (int64_t row = prompts[i].first_row; row < prompts[i].first_row + n; ++row) {
        row_bad_[static_cast<size_t>(row)] = bad[at++] || (parent != kNone && row_bad_[static_cast<size_t>(parent)]);
        parent = row;
      }
    }
  }

  void done(size_t sequence, const std::string& error) {
    if (hooks_.on_done) hooks_.on_done(sequence, error);
  }

  // The token that follows a hidden state of a generation; below 0: it ended.
  int32_t next_token(size_t sequence, const float* state, const LogitSummary& summary) {
    if (!summary.finite) {
      done(sequence, kNotFinite);
      return -1;
    }
    const int32_t token = sequences_[sequence].needs_logits
                              ? hooks_.choose(sequence, transformer_.output().logits(state))
                              : summary.argmax;
    if (hooks_.on_token(sequence, token)) return token;
    done(sequence, "");
    return -1;
  }

  // Returns the first hidden state that belongs to a prompt.
  const float* advance_generations(const float* states, const std::vector<uint8_t>& bad) {
    const auto n = static_cast<int64_t>(generations_.size());
    const int64_t width = pad16(transformer_.spec().n_embd);
    const std::vector<std::vector<int32_t>> nothing(static_cast<size_t>(n));
    const std::vector<LogitSummary> summaries = transformer_.output().summarise(states, n, nothing);
    for (int64_t i = 0; i < n; ++i) {
      Generation& g = generations_[static_cast<size_t>(i)];
      LogitSummary summary = summaries[static_cast<size_t>(i)];
      g.bad = g.bad || bad[static_cast<size_t>(i)];
      summary.finite = summary.finite && !g.bad;
      if (hooks_.on_logits) hooks_.on_logits(g.sequence, 0, transformer_.output().logits(states + i * width));
      g.token = next_token(g.sequence, states + i * width, summary);
    }
    return states + n * width;
  }

  void score_prompts(const std::vector<BatchRun>& runs, const std::vector<PromptRun>& prompts, size_t generating,
                     const float* states) {
    struct State {
      int64_t row;
      const BlockTable* table;
      int64_t position;
    };
    std::vector<State> wanted;
    std::vector<std::vector<int32_t>> ids;
    for (size_t i = 0; i < prompts.size(); ++i) {
      const BatchRun& run = runs[generating + i];
      for (size_t t = 0; t < run.tokens.size(); ++t) {
        if (!run.wanted[t]) continue;
        const int64_t row = prompts[i].first_row + static_cast<int64_t>(t) - prompts[i].again;
        wanted.push_back({row, run.table, run.first_position + static_cast<int64_t>(t)});
        auto& targets = ids.emplace_back();
        for (auto w = first_wanted(row); w != trie_.wanted.end() && w->row == row; ++w)
          if (!sequences_[w->sequence].generate) targets.push_back(sequences_[w->sequence].targets[w->target]);
      }
    }
    const std::vector<LogitSummary> summaries =
        transformer_.output().summarise(states, static_cast<int64_t>(wanted.size()), ids);
    const int64_t width = pad16(transformer_.spec().n_embd);
    for (size_t i = 0; i < wanted.size(); ++i)
      deliver(wanted[i].row, *wanted[i].table, wanted[i].position, states + static_cast<int64_t>(i) * width,
              summaries[i]);
  }

  // Hands one scored row to every sequence that waits for it.
  void deliver(int64_t row, const BlockTable& table, int64_t position, const float* state, const LogitSummary& s) {
    LogitSummary summary = s;
    summary.finite = s.finite && !row_bad_[static_cast<size_t>(row)];
    std::vector<float> logits;  // one computation for all that wait for this row
    if (hooks_.on_logits) logits = transformer_.output().logits(state);
    size_t target = 0;
    for (auto w = first_wanted(row); w != trie_.wanted.end() && w->row == row; ++w) {
      if (hooks_.on_logits) hooks_.on_logits(w->sequence, w->target, logits);
      if (sequences_[w->sequence].generate) {
        const int32_t token = next_token(w->sequence, state, summary);
        if (token < 0) continue;
        const Sequence& sequence = sequences_[w->sequence];
        generations_.push_back({w->sequence, BlockTable(table), token, false, pages_for(sequence.max_new) + 1});
        generations_.back().table.truncate(position + 1);
        continue;
      }
      const int32_t id = sequences_[w->sequence].targets[w->target];
      if (summary.finite)
        hooks_.on_score(w->sequence, w->target,
                        {id, summary.argmax, summary.targets[target], summary.max, summary.logsumexp}, summary.tie);
      else
        failed_[w->sequence] = 1;
      ++target;
      if (--open_[w->sequence] == 0) done(w->sequence, failed_[w->sequence] ? kNotFinite : "");
    }
  }

  Transformer& transformer_;
  std::span<const Sequence> sequences_;
  const SchedulerOptions& options_;
  const SchedulerHooks& hooks_;
  PrefixTrie trie_;
  size_t stretch_ = 0;    // the next stretch
  bool started_ = false;  // and whether path_ holds some of it
  int64_t promised_ = 0;  // pages that generations, also those that start in this batch, may still take
  BlockTable path_;
  std::vector<uint8_t> row_bad_;
  std::vector<size_t> open_;  // targets still to be scored
  std::vector<uint8_t> failed_;
  std::vector<Generation> generations_;
};

}  // namespace

uint64_t kv_pages_needed(const Sequence& s) { return static_cast<uint64_t>(pages_to_take(s, 0)); }

void run_sequences(Transformer& transformer, std::span<const Sequence> sequences, const SchedulerOptions& options,
                   const SchedulerHooks& hooks) {
  Scheduler(transformer, sequences, options, hooks).run();
}

}  // namespace samebits
