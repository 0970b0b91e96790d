#include "harness/text/python_text.h"

#include <algorithm>

#include "harness/core/error.h"
#include "harness/core/utf8.h"
#include "harness/text/unicode.h"

namespace samebits {
namespace {

constexpr char32_t kCapitalSigma = 0x3A3, kSmallSigma = 0x3C3, kFinalSigma = 0x3C2;

// A code point and the bytes it came from; an invalid sequence is nobody's white space and has no case.
struct Char {
  char32_t code_point;
  std::string_view bytes;
  bool valid;

  bool is_space() const { return valid && is_python_space(code_point); }
};

std::vector<Char> chars_of(std::string_view text) {
  std::vector<Char> chars;
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = decode_utf8(text, at);
    chars.push_back({c.code_point, text.substr(at, c.bytes), c.valid});
    at += c.bytes;
  }
  return chars;
}

// Whether a character is one to strip.
class StripSet {
 public:
  explicit StripSet(std::optional<std::string_view> chars) : white_space_(!chars) {
    if (chars)
      for (const Char& c : chars_of(*chars)) members_.push_back(c.bytes);
  }
  bool has(const Char& c) const {
    return white_space_ ? c.is_space() : std::find(members_.begin(), members_.end(), c.bytes) != members_.end();
  }

 private:
  bool white_space_;
  std::vector<std::string_view> members_;
};

Char char_at(std::string_view text, size_t at) {
  const Utf8Char c = decode_utf8(text, at);
  return {c.code_point, text.substr(at, c.bytes), c.valid};
}

// Decoding cannot run backwards: try the lengths of a sequence.
Char last_char(std::string_view text) {
  for (size_t n = 2; n <= 4 && n <= text.size(); ++n) {  // a valid sequence that ends at the end
    const Char c = char_at(text, text.size() - n);
    if (c.valid && c.bytes.size() == n) return c;
  }
  return char_at(text, text.size() - 1);
}

// Unicode 15.0 §3.13: final when a cased letter stands before it and none after, case-ignorable ones aside.
bool is_final_sigma(const std::vector<Char>& chars, size_t at) {
  const auto sees_cased = [](auto from, auto to) {
    const auto found = std::find_if(from, to, [](const Char& c) { return !is_case_ignorable(c.code_point); });
    return found != to && found->valid && is_cased(found->code_point);
  };
  return sees_cased(chars.rbegin() + (chars.size() - at), chars.rend()) &&
         !sees_cased(chars.begin() + at + 1, chars.end());
}

enum class Case { lower, upper, title };

void append_cased(std::string& out, const std::vector<Char>& chars, size_t at, Case to) {
  const Char& c = chars[at];
  if (!c.valid) {
    out += c.bytes;
    return;
  }
  std::u32string mapped;
  if (to == Case::upper) {
    append_upper(mapped, c.code_point);
  } else if (to == Case::title) {
    append_title(mapped, c.code_point);
  } else if (c.code_point == kCapitalSigma) {
    mapped += is_final_sigma(chars, at) ? kFinalSigma : kSmallSigma;
  } else {
    append_lower(mapped, c.code_point);
  }
  out += to_utf8(mapped);
}

// `choose`: the case for each position, in order.
template <class Choose>
std::string map_case(std::string_view text, Choose choose) {
  const std::vector<Char> chars = chars_of(text);
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < chars.size(); ++i) append_cased(out, chars, i, choose(i, chars[i]));
  return out;
}

}  // namespace

std::string_view py_lstrip(std::string_view text, std::optional<std::string_view> chars) {
  const StripSet set(chars);
  while (!text.empty()) {
    const Char c = char_at(text, 0);
    if (!set.has(c)) break;
    text.remove_prefix(c.bytes.size());
  }
  return text;
}

std::string_view py_rstrip(std::string_view text, std::optional<std::string_view> chars) {
  const StripSet set(chars);
  while (!text.empty()) {
    const Char c = last_char(text);
    if (!set.has(c)) break;
    text.remove_suffix(c.bytes.size());
  }
  return text;
}

