// The journal of a run: every response as soon as it is there, so that the same command resumes after a crash.
//
// DIR/samebits.journal holds one record a line, "<length> <sha256, 16 hex> <canonical JSON>": first the key of the
// run, then responses in order of arrival. A torn or damaged response ends the journal: what follows is dropped and
// computed again, to the same bytes. A damaged key is an error, and nothing is dropped. Records reach the system at
// once and the disk by groups.
//
// Thread rules: one call at a time. Errors: E0701 the folder belongs to another run, E0702 another process writes
// it, E0703 it cannot be written any more, E0704 it holds something else, E0706 it holds a complete bundle, E0708 the
// journal is damaged at its start, E0709 the folder cannot be used at all.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "harness/core/loop.h"

namespace samebits {

inline constexpr const char* kJournalName = "samebits.journal";

class Journal {
 public:
  // Creates the folder and the journal, or continues the one that is there. Threads, tier, batch and memory may
  // differ from before; plan, model, contract and --logits-digest may not. A journal that gets no response at all is
  // removed again with the folders made for it, also when this throws: what a run refuses leaves nothing behind. One
  // that a killed run left without a whole response claims nothing: any other run may take its place.
  Journal(const std::string& dir, const Plan&, const ModelInfo&, bool logits_digest = false);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // What earlier runs answered, by request; failed ones are asked again. Gives them away.
  Responses take_known();
  uint64_t dropped_bytes() const;  // of a torn end
  bool holds_responses() const;

  void append(const Response&);
  void sync();    // all that was appended survives a power failure from here on
  void remove();  // after the bundle is complete

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace samebits
