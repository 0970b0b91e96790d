#include "inference/tokenizer/pretokenizers.h"

#include <array>

#include "harness/core/utf8.h"
#include "harness/text/unicode.h"

namespace samebits {
namespace {

// The classes that the expressions tell apart: \p{L}, \p{N}, \s (White_Space) and the rest, with invalid UTF-8.
enum class Class : uint8_t { letter, number, space, other };

Class classify(char32_t c) {
  if (is_letter(c)) return Class::letter;
  if (is_number(c)) return Class::number;
  return is_white_space(c) ? Class::space : Class::other;
}

struct Char {
  Class kind;
  uint32_t bytes;
};

Char char_at(std::string_view text, size_t at) {
  static const std::array<Class, 128> kAscii = [] {
    std::array<Class, 128> classes{};
    for (char32_t c = 0; c < 128; ++c) classes[c] = classify(c);
    return classes;
  }();
  const auto byte = static_cast<uint8_t>(text[at]);
  if (byte < 128) return {kAscii[byte], 1};
  const Utf8Char c = decode_utf8(text, at);
  return {c.valid ? classify(c.code_point) : Class::other, c.bytes};
}

size_t run_end(std::string_view text, size_t at, Class kind) {
  while (at < text.size()) {
    const Char c = char_at(text, at);
    if (c.kind != kind) break;
    at += c.bytes;
  }
  return at;
}

// '(s|t|re|ve|m|ll|d): bytes, 0 when there is none at `at`.
size_t contraction_bytes(std::string_view text, size_t at) {
  for (std::string_view suffix : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"})
    if (text.substr(at).starts_with(suffix)) return suffix.size();
  return 0;
}

// GPT-2's expression (openai/gpt-2, src/encoder.py):
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
// `digits_apart`: each \p{N} is split off first, so to the words around it the text ends there.
size_t gpt2_word_end(std::string_view text, size_t at, bool digits_apart) {
  const Char first = char_at(text, at);
  if (first.kind != Class::space) {
    if (const size_t bytes = text[at] == '\'' ? contraction_bytes(text, at) : 0) return at + bytes;
    if (digits_apart && first.kind == Class::number) return at + first.bytes;
    return run_end(text, at, first.kind);
  }
  if (text[at] == ' ' && at + 1 < text.size()) {
    const Class kind = char_at(text, at + 1).kind;
    if (kind != Class::space && !(digits_apart && kind == Class::number)) return run_end(text, at + 1, kind);
  }
  size_t end = at, last = at;  // of the white space; where its last character begins
  for (Char c = first; c.kind == Class::space;) {
    last = end;
    end += c.bytes;
    if (end == text.size()) return end;
    c = char_at(text, end);
    if (digits_apart && c.kind == Class::number) return end;
  }
  return last > at ? last : end;  // \s+(?!\S) leaves the last one to the next word
}

size_t gpt2(std::string_view text, size_t at) { return gpt2_word_end(text, at, false); }
size_t smollm(std::string_view text, size_t at) { return gpt2_word_end(text, at, true); }

constexpr Pretokenizer kPretokenizers[] = {
    {"gpt-2", gpt2},
    {"smollm", smollm},
};

}  // namespace

const Pretokenizer* find_pretokenizer(std::string_view name) {
  for (const Pretokenizer& p : kPretokenizers)
    if (p.name == name) return &p;
  return nullptr;
}

std::vector<std::string> pretokenizer_names() {
  std::vector<std::string> names;
  for (const Pretokenizer& p : kPretokenizers) names.emplace_back(p.name);
  return names;
}

}  // namespace samebits
