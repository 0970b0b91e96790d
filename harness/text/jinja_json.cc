// json.dumps, byte for byte.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/core/utf8.h"
#include "harness/text/jinja_ops.h"
#include "harness/text/python_text.h"

namespace samebits::jinja {
namespace {

// Control characters, quotes and backslashes are escaped; the rest only where ASCII is asked for (as UTF-16 units).
void append_string(std::string& out, std::string_view text, bool ensure_ascii) {
  static constexpr std::string_view kSpecial = "\"\\\n\r\t\b\f", kLetters = "\"\\nrtbf";
  const auto unit = [&](uint32_t u) { out += fmt::format("\\u{:04x}", u); };
  out += '"';
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = decode_utf8(text, at);
    const size_t special = c.code_point < 128 ? kSpecial.find(static_cast<char>(c.code_point)) : std::string_view::npos;
    if (special != std::string_view::npos) {
      out += '\\';
      out += kLetters[special];
    } else if (c.code_point < 32 || (c.code_point > 126 && ensure_ascii)) {
      if (c.code_point >= 0x10000) unit(0xD800 + ((c.code_point - 0x10000) >> 10));
      unit(c.code_point >= 0x10000 ? 0xDC00 + (c.code_point & 0x3FF) : static_cast<uint32_t>(c.code_point));
    } else {
      out += text.substr(at, c.bytes);
    }
    at += c.bytes;
  }
  out += '"';
}

// Python writes what JSON lacks; float.__repr__ for the rest.
std::string number(double d) {
  if (std::isnan(d)) return "NaN";
  if (std::isinf(d)) return d < 0 ? "-Infinity" : "Infinity";
  return py_repr(d);
}

class Writer {
 public:
  Writer(Runtime& rt, const JsonStyle& style) : rt_(rt), style_(style) {
    // json.dumps: an indent takes the blank after the comma away.
    item_separator_ = style.item_separator.value_or(style.indent ? "," : ", ");
    key_separator_ = style.key_separator.value_or(": ");
  }

  void write(const Value& v, int depth) {
    if (depth > kMaxValueDepth) fail_limit("a value is nested too deeply for JSON");
    rt_.charge(1);
    switch (v.kind()) {
      case Kind::none:
        out += "null";
        return;
      case Kind::boolean:
        out += v.as_boolean() ? "true" : "false";
        return;
      case Kind::integer:
        out += fmt::to_string(v.as_integer());
        return;
      case Kind::real:
        out += number(v.as_real());
        return;
      case Kind::string:
        rt_.charge_bytes(v.text().size());
        append_string(out, v.text(), style_.ensure_ascii);
        return;
      case Kind::list:
      case Kind::tuple:
        write_list(v.items(), depth);
        return;
      case Kind::dict:
        write_dict(v.get<Dict>(), depth);
        return;
      default:
        fail(fmt::format("Object of type {} is not JSON serializable", type_name(v)));
    }
  }

  std::string out;

 private:
  void new_line(int depth) {
    if (!style_.indent) return;
    out += '\n';
    for (int i = 0; i < depth; ++i) out += *style_.indent;
    rt_.charge_bytes(static_cast<uint64_t>(depth) * style_.indent->size());
  }

  void write_list(const Values& items, int depth) {
    if (items.empty()) {
      out += "[]";
      return;
    }
    out += '[';
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out += item_separator_;
      new_line(depth + 1);
      write(items[i], depth + 1);
    }
    new_line(depth);
    out += ']';
  }

  void write_dict(const Dict& dict, int depth) {
    if (dict.entries.empty()) {
      out += "{}";
      return;
    }
    // a copy: the dict keeps its order
    auto entries = dict.entries;
    if (style_.sort_keys) {
      // Keys that Python cannot order fail here, not in the middle of a sort that would then be undefined.
      for (size_t i = 1; i < entries.size(); ++i) less(rt_, entries[i - 1].first, entries[i].first);
      std::stable_sort(entries.begin(), entries.end(),
                       [&](const auto& a, const auto& b) { return less(rt_, a.first, b.first); });
    }
    out += '{';
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i > 0) out += item_separator_;
      new_line(depth + 1);
      append_string(out, key_text(entries[i].first), style_.ensure_ascii);
      out += key_separator_;
      write(entries[i].second, depth + 1);
    }
    new_line(depth);
    out += '}';
  }

  // JSON knows text keys only; Python prints the others.
  static std::string key_text(const Value& key) {
    switch (key.kind()) {
      case Kind::string:
        return key.text();
      case Kind::none:
        return "null";
      case Kind::boolean:
        return key.as_boolean() ? "true" : "false";
      case Kind::integer:
        return fmt::to_string(key.as_integer());
      case Kind::real:
        return number(key.as_real());
      default:
        fail(fmt::format("keys must be str, int, float, bool or None, not {}", type_name(key)));
    }
  }

  Runtime& rt_;
  const JsonStyle& style_;
  std::string item_separator_, key_separator_;
};

}  // namespace

std::string to_json(Runtime& rt, const Value& value, const JsonStyle& style) {
  Writer writer(rt, style);
  writer.write(value, 0);
  return std::move(writer.out);
}

}  // namespace samebits::jinja
