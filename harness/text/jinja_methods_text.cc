// The methods of Python's str that templates call. Positions and lengths are in code points; what a method returns is
// Markup where its text was (markupsafe).
#include <fmt/format.h>

#include <algorithm>

#include "harness/core/utf8.h"
#include "harness/text/jinja_interpreter.h"
#include "harness/text/jinja_methods.h"
#include "harness/text/jinja_ops.h"
#include "harness/text/python_text.h"
#include "harness/text/unicode.h"

namespace samebits::jinja {

// str.splitlines' line ends (Python's manual): more than white space's \n and \r.
std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = decode_utf8(text, at);
    const bool ends = (c.code_point >= 0x0A && c.code_point <= 0x0D) ||
                      (c.code_point >= 0x1C && c.code_point <= 0x1E) || c.code_point == 0x85 ||
                      c.code_point == 0x2028 || c.code_point == 0x2029;
    const size_t end = at;
    at += c.bytes;
    if (!ends) continue;
    if (c.code_point == '\r' && at < text.size() && text[at] == '\n') ++at;
    lines.emplace_back(text.substr(begin, end - begin));
    begin = at;
  }
  if (begin < text.size()) lines.emplace_back(text.substr(begin));
  return lines;
}

namespace {

std::optional<std::string_view> characters(const Value* given) {
  if (!given || given->is(Kind::none)) return std::nullopt;
  return string_argument(*given, "chars");
}
Value strip(Interpreter&, const Value& s, const Args& args) {
  return Value::string(std::string(py_strip(s.text(), characters(args.bind("strip", {"chars"})[0]))), s.is_markup());
}
Value lstrip(Interpreter&, const Value& s, const Args& args) {
  return Value::string(std::string(py_lstrip(s.text(), characters(args.bind("lstrip", {"chars"})[0]))), s.is_markup());
}
Value rstrip(Interpreter&, const Value& s, const Args& args) {
  return Value::string(std::string(py_rstrip(s.text(), characters(args.bind("rstrip", {"chars"})[0]))), s.is_markup());
}

template <std::string (*change)(std::string_view)>
Value changed(Interpreter&, const Value& s, const Args& args) {
  args.bind("method", {});
  return Value::string(change(s.text()), s.is_markup());
}

// A list of str.
Value strings(Interpreter& i, const std::vector<std::string>& parts) {
  i.runtime().charge(parts.size());
  Values values;
  for (const std::string& part : parts) values.push_back(Value::string(part));
  return Value::list(std::move(values));
}

Value split(Interpreter& i, const Value& s, const Args& args) {
  const auto bound = args.bind("split", {"sep", "maxsplit"});
  const int64_t limit = bound[1] ? integer_argument(*bound[1], "maxsplit") : -1;
  if (!bound[0] || bound[0]->is(Kind::none)) return strings(i, py_split(s.text(), limit));
  const std::string& separator = string_argument(*bound[0], "sep");
  if (separator.empty()) fail("empty separator");
  return strings(i, py_split(s.text(), separator, limit));
}

// The last `maxsplit` separators: those of the reversed text.
Value rsplit(Interpreter& i, const Value& s, const Args& args) {
  const auto bound = args.bind("rsplit", {"sep", "maxsplit"});
  const int64_t limit = bound[1] ? integer_argument(*bound[1], "maxsplit") : -1;
  const bool blanks = !bound[0] || bound[0]->is(Kind::none);
  if (limit < 0) return split(i, s, Args{blanks ? Values{} : Values{*bound[0]}, {}});
  std::vector<std::string> parts;
  std::string_view rest = s.text();
  if (blanks) {
    rest = py_rstrip(rest);
    for (int64_t n = 0; n < limit && !rest.empty(); ++n) {
      const auto words = py_split(rest);
      const std::string& word = words.back();
      parts.insert(parts.begin(), word);
      rest = py_rstrip(rest.substr(0, rest.size() - word.size()));
      i.runtime().charge_bytes(s.text().size());
    }
    if (!rest.empty()) parts.insert(parts.begin(), std::string(rest));
    return strings(i, parts);
  }
  const std::string& separator = string_argument(*bound[0], "sep");
  if (separator.empty()) fail("empty separator");
  for (int64_t n = 0; n < limit; ++n) {
    const size_t at = rest.rfind(separator);
    if (at == std::string_view::npos) break;
    parts.push_back(std::string(rest.substr(at + separator.size())));
    rest = rest.substr(0, at);
  }
  parts.push_back(std::string(rest));
  std::reverse(parts.begin(), parts.end());
  return strings(i, parts);
}

Value splitlines(Interpreter& i, const Value& s, const Args& args) {
  args.bind("splitlines", {});
  return strings(i, split_lines(s.text()));
}

// Within text[start:end]; startswith and endswith take a string or a tuple of strings.
Value affix(Interpreter& i, const Value& s, const Args& args, const char* name, bool prefix) {
  const auto bound = args.bind(name, {"prefix", "start", "end"}, 1);
  std::optional<int64_t> start, end;
  if (bound[1] && !bound[1]->is(Kind::none)) start = integer_argument(*bound[1], "start");
  if (bound[2] && !bound[2]->is(Kind::none)) end = integer_argument(*bound[2], "end");
  const std::string_view text = py_slice(s.text(), start, end);
  const Values candidates = bound[0]->is(Kind::tuple) ? bound[0]->items() : Values{*bound[0]};
  i.runtime().charge(candidates.size());
  for (const Value& candidate : candidates) {
    const std::string& wanted = string_argument(candidate, name);
    if (prefix ? text.starts_with(wanted) : text.ends_with(wanted)) return Value::boolean(true);
  }
  return Value::boolean(false);
}
Value startswith(Interpreter& i, const Value& s, const Args& args) { return affix(i, s, args, "startswith", true); }
Value endswith(Interpreter& i, const Value& s, const Args& args) { return affix(i, s, args, "endswith", false); }

Value replace(Interpreter& i, const Value& s, const Args& args) {
  const auto bound = args.bind("replace", {"old", "new", "count"}, 2);
  const int64_t count = bound[2] ? integer_argument(*bound[2], "count") : -1;
  const std::string &from = string_argument(*bound[0], "old"), &to = string_argument(*bound[1], "new");
  i.runtime().charge_bytes(s.text().size() + (s.text().size() + 1) * to.size() / std::max<size_t>(from.size(), 1));
  return Value::string(py_replace(s.text(), from, to, count), s.is_markup());
}

// find, rfind and index: positions in code points, within [start, end).
std::optional<int64_t> position(const Value& s, const Args& args, const char* name, bool last) {
  const auto bound = args.bind(name, {"sub", "start", "end"}, 1);
  const std::string& wanted = string_argument(*bound[0], name);
  const auto n = static_cast<int64_t>(count_code_points(s.text()));
  const auto clamp = [&](const Value* given, int64_t otherwise) {
    if (!given || given->is(Kind::none)) return otherwise;
    const int64_t at = integer_argument(*given, name);
    return at < 0 ? std::max<int64_t>(at + n, 0) : at;
  };
  const int64_t start = clamp(bound[1], 0), end = std::min(clamp(bound[2], n), n);
  if (start > end) return std::nullopt;
  const std::string_view part = py_slice(s.text(), start, end);
  const size_t at = last ? part.rfind(wanted) : part.find(wanted);
  if (at == std::string_view::npos) return std::nullopt;
  return start + static_cast<int64_t>(count_code_points(part.substr(0, at)));
}
Value find(Interpreter&, const Value& s, const Args& args) {
  return Value::integer(position(s, args, "find", false).value_or(-1));
}
Value rfind(Interpreter&, const Value& s, const Args& args) {
  return Value::integer(position(s, args, "rfind", true).value_or(-1));
}
Value index(Interpreter&, const Value& s, const Args& args) {
  const auto at = position(s, args, "index", false);
  if (!at) fail("substring not found");
  return Value::integer(*at);
}

Value count(Interpreter&, const Value& s, const Args& args) {
  const std::string& wanted = string_argument(*args.bind("count", {"sub"}, 1)[0], "count");
  if (wanted.empty()) return Value::integer(static_cast<int64_t>(count_code_points(s.text())) + 1);
  int64_t n = 0;
  for (size_t at = s.text().find(wanted); at != std::string::npos; at = s.text().find(wanted, at + wanted.size())) ++n;
  return Value::integer(n);
}

Value join(Interpreter& i, const Value& s, const Args& args) {
  std::string out;
  bool started = false;
  for (const Value& item : iterate(i.runtime(), *args.bind("join", {"iterable"}, 1)[0])) {
    if (std::exchange(started, true)) out += s.text();
    out += string_argument(item, "join");
    i.runtime().charge_bytes(s.text().size() + item.text().size());
  }
  return Value::string(std::move(out), s.is_markup());
}

Value format(Interpreter& i, const Value& s, const Args& args) {
  return Value::string(brace_format(i.runtime(), s.text(), args), s.is_markup());
}

Value remove_affix(const Value& s, const Args& args, bool prefix) {
  const std::string& affix = string_argument(*args.bind("remove", {"affix"}, 1)[0], "affix");
  std::string_view text = s.text();
  if (!affix.empty() && prefix && text.starts_with(affix)) text.remove_prefix(affix.size());
  if (!affix.empty() && !prefix && text.ends_with(affix)) text.remove_suffix(affix.size());
  return Value::string(std::string(text), s.is_markup());
}
Value removeprefix(Interpreter&, const Value& s, const Args& args) { return remove_affix(s, args, true); }
Value removesuffix(Interpreter&, const Value& s, const Args& args) { return remove_affix(s, args, false); }

// is…: every code point, and at least one.
template <bool (*accepts)(char32_t)>
Value all_are(Interpreter&, const Value& s, const Args& args) {
  args.bind("method", {});
  const std::u32string points = to_code_points(s.text());
  return Value::boolean(!points.empty() && std::all_of(points.begin(), points.end(), accepts));
}
bool is_decimal(char32_t c) { return category(c) == Category::Nd; }
bool is_alphanumeric(char32_t c) { return is_letter(c) || is_number(c); }

template <bool upper>
Value has_case(Interpreter& i, const Value& s, const Args& args) {
  args.bind("method", {});
  return Value::boolean(i.apply_test(upper ? "upper" : "lower", s, {}));
}

const Methods kTextMethods{
    {"strip", strip},
    {"lstrip", lstrip},
    {"rstrip", rstrip},
    {"upper", changed<py_upper>},
    {"lower", changed<py_lower>},
    {"title", changed<py_title>},
    {"capitalize", changed<py_capitalize>},
    {"split", split},
    {"rsplit", rsplit},
    {"splitlines", splitlines},
    {"startswith", startswith},
    {"endswith", endswith},
    {"replace", replace},
    {"find", find},
    {"rfind", rfind},
    {"index", index},
    {"count", count},
    {"join", join},
    {"format", format},
    {"removeprefix", removeprefix},
    {"removesuffix", removesuffix},
    {"isdigit", all_are<is_decimal>},
    {"isdecimal", all_are<is_decimal>},
    {"isnumeric", all_are<is_number>},
    {"isalpha", all_are<is_letter>},
    {"isalnum", all_are<is_alphanumeric>},
    {"isspace", all_are<is_python_space>},
    {"isupper", has_case<true>},
    {"islower", has_case<false>},
};

}  // namespace

const Methods& text_methods() { return kTextMethods; }

}  // namespace samebits::jinja
