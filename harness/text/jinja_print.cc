// str() and repr() of template values. CPython prints a value inside a container by repr, a value alone by str; the
// difference reaches prompts that interpolate lists.
#include <fmt/format.h>

#include "harness/text/jinja_ops.h"
#include "harness/text/python_text.h"

namespace samebits::jinja {
namespace {

// `depth`: containers around `v`. A template can build a list that holds itself.
void append_repr(Runtime& rt, std::string& out, const Value& v, int depth);

void append_items(Runtime& rt, std::string& out, const Values& items, int depth) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ", ";
    append_repr(rt, out, items[i], depth + 1);
  }
}

void append_dict(Runtime& rt, std::string& out, const Dict& dict, int depth) {
  out += '{';
  for (size_t i = 0; i < dict.entries.size(); ++i) {
    if (i > 0) out += ", ";
    append_repr(rt, out, dict.entries[i].first, depth + 1);
    out += ": ";
    append_repr(rt, out, dict.entries[i].second, depth + 1);
  }
  out += '}';
}

void append_repr(Runtime& rt, std::string& out, const Value& v, int depth) {
  if (depth > kMaxValueDepth) fail_limit("a value is nested too deeply to be printed");
  rt.charge(1);
  switch (v.kind()) {
    case Kind::undefined:
      out += "Undefined";
      return;
    case Kind::none:
      out += "None";
      return;
    case Kind::boolean:
      out += v.as_boolean() ? "True" : "False";
      return;
    case Kind::integer:
      out += fmt::to_string(v.as_integer());
      return;
    case Kind::real:
      out += py_repr(v.as_real());
      return;
    case Kind::string:
      rt.charge_bytes(v.text().size());
      out += v.is_markup() ? "Markup(" + py_repr(v.text()) + ")" : py_repr(v.text());
      return;
    case Kind::list:
      out += '[';
      append_items(rt, out, v.items(), depth);
      out += ']';
      return;
    case Kind::tuple:
      out += '(';
      append_items(rt, out, v.items(), depth);
      out += v.items().size() == 1 ? ",)" : ")";
      return;
    case Kind::view:
      out += v.get<Items>().view_name;
      out += "([";
      append_items(rt, out, v.items(), depth);
      out += "])";
      return;
    case Kind::dict:
      append_dict(rt, out, v.get<Dict>(), depth);
      return;
    case Kind::name_space:
      out += "<Namespace ";
      append_dict(rt, out, v.get<Dict>(), depth);
      out += '>';
      return;
    case Kind::range: {
      const Range& r = v.get<Range>();
      out += r.step == 1 ? fmt::format("range({}, {})", r.start, r.stop)
                         : fmt::format("range({}, {}, {})", r.start, r.stop, r.step);
      return;
    }
    case Kind::generator:
    case Kind::callable:
    case Kind::loop:
      fail(fmt::format("a {} has no text of its own", type_name(v)));
  }
}

}  // namespace

// markupsafe.escape's spellings: the quotes are numeric.
void append_html_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
}

std::string to_text(Runtime& rt, const Value& v) {
  if (v.is(Kind::string)) {
    rt.charge_bytes(v.text().size());
    return v.text();
  }
  if (v.is(Kind::undefined)) {
    if (rt.refuses(v)) fail_undefined(v.text());
    return "";
  }
  return repr(rt, v);
}

std::string repr(Runtime& rt, const Value& v) {
  std::string out;
  append_repr(rt, out, v, 0);
  return out;
}

}  // namespace samebits::jinja
