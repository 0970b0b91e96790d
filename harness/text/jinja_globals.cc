// The functions that every template sees.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "harness/text/jinja_interpreter.h"

namespace samebits::jinja {
namespace {

constexpr int64_t kMaxRange = 100'000;                // as Jinja2's sandbox
constexpr int64_t kMaxRangeBound = int64_t{1} << 40;  // far from any overflow

Value make_range(Interpreter&, const Args& args) {
  if (!args.named.empty()) fail("range() takes no keyword arguments");
  if (args.positional.empty() || args.positional.size() > 3) fail("range() takes 1 to 3 arguments");
  int64_t numbers[3] = {0, 0, 1};
  for (size_t i = 0; i < args.positional.size(); ++i) {
    numbers[args.positional.size() == 1 ? 1 : i] = integer_argument(args.positional[i], "range");
  }
  for (const int64_t n : numbers)
    if (n > kMaxRangeBound || n < -kMaxRangeBound) fail_limit("a bound of range() is too large");
  if (numbers[2] == 0) fail("range() arg 3 must not be zero");
  auto range = std::make_shared<Range>(numbers[0], numbers[1], numbers[2]);
  if (range->size() > kMaxRange) fail_limit(fmt::format("range() is longer than {}", kMaxRange));
  return Value::object(Kind::range, std::move(range));
}

// dict(mapping or pairs, key=value, …), also namespace()'s arguments.
std::shared_ptr<Dict> make_entries(Interpreter& i, const Args& args) {
  auto dict = std::make_shared<Dict>();
  if (args.positional.size() > 1) fail("dict expected at most 1 argument");
  if (!args.positional.empty()) {
    const Value& source = args.positional[0];
    if (source.is(Kind::dict)) {
      for (const auto& [key, value] : source.get<Dict>().entries) dict->set(key, value);
    } else {
      for (const Value& pair : iterate(i.runtime(), source)) {
        const Values parts = iterate(i.runtime(), pair);
        if (parts.size() != 2) fail("a dict is made of pairs");
        dict->set(parts[0], parts[1]);
      }
    }
  }
  for (const auto& [name, value] : args.named) dict->set(Value::string(name), value);
  i.runtime().charge(dict->entries.size());
  return dict;
}

Value make_dict(Interpreter& i, const Args& args) { return Value::object(Kind::dict, make_entries(i, args)); }
Value make_namespace(Interpreter& i, const Args& args) {
  return Value::object(Kind::name_space, make_entries(i, args));
}

// joiner(", "): nothing at the first call, the separator at every later one.
Value make_joiner(Interpreter&, const Args& args) {
  const auto bound = args.bind("joiner", {"sep"});
  const std::string separator = bound[0] ? string_argument(*bound[0], "sep") : ", ";
  return make_callable("joiner", [separator, used = std::make_shared<bool>(false)](Interpreter&, const Args& none) {
    none.bind("joiner", {});
    return Value::string(std::exchange(*used, true) ? separator : "");
  });
}

Value raise_exception(Interpreter& i, const Args& args) {
  const auto bound = args.bind("raise_exception", {"message"}, 1);
  throw Failure{"E0315", to_text(i.runtime(), *bound[0])};
}

// The day that strftime_now sees is 2024-07-26, midnight: a clock would change the prompt, hence the score, from day to
// day. It is the fallback that Llama 3's own template names. Here are the fields of datetime(2024, 7, 26).strftime in
// the C locale; "-d" is glibc's %-d, unpadded.
constexpr std::pair<std::string_view, std::string_view> kDateFields[] = {
    {"Y", "2024"},     {"y", "24"},       {"m", "07"},       {"d", "26"},
    {"e", "26"},       {"B", "July"},     {"b", "Jul"},      {"h", "Jul"},
    {"A", "Friday"},   {"a", "Fri"},      {"j", "208"},      {"u", "5"},
    {"w", "5"},        {"H", "00"},       {"M", "00"},       {"S", "00"},
    {"I", "12"},       {"p", "AM"},       {"f", "000000"},   {"Z", ""},
    {"z", ""},         {"D", "07/26/24"}, {"x", "07/26/24"}, {"F", "2024-07-26"},
    {"T", "00:00:00"}, {"X", "00:00:00"}, {"R", "00:00"},    {"c", "Fri Jul 26 00:00:00 2024"},
    {"-d", "26"},      {"-m", "7"},       {"-e", "26"},      {"-H", "0"},
    {"-M", "0"},       {"-I", "12"},      {"%", "%"},
};

Value strftime_now(Interpreter&, const Args& args) {
  const auto bound = args.bind("strftime_now", {"format"}, 1);
  const std::string_view format = string_argument(*bound[0], "format");
  std::string out;
  for (size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%' || at + 1 == format.size()) {
      out += format[at];
      continue;
    }
    const std::string_view field = format.substr(at + 1, format[at + 1] == '-' ? 2 : 1);
    const auto known =
        std::find_if(std::begin(kDateFields), std::end(kDateFields), [&](const auto& f) { return f.first == field; });
    if (known == std::end(kDateFields)) fail(fmt::format("strftime_now does not know %{}", field));
    out += known->second;
    at += field.size();
  }
  return Value::string(std::move(out));
}

}  // namespace

std::optional<Value> global_function(std::string_view name, Dialect dialect) {
  if (name == "range") return make_callable("range", make_range);
  if (name == "dict") return make_callable("dict", make_dict);
  if (name == "namespace") return make_callable("namespace", make_namespace);
  if (name == "joiner") return make_callable("joiner", make_joiner);
  if (dialect != Dialect::chat) return std::nullopt;
  if (name == "raise_exception") return make_callable("raise_exception", raise_exception);
  if (name == "strftime_now") return make_callable("strftime_now", strftime_now);
  return std::nullopt;
}

}  // namespace samebits::jinja
