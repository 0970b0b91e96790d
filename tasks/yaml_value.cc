#include "tasks/yaml_value.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "harness/core/error.h"

namespace samebits {
namespace {

using Value = nlohmann::ordered_json;

constexpr size_t kMaxBytes = size_t{4} << 20;
constexpr size_t kMaxNodes = 200000;
constexpr size_t kMaxYamlKeys = 4096;  // of one mapping: ordered_json looks keys up one by one
constexpr int kMaxYamlDepth = 64;

bool is_one_of(std::string_view s, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), s) != words.end();
}

bool all_in(std::string_view s, std::string_view allowed) {
  return !s.empty() && s.find_first_not_of(allowed) == std::string_view::npos;
}

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kDigitsAndUnderscore = "0123456789_";

std::string without_underscores(std::string_view s) {
  std::string out(s);
  out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
  return out;
}

// Digits in a base to an integer; beyond 64 bits the text stays text.
std::optional<int64_t> digits(std::string_view s, int base, bool negative) {
  const std::string text = (negative ? "-" : "") + without_underscores(s);
  int64_t v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return v;
}

// [1-9][0-9_]*(:[0-5]?[0-9])+ : base 60.
std::optional<int64_t> sexagesimal(std::string_view s, bool negative) {
  if (s.find(':') == std::string_view::npos || s.front() < '1' || s.front() > '9') return std::nullopt;
  int64_t total = 0;
  for (bool first = true; !s.empty(); first = false) {
    const size_t colon = std::min(s.find(':'), s.size());
    const std::string_view part = s.substr(0, colon);
    const bool fits = first ? all_in(part, kDigitsAndUnderscore) && part.size() <= 12
                            : all_in(part, kDigits) && part.size() <= 2 && (part.size() < 2 || part[0] < '6');
    if (!fits || total > std::numeric_limits<int64_t>::max() / 4096) return std::nullopt;
    total = total * 60 + *digits(part, 10, false);
    if (colon + 1 == s.size()) return std::nullopt;
    s.remove_prefix(std::min(colon + 1, s.size()));
  }
  return negative ? -total : total;
}

// tag:yaml.org,2002:int as PyYAML's resolver has it.
std::optional<int64_t> yaml_integer(std::string_view s) {
  const bool negative = s.starts_with('-');
  if (negative || s.starts_with('+')) s.remove_prefix(1);
  if (s.empty()) return std::nullopt;
  if (s.starts_with("0b") && all_in(s.substr(2), "01_")) return digits(s.substr(2), 2, negative);
  if (s.starts_with("0x") && all_in(s.substr(2), "0123456789abcdefABCDEF_")) return digits(s.substr(2), 16, negative);
  if (s == "0") return 0;
  if (s[0] == '0' && all_in(s, "01234567_")) return digits(s, 8, negative);
  if (s[0] >= '1' && s[0] <= '9' && all_in(s, kDigitsAndUnderscore)) return digits(s, 10, negative);
  return sexagesimal(s, negative);
}

// tag:yaml.org,2002:float: a point is required, an exponent needs its sign. Base 60 floats stay text.
std::optional<double> yaml_floating(std::string_view s) {
  const bool negative = s.starts_with('-');
  std::string_view body = s;
  if (negative || s.starts_with('+')) body.remove_prefix(1);
  if (is_one_of(body, {".inf", ".Inf", ".INF"}))
    return negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  if (is_one_of(s, {".nan", ".NaN", ".NAN"})) return std::numeric_limits<double>::quiet_NaN();
  const size_t point = body.find('.');
  if (point == std::string_view::npos) return std::nullopt;
  const size_t e = std::min(body.find_first_of("eE"), body.size());
  if (e < point) return std::nullopt;
  const std::string_view whole = body.substr(0, point), fraction = body.substr(point + 1, e - point - 1);
  const bool leading = whole.empty();  // ".5": digits must follow, and no sign may stand before
  if (leading ? fraction.empty() || fraction[0] == '_' || body.size() != s.size()
              : !all_in(whole, kDigitsAndUnderscore) || whole[0] == '_')
    return std::nullopt;
  if (!fraction.empty() && !all_in(fraction, kDigitsAndUnderscore)) return std::nullopt;
  if (e < body.size()) {
    const std::string_view exponent = body.substr(e + 1);
    if (exponent.size() < 2 || (exponent[0] != '+' && exponent[0] != '-') || !all_in(exponent.substr(1), kDigits))
      return std::nullopt;
  }
  std::string text = without_underscores(body);
  text.erase(std::remove(text.begin(), text.end(), '+'), text.end());
  double v = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return negative ? -v : v;
}

