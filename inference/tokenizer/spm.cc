// SentencePiece BPE (tokenizer.ggml.model "llama"): merges by score over characters, byte tokens <0xXX> for the rest.
#include <fmt/format.h>

#include <array>
#include <bit>
#include <unordered_map>
#include <unordered_set>

#include "harness/core/error.h"
#include "harness/core/utf8.h"
#include "inference/tokenizer/families.h"

namespace samebits {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581: how the vocabulary spells a space

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  size_t at = 0;
  for (size_t found; (found = text.find(from, at)) != std::string_view::npos; at = found + from.size())
    out.append(text.substr(at, found - at)).append(to);
  return out.append(text.substr(at));
}

// Higher scores get lower orders.
uint32_t order_of(float score) {
  const auto bits = std::bit_cast<uint32_t>(score == 0 ? 0.0f : score);  // -0 is 0
  const uint32_t ascending = bits >> 31 ? ~bits : bits | 0x80000000u;
  return ~ascending;
}

class SentencePieceTokenizer final : public Tokenizer {
 public:
  explicit SentencePieceTokenizer(Vocabulary v) : Tokenizer(std::move(v)), whole_words_(vocab_size()) {
    if (vocabulary().scores.empty())
      throw Error("E0302", "tokenizer.ggml.scores is missing", vocabulary().where,
                  "Convert the model again from its original files.");
    ids_.reserve(vocab_size());
    for (int32_t id = 0; id < vocab_size(); ++id) {
      // Only normal pieces can come out of merging: a text that happens to spell "<s>" stays text.
      if (vocabulary().types[id] != TokenType::normal) continue;
      ids_.emplace(vocabulary().tokens[id], id);
      note_inner_marks(vocabulary().tokens[id]);
    }
    read_byte_tokens();
  }

 protected:
  void encode_text(std::string_view text, bool space_prefix, std::vector<int32_t>& ids) const override {
    // A mark that stands in the text itself becomes a space in decode(): the vocabulary cannot tell them apart.
    std::string marked = replace_all(text, " ", kSpaceMark);
    if (space_prefix && vocabulary().add_space_prefix) marked.insert(0, kSpaceMark);
    std::vector<Symbol> symbols;
    for (size_t at = 0; at < marked.size();) {
      const size_t end = word_end(marked, at);
      encode_word(std::string_view(marked).substr(at, end - at), symbols, ids);
      at = end;
    }
  }

  // The bytes of a byte token may be part of a character. User-defined tokens hold plain spaces already.
  std::string spell(int32_t id) const override {
    const std::string& text = vocabulary().tokens[id];
    if (byte_of_.contains(id)) return std::string(1, byte_of_.at(id));
    return vocabulary().types[id] == TokenType::normal ? replace_all(text, kSpaceMark, " ") : text;
  }

 private:
  void read_byte_tokens() {
    std::unordered_map<std::string_view, int32_t> bytes;
    for (int32_t id = 0; id < vocab_size(); ++id)
      if (vocabulary().types[id] == TokenType::byte) bytes.emplace(vocabulary().tokens[id], id);
    for (size_t b = 0; b < 256; ++b) {
      const std::string text = fmt::format("<0x{:02X}>", b);
      const auto found = bytes.find(text);
      if (found == bytes.end())
        throw Error("E0305", fmt::format("the byte token {} is missing", text), vocabulary().where,
                    "Convert the model again from its original files.");
      byte_ids_[b] = found->second;
      byte_of_[found->second] = static_cast<char>(b);
    }
  }

  // Code points that some piece has right before a space mark, as Gemma's ">▁</" has.
  void note_inner_marks(std::string_view piece) {
    for (size_t at = 0, previous = 0; at < piece.size();) {
      const Utf8Char c = decode_utf8(piece, at);
      const std::string_view before = piece.substr(previous, at - previous);
      if (at > 0 && piece.substr(at).starts_with(kSpaceMark) && before != kSpaceMark) before_mark_.emplace(before);
      previous = at;
      at += c.bytes;
    }
  }

  // Words can be merged apart where no piece spans their border: before a space mark that follows a character which
  // no piece has there. The result is that of merging the whole text.
  size_t word_end(const std::string& text, size_t at) const {
    while (true) {
      const size_t before = at;
      at += decode_utf8(text, at).bytes;
      if (at >= text.size()) return text.size();
      if (text.compare(at, kSpaceMark.size(), kSpaceMark) != 0) continue;
      const std::string_view previous = std::string_view(text).substr(before, at - before);
      if (previous != kSpaceMark && !before_mark_.contains(std::string(previous))) return at;
    }
  }

  int32_t id_of(std::string_view piece) const {
    const auto found = ids_.find(piece);
    return found == ids_.end() ? -1 : found->second;
  }

  // `symbols`: scratch space.
  void encode_word(std::string_view word, std::vector<Symbol>& symbols, std::vector<int32_t>& ids) const {
    const int32_t whole = id_of(word);
    if (whole_words_.take(whole, ids)) return;
    symbols.clear();
    for (size_t at = 0; at < word.size();) {
      const uint32_t bytes = decode_utf8(word, at).bytes;
      // An invalid sequence is no piece, so it falls to its byte tokens.
      append_symbol(symbols, bytes, id_of(word.substr(at, bytes)));
      at += bytes;
    }
    merge_symbols(symbols, [&](const Symbol& left, const Symbol& right) {
      const int32_t id = id_of(word.substr(left.begin, left.length + right.length));
      return id < 0 ? Join{} : Join{order_of(vocabulary().scores[id]), id};
    });
    for (int32_t at = 0; at >= 0; at = symbols[at].next) {
      const Symbol& symbol = symbols[at];
      if (symbol.id >= 0) {
        ids.push_back(symbol.id);
      } else {
        for (char c : word.substr(symbol.begin, symbol.length)) ids.push_back(byte_ids_[static_cast<uint8_t>(c)]);
      }
    }
    whole_words_.learn(whole, symbols);
  }

  std::unordered_map<std::string_view, int32_t> ids_;  // of normal pieces
  std::array<int32_t, 256> byte_ids_{};
  std::unordered_map<int32_t, char> byte_of_;
  std::unordered_set<std::string> before_mark_;
  mutable WholeWords whole_words_;
};

}  // namespace

std::unique_ptr<Tokenizer> make_spm(Vocabulary v) { return std::make_unique<SentencePieceTokenizer>(std::move(v)); }

}  // namespace samebits
