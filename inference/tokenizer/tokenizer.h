// Text to token ids and back, from the tokenizer that a GGUF file carries: byte-level BPE and SentencePiece BPE.
//
// Bytes in, bytes out: embedded NULs and invalid UTF-8 are encoded as the bytes they are, never repaired.
// Determinism: a pure function of the file's vocabulary and the text; the Unicode version is pinned (unicode.h).
// Thread rules: immutable after open(); every member may be called from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/gguf.h"
#include "inference/tokenizer/special_cutter.h"
#include "inference/tokenizer/vocabulary.h"

namespace samebits {

class Tokenizer {
 public:
  // E0301: the file's tokenizer.ggml.model or .pre is not supported. E0302-E0305: its vocabulary is inconsistent.
  static std::unique_ptr<Tokenizer> open(const Gguf&);
  static std::unique_ptr<Tokenizer> make(Vocabulary);
  virtual ~Tokenizer() = default;

  // Adds no BOS. User-defined tokens are always cut out of the text; `special` cuts out control tokens too (chat
  // prompts). The leftmost match wins, of those the longest. Bytes that the vocabulary cannot spell are dropped.
  std::vector<int32_t> encode(std::string_view text, bool special) const;
  // Whether the vocabulary can spell every byte of the text: a byte-level one may lack what its training data lacked.
  virtual bool spells(std::string_view) const { return true; }

  // The exact bytes, which may begin or end inside a UTF-8 sequence. One leading space is dropped when encode()
  // adds one. `skip_special`: control tokens give nothing. Throws E0307 on an id outside the vocabulary.
  std::string decode(std::span<const int32_t> ids, bool skip_special) const;
  std::string token_bytes(int32_t id) const;

  int vocab_size() const { return static_cast<int>(vocabulary_.tokens.size()); }
  int32_t bos() const { return vocabulary_.bos; }  // -1: none
  int32_t eos() const { return vocabulary_.eos; }  // -1: none
  bool add_bos() const { return vocabulary_.add_bos; }
  bool add_eos() const { return vocabulary_.add_eos; }
  bool is_control(int32_t id) const;  // control or unknown: has no text of its own

  // Ids that end a generation: eos, eot and eom by key, and control tokens with a well-known text (vocabulary.cc).
  const std::set<int32_t>& end_ids() const { return end_ids_; }

  std::string digest() const { return vocabulary_.digest(); }
  std::string name() const;  // "gpt2/smollm", "llama"

 protected:
  explicit Tokenizer(Vocabulary);

  // One stretch of text between cut-out tokens. `space_prefix`: it stands first or follows a cut-out token.
  virtual void encode_text(std::string_view text, bool space_prefix, std::vector<int32_t>& ids) const = 0;
  // The bytes that a token spells, from the vocabulary's own spelling of it.
  virtual std::string spell(int32_t id) const = 0;

  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  void check_id(int32_t id) const;

  Vocabulary vocabulary_;
  SpecialCutter user_defined_, all_special_;
  std::set<int32_t> end_ids_;
};

}  // namespace samebits
