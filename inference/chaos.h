// Chaos mode: every choice that may not change a bit, drawn from a seed instead of chosen well.
//
// How work is cut into tasks and in which order it is done, how many rows a batch takes, where a page lies and what was
// in it, which prefix is forgotten, how long a thread waits: under a seed each of them is drawn here, and the digest of
// the logits must stay the same (tests/matrix). Off, each call is one comparison.
// Thread rules: stall() from any thread, the rest from the thread that drives the engine.
#pragma once

#include <cstdint>

namespace samebits {

class Chaos {
 public:
  Chaos() = default;  // off
  explicit Chaos(uint64_t seed) : on_(true), seed_(seed) {}

  bool on() const { return on_; }

  // `usual` when chaos is off; else drawn from [low, high], low <= high.
  int64_t pick(int64_t usual, int64_t low, int64_t high) { return on_ ? draw(low, high) : usual; }

  // Lets other threads overtake this one before it does `item`. Without a clock: it counts.
  void stall(int64_t item) const;

  // Binary16 values that are finite, anything else left open: what a recycled page may hold.
  void litter(uint16_t* values, int64_t n);

 private:
  int64_t draw(int64_t low, int64_t high);

  bool on_ = false;
  uint64_t seed_ = 0, draws_ = 0;
};

}  // namespace samebits