std::string_view py_strip(std::string_view text, std::optional<std::string_view> chars) {
  return py_rstrip(py_lstrip(text, chars), chars);
}

std::vector<std::string> py_split(std::string_view text, int64_t max_splits) {
  std::vector<std::string> parts;
  for (text = py_lstrip(text); !text.empty(); text = py_lstrip(text)) {
    if (max_splits >= 0 && static_cast<int64_t>(parts.size()) == max_splits) {
      parts.emplace_back(text);  // the rest as it is, trailing white space too
      break;
    }
    size_t end = 0;
    for (; end < text.size(); end += char_at(text, end).bytes.size())
      if (char_at(text, end).is_space()) break;
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return parts;
}

std::vector<std::string> py_split(std::string_view text, std::string_view separator, int64_t max_splits) {
  SAMEBITS_ASSERT(!separator.empty());
  std::vector<std::string> parts;
  size_t begin = 0;
  while (max_splits < 0 || static_cast<int64_t>(parts.size()) < max_splits) {
    const size_t found = text.find(separator, begin);
    if (found == std::string_view::npos) break;
    parts.emplace_back(text.substr(begin, found - begin));
    begin = found + separator.size();
  }
  parts.emplace_back(text.substr(begin));
  return parts;
}

std::string py_upper(std::string_view text) {
  return map_case(text, [](size_t, const Char&) { return Case::upper; });
}

std::string py_lower(std::string_view text) {
  return map_case(text, [](size_t, const Char&) { return Case::lower; });
}

std::string py_capitalize(std::string_view text) {
  return map_case(text, [](size_t i, const Char&) { return i == 0 ? Case::title : Case::lower; });
}

// CPython asks "cased", not "letter": a digit or apostrophe starts a new word (Objects/unicodeobject.c, do_title).
std::string py_title(std::string_view text) {
  bool inside_word = false;
  return map_case(text, [&](size_t, const Char& c) {
    const Case chosen = inside_word ? Case::lower : Case::title;
    inside_word = c.valid && is_cased(c.code_point);
    return chosen;
  });
}

std::string_view py_slice(std::string_view text, std::optional<int64_t> start, std::optional<int64_t> stop) {
  const auto length = static_cast<int64_t>(count_code_points(text));
  // PySlice_AdjustIndices: negative positions count from the end, then both are clamped.
  const auto position = [&](int64_t p) { return std::clamp<int64_t>(p < 0 ? p + length : p, 0, length); };
  const int64_t from = position(start.value_or(0)), to = std::max(from, position(stop.value_or(length)));
  size_t at = 0, begin = 0;
  for (int64_t i = 0; i < to; ++i) {
    if (i == from) begin = at;
    at += decode_utf8(text, at).bytes;
  }
  return from == to ? std::string_view() : text.substr(begin, at - begin);
}

std::string py_replace(std::string_view text, std::string_view from, std::string_view to, int64_t max_count) {
  std::string out;
  size_t at = 0;
  for (int64_t done = 0; max_count < 0 || done < max_count; ++done) {
    if (from.empty()) {  // `to` goes before every code point and after the last
      out += to;
      if (at == text.size()) return out;
      const size_t bytes = decode_utf8(text, at).bytes;
      out += text.substr(at, bytes);
      at += bytes;
      continue;
    }
    const size_t found = text.find(from, at);
    if (found == std::string_view::npos) break;
    out.append(text.substr(at, found - at)).append(to);
    at = found + from.size();
  }
  return out.append(text.substr(at));
}

size_t py_count_words(std::string_view text) {
  size_t count = 1;
  bool in_space = false;
  for (size_t at = 0; at < text.size();) {
    const Char c = char_at(text, at);
    if (c.is_space() && !in_space) ++count;
    in_space = c.is_space();
    at += c.bytes.size();
  }
  return count;
}

}  // namespace samebits
