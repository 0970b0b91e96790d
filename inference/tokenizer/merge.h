// Byte-pair merging: the step that byte-level BPE and SentencePiece BPE share.
//
// The best pair of neighbours is joined until no pair can be: lowest `order` first, then leftmost.
// O(n log n) in the number of symbols, whatever the text.
// Thread rules: a pure function of its arguments.
#pragma once

#include <cstdint>
#include <queue>
#include <tuple>
#include <vector>

namespace samebits {

// A stretch of the word; length 0: it was joined into its left neighbour.
struct Symbol {
  uint32_t begin = 0, length = 0;  // bytes of the word
  int32_t id = -1;                 // -1: no token spells it
  int32_t prev = -1, next = -1;    // neighbours; -1: none
};

struct Join {
  uint32_t order = 0;
  int32_t id = -1;  // of the joined token; -1: the pair cannot be joined
};

// Appends a symbol at the right end.
inline void append_symbol(std::vector<Symbol>& symbols, uint32_t length, int32_t id) {
  const auto at = static_cast<int32_t>(symbols.size());
  const uint32_t begin = at == 0 ? 0 : symbols.back().begin + symbols.back().length;
  if (at > 0) symbols.back().next = at;
  symbols.push_back({begin, length, id, at - 1, -1});
}

// `find_join(left, right)` -> Join. It may depend on nothing but the two symbols' ids and texts.
template <class FindJoin>
void merge_symbols(std::vector<Symbol>& symbols, const FindJoin& find_join) {
  struct Candidate {
    uint32_t order;
    int32_t left, right;
    uint32_t length;  // of both: a candidate is stale once one of them has changed
    int32_t id;
    bool operator>(const Candidate& o) const { return std::tie(order, left) > std::tie(o.order, o.left); }
  };
  std::vector<Candidate> storage;
  storage.reserve(symbols.size());
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue({}, std::move(storage));
  const auto offer = [&](int32_t left, int32_t right) {
    if (left < 0 || right < 0) return;
    const Join join = find_join(symbols[left], symbols[right]);
    if (join.id >= 0) queue.push({join.order, left, right, symbols[left].length + symbols[right].length, join.id});
  };
  for (size_t i = 1; i < symbols.size(); ++i) offer(static_cast<int32_t>(i) - 1, static_cast<int32_t>(i));
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol &left = symbols[best.left], &right = symbols[best.right];
    if (left.length == 0 || right.length == 0 || left.length + right.length != best.length) continue;
    left.length = best.length;
    left.id = best.id;
    left.next = right.next;
    right.length = 0;
    if (left.next >= 0) symbols[left.next].prev = best.left;
    offer(left.prev, best.left);
    offer(best.left, left.next);
  }
}

}  // namespace samebits
