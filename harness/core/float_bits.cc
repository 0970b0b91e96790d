// Floats of claims as the hexadecimal text of their IEEE-754 bits: the one notation in which no reader rounds.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>

#include "harness/core/canonical_json.h"
#include "harness/core/error.h"

namespace samebits {
namespace {

// "f32:" and 8 digits, or "f64:" and 16: `prefix` says which. Upper case is refused, so that a value has one text.
template <class Word>
Word word_from_bits(std::string_view text, std::string_view prefix) {
  Word word = 0;
  const std::string_view hex = text.substr(std::min(prefix.size(), text.size()));
  const bool lower =
      std::all_of(hex.begin(), hex.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (text.substr(0, prefix.size()) != prefix || hex.size() != 2 * sizeof(Word) || !lower)
    throw Error("E0604", fmt::format("\"{}\" is not a float's bit string", text.substr(0, 40)), "",
                fmt::format("write \"{}\" and {} lower-case hex digits", prefix, 2 * sizeof(Word)));
  std::from_chars(hex.data(), hex.data() + hex.size(), word, 16);
  return word;
}

}  // namespace

std::string bits(float v) { return fmt::format("f32:{:08x}", std::bit_cast<uint32_t>(v)); }
std::string bits(double v) { return fmt::format("f64:{:016x}", std::bit_cast<uint64_t>(v)); }
float f32_from_bits(std::string_view text) { return std::bit_cast<float>(word_from_bits<uint32_t>(text, "f32:")); }
double f64_from_bits(std::string_view text) { return std::bit_cast<double>(word_from_bits<uint64_t>(text, "f64:")); }

}  // namespace samebits
