// Filters of strings.
#include <fmt/format.h>

#include <algorithm>

#include "harness/core/utf8.h"
#include "harness/text/jinja_filters.h"
#include "harness/text/jinja_interpreter.h"
#include "harness/text/python_text.h"
#include "harness/text/regex.h"
#include "harness/text/unicode.h"

namespace samebits::jinja {
namespace {

Value mapped(Interpreter& i, const Value& v, const Args& args, const char* name,
             std::string (*change)(std::string_view)) {
  args.bind(name, {});
  return Value::string(change(to_text(i.runtime(), v)), v.is_markup());
}
Value upper(Interpreter& i, const Value& v, const Args& args) { return mapped(i, v, args, "upper", py_upper); }
Value lower(Interpreter& i, const Value& v, const Args& args) { return mapped(i, v, args, "lower", py_lower); }
Value capitalize(Interpreter& i, const Value& v, const Args& args) {
  return mapped(i, v, args, "capitalize", py_capitalize);
}

// Jinja's own title case: a word starts after white space, -, (, {, [ or <.
std::string title_case(std::string_view text) {
  std::string out, word;
  const auto flush = [&] {
    if (word.empty()) return;
    const size_t first = decode_utf8(word, 0).bytes;
    out += py_upper(word.substr(0, first)) + py_lower(word.substr(first));
    word.clear();
  };
  bool separator = true;  // whether `word` holds separators
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = decode_utf8(text, at);
    const bool splits = is_python_space(c.code_point) ||
                        (c.code_point < 128 &&
                         std::string_view("-({[<").find(static_cast<char>(c.code_point)) != std::string_view::npos);
    if (splits != separator) flush();
    separator = splits;
    word += text.substr(at, c.bytes);
    at += c.bytes;
  }
  flush();
  return out;
}
Value title(Interpreter& i, const Value& v, const Args& args) { return mapped(i, v, args, "title", title_case); }

// soft_str: text that is Markup stays so.
Value string(Interpreter& i, const Value& v, const Args& args) {
  args.bind("string", {});
  return v.is(Kind::string) ? v : Value::string(to_text(i.runtime(), v));
}

Value trim(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("trim", {"chars"});
  const std::string text = to_text(i.runtime(), v);
  std::optional<std::string_view> chars;
  if (bound[0] && !bound[0]->is(Kind::none)) chars = string_argument(*bound[0], "chars");
  return Value::string(std::string(py_strip(text, chars)), v.is_markup());
}

Value replace(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("replace", {"old", "new", "count"}, 2);
  const int64_t count = bound[2] && !bound[2]->is(Kind::none) ? integer_argument(*bound[2], "count") : -1;
  Runtime& rt = i.runtime();
  const std::string text = to_text(rt, v), from = to_text(rt, *bound[0]), to = to_text(rt, *bound[1]);
  rt.charge_bytes(text.size() + (text.size() + 1) * to.size() / std::max<size_t>(from.size(), 1));
  return Value::string(py_replace(text, from, to, count), v.is_markup());
}

Value escape(Interpreter& i, const Value& v, const Args& args) {
  args.bind("escape", {});
  // escaped already
  if (v.is_markup()) return v;
  std::string out;
  append_html_escaped(out, to_text(i.runtime(), v));
  return Value::string(std::move(out), true);
}

Value force_escape(Interpreter& i, const Value& v, const Args& args) {
  return escape(i, Value::string(to_text(i.runtime(), v)), args);
}

// Marks text as HTML: it only decides what later operators escape.
Value safe(Interpreter& i, const Value& v, const Args& args) {
  args.bind("safe", {});
  return Value::string(to_text(i.runtime(), v), true);
}

Value format(Interpreter& i, const Value& v, const Args& args) {
  if (!args.positional.empty() && !args.named.empty()) fail("format takes positional or keyword arguments, not both");
  Value values = Value::tuple(args.positional);
  if (!args.named.empty()) {
    auto dict = std::make_shared<Dict>();
    for (const auto& [name, value] : args.named) dict->set(Value::string(name), value);
    values = Value::object(Kind::dict, std::move(dict));
  }
  return Value::string(percent_format(i.runtime(), to_text(i.runtime(), v), values), v.is_markup());
}

// jinja2.filters.do_indent, with its defaults: 4 blanks, neither the first line nor empty ones.
Value indent(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("indent", {"width", "first", "blank"});
  const auto flag = [&](const Value* given) { return given && truthy(i.runtime(), *given); };
  std::string margin(4, ' ');
  if (bound[0] && bound[0]->is(Kind::string)) {
    margin = bound[0]->text();
  } else if (bound[0]) {
    const int64_t width = integer_argument(*bound[0], "width");
    if (width > 10000) fail_limit("an indent of more than 10000 blanks");
    margin.assign(static_cast<size_t>(std::max<int64_t>(width, 0)), ' ');
  }
  if (!v.is(Kind::string)) fail(fmt::format("indent needs a string, not {}", type_name(v)));
  // Jinja adds the newline so that the last line counts even where it is empty.
  const std::vector<std::string> lines = split_lines(v.text() + "\n");
  i.runtime().charge_bytes(v.text().size() + lines.size() * margin.size());
  std::string out = flag(bound[1]) ? margin : "";
  for (size_t n = 0; n < lines.size(); ++n) {
    if (n > 0) out += '\n';
    if (n > 0 && (flag(bound[2]) || !lines[n].empty())) out += margin;
    out += lines[n];
  }
  return Value::string(std::move(out), v.is_markup());
}

// str.center, 80 columns.
Value center(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("center", {"width"});
  const int64_t width = bound[0] ? integer_argument(*bound[0], "width") : 80;
  const std::string text = to_text(i.runtime(), v);
  const auto missing = width - static_cast<int64_t>(count_code_points(text));
  if (missing <= 0) return Value::string(text);
  i.runtime().charge_bytes(static_cast<uint64_t>(missing));
  const auto left = missing / 2 + (missing & width & 1);  // CPython's choice where the blanks are odd
  return Value::string(std::string(static_cast<size_t>(left), ' ') + text +
                       std::string(static_cast<size_t>(missing - left), ' '));
}

// jinja2.filters.do_truncate: the end counts within the length; up to `leeway` more is left alone.
Value truncate(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("truncate", {"length", "killwords", "end", "leeway"});
  const int64_t length = bound[0] ? integer_argument(*bound[0], "length") : 255;
  const std::string end = bound[2] ? string_argument(*bound[2], "end") : "...";
  const int64_t leeway = bound[3] && !bound[3]->is(Kind::none) ? integer_argument(*bound[3], "leeway") : 5;
  const auto end_length = static_cast<int64_t>(count_code_points(end));
  if (length < end_length) fail("truncate: the length is less than that of the end");
  if (leeway < 0) fail("truncate: the leeway is negative");
  const auto size = jinja::length(i.runtime(), v);
  if (size && *size - leeway <= length) return v;
  const std::string& text = string_argument(v, "the truncated value");
  std::string kept(py_slice(text, 0, length - end_length));
  if (!bound[1] || !truthy(i.runtime(), *bound[1])) kept = kept.substr(0, kept.rfind(' '));
  return Value::string(kept + end);
}

Value word_count(Interpreter& i, const Value& v, const Args& args) {
  args.bind("wordcount", {});
  static const Regex word = Regex::compile(R"(\w+)");
  return Value::integer(static_cast<int64_t>(word.find_iter(to_text(i.runtime(), v)).size()));
}

// Without comments and tags, runs of white space as one blank, entities of HTML's five characters resolved.
Value strip_tags(Interpreter& i, const Value& v, const Args& args) {
  args.bind("striptags", {});
  std::string text = to_text(i.runtime(), v);
  for (const auto& [open, close] : {std::pair<std::string_view, std::string_view>{"<!--", "-->"}, {"<", ">"}}) {
    std::string kept;
    size_t at = 0;
    while (true) {
      const size_t begin = text.find(open, at);
      const size_t end = begin == std::string::npos ? begin : text.find(close, begin);
      if (end == std::string::npos) break;
      kept += text.substr(at, begin - at);
      at = end + close.size();
    }
    text = kept + text.substr(at);
  }
  std::string joined;
  for (const std::string& word : py_split(text)) joined += (joined.empty() ? "" : " ") + word;
  for (const auto& [entity, character] : {std::pair<std::string_view, std::string_view>{"&lt;", "<"},
                                          {"&gt;", ">"},
                                          {"&#39;", "'"},
                                          {"&#34;", "\""},
                                          {"&quot;", "\""},
                                          {"&amp;", "&"}})
    joined = py_replace(joined, entity, character);
  return Value::string(std::move(joined));
}

// urllib.parse.quote with safe="/".
Value url_encode(Interpreter& i, const Value& v, const Args& args) {
  args.bind("urlencode", {});
  if (!v.is(Kind::string) && !v.is_number()) fail("urlencode is supported for strings and numbers only");
  std::string out;
  for (const char c : to_text(i.runtime(), v)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("_.-~/").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return Value::string(std::move(out));
}

// lm-eval's own: re.sub(pattern, repl, string, count).
Value regex_replace(Interpreter& i, const Value& v, const Args& args) {
  const auto bound = args.bind("regex_replace", {"pattern", "repl", "count"}, 2);
  const int64_t count = bound[2] ? integer_argument(*bound[2], "count") : 0;
  if (count < 0) return v;
  const std::string& text = string_argument(v, "the searched value");
  const std::string& pattern = string_argument(*bound[0], "pattern");
  i.runtime().charge_bytes((text.size() + pattern.size()) * 16);  // compiling and searching touch a byte often
  return Value::string(
      Regex::compile(pattern).sub(string_argument(*bound[1], "repl"), text, static_cast<size_t>(count)));
}

}  // namespace

const std::vector<NamedFilter>& text_filters() {
  static const std::vector<NamedFilter> filters{
      {"upper", upper},
      {"lower", lower},
      {"capitalize", capitalize},
      {"title", title},
      {"string", string},
      {"trim", trim},
      {"replace", replace},
      {"e", escape},
      {"escape", escape},
      {"safe", safe},
      {"format", format},
      {"indent", indent},
      {"center", center},
      {"truncate", truncate},
      {"wordcount", word_count},
      {"striptags", strip_tags},
      {"urlencode", url_encode},
      {"forceescape", force_escape},
      {"regex_replace", regex_replace},
  };
  return filters;
}

}  // namespace samebits::jinja