// Newlines at the end of a quoted scalar that ends in empty lines; nullopt: it does not. `at`: the opening quote.
std::optional<size_t> trailing_newlines(std::string_view text, size_t at) {
  const char quote = text[at];
  size_t breaks = 0, escaped = 0;  // line breaks, and \n before them
  while (++at < text.size()) {
    const char c = text[at];
    if (c == quote && !(quote == '\'' && text.substr(at + 1).starts_with(quote)))
      return breaks < 2 ? std::nullopt : std::optional(escaped + breaks - 1);  // the first break only ends the line
    if (c == '\n') ++breaks;
    if (c == '\n' || c == ' ' || c == '\t' || c == '\r') continue;
    const bool escape = c == '\\' && quote == '"', newline = escape && text.substr(at + 1).starts_with('n');
    escaped = newline ? (breaks == 0 ? escaped : 0) + 1 : 0;
    breaks = 0;
    if (escape || c == quote) ++at;  // '' stands for one quote
  }
  return std::nullopt;
}

class YamlReader {
 public:
  YamlReader(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  Value value(const YAML::Node& node, int depth) {
    if (depth > kMaxYamlDepth || ++nodes_ > kMaxNodes) fail("nested too deeply, or too many values", node.Mark());
    const std::string& tag = node.Tag();
    const bool local = tag.size() > 1 && tag[0] == '!';
    if (local) return {{tag, node.IsScalar() ? node.Scalar() : ""}};
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        return scalar(node, tag);
      case YAML::NodeType::Sequence:
        return sequence(node, depth);
      case YAML::NodeType::Map:
        return mapping(node, depth);
      default:
        return nullptr;
    }
  }

  [[noreturn]] void fail(const std::string& what, const YAML::Mark& mark) const {
    throw Error("E0405", what, fmt::format("{}, line {}, column {}", where_, mark.line + 1, mark.column + 1),
                "Correct the YAML.");
  }

 private:
  // "!" marks quoted and block scalars, "?" plain ones.
  Value scalar(const YAML::Node& node, const std::string& tag) const {
    if (tag == "!") return quoted(node);
    if (tag == "?" || tag.empty()) return resolve_plain_scalar(node.Scalar());
    if (tag == "tag:yaml.org,2002:int" || tag == "tag:yaml.org,2002:float" || tag == "tag:yaml.org,2002:bool")
      return resolve_plain_scalar(node.Scalar());
    return tag == "tag:yaml.org,2002:null" ? Value() : Value(node.Scalar());
  }

  // yaml-cpp 0.7 clips the newlines at the end of quoted scalars to one, as those of block scalars.
  std::string quoted(const YAML::Node& node) const {
    std::string out = node.Scalar();
    const auto at = static_cast<size_t>(node.Mark().pos);
    if (at >= text_.size() || (text_[at] != '\'' && text_[at] != '"')) return out;
    const std::optional<size_t> newlines = trailing_newlines(text_, at);
    if (!newlines) return out;
    out.resize(out.find_last_not_of('\n') + 1);  // npos + 1 is 0
    return out.append(*newlines, '\n');
  }

  Value sequence(const YAML::Node& node, int depth) {
    Value out = Value::array();
    for (const YAML::Node& item : node) out.push_back(value(item, depth + 1));
    return out;
  }

  // "<<" merges mappings: the mapping's own keys win, then the earlier of several merged ones.
  Value mapping(const YAML::Node& node, int depth) {
    Value merged = Value::object(), own = Value::object();
    if (node.size() > kMaxYamlKeys) fail(fmt::format("a mapping of more than {} keys", kMaxYamlKeys), node.Mark());
    for (const auto& pair : node) {
      if (!pair.first.IsScalar()) fail("a key is not a scalar", pair.first.Mark());
      Value v = value(pair.second, depth + 1);
      if (pair.first.Scalar() != "<<" || pair.first.Tag() == "!") {
        own[pair.first.Scalar()] = std::move(v);
        continue;
      }
      const Value parts = v.is_array() ? std::move(v) : Value::array({std::move(v)});
      for (const Value& part : parts) {
        if (!part.is_object()) fail("\"<<\" needs a mapping", pair.second.Mark());
        for (const auto& [key, item] : part.items())
          if (!merged.contains(key)) merged[key] = item;
        if (merged.size() > kMaxYamlKeys) fail("\"<<\" merges too many keys", pair.second.Mark());
      }
    }
    merged.update(own);
    return merged;
  }

  std::string_view text_;
  const std::string& where_;
  size_t nodes_ = 0;
};

}  // namespace

Value resolve_plain_scalar(const std::string& s) {
  if (is_one_of(s, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (is_one_of(s, {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) return true;
  if (is_one_of(s, {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) return false;
  if (const std::optional<int64_t> i = yaml_integer(s)) return *i;
  if (const std::optional<double> f = yaml_floating(s)) return *f;
  return s;
}

Value parse_yaml(std::string_view text, const std::string& where) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  YamlReader reader(text, where);
  if (text.size() > kMaxBytes) reader.fail(fmt::format("larger than {} bytes", kMaxBytes), YAML::Mark::null_mark());
  try {
    return reader.value(YAML::Load(std::string(text)), 0);
  } catch (const YAML::Exception& e) {
    reader.fail("not valid YAML: " + e.msg, e.mark);
  }
}

}  // namespace samebits
