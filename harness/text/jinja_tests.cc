// Jinja's tests: what may stand after `is`.
#include <fmt/format.h>

#include <map>

#include "harness/core/utf8.h"
#include "harness/text/jinja_filters.h"
#include "harness/text/jinja_interpreter.h"
#include "harness/text/python_text.h"
#include "harness/text/unicode.h"

namespace samebits::jinja {
namespace {

template <Kind... kinds>
bool is_kind(Interpreter&, const Value& v, const Args& args) {
  args.bind("test", {});
  return (v.is(kinds) || ...);
}

bool is_defined(Interpreter&, const Value& v, const Args&) { return !v.is(Kind::undefined); }
bool is_true(Interpreter&, const Value& v, const Args&) { return v.is(Kind::boolean) && v.as_boolean(); }
bool is_false(Interpreter&, const Value& v, const Args&) { return v.is(Kind::boolean) && !v.as_boolean(); }
bool is_escaped(Interpreter&, const Value& v, const Args&) { return v.is_markup(); }
bool iterable(Interpreter& i, const Value& v, const Args&) {
  if (i.runtime().refuses(v)) fail_undefined(v.text());
  return is_iterable(v);
}

// Python: it has a length and can be subscripted.
bool is_sequence(Interpreter& i, const Value& v, const Args&) {
  if (v.is(Kind::undefined)) return !i.runtime().refuses(v);
  return v.is(Kind::string) || v.is(Kind::list) || v.is(Kind::tuple) || v.is(Kind::dict) || v.is(Kind::range);
}

// 0, 1, or 2 for any other.
int64_t remainder(Interpreter& i, const Value& v, const Value& divisor) {
  const Value rest = arithmetic(i.runtime(), Op::mod, v, divisor);
  if (!rest.is_number()) fail(fmt::format("{} has no remainder", type_name(v)));
  return rest.as_real() == 0 ? 0 : rest.as_real() == 1 ? 1 : 2;
}
bool is_odd(Interpreter& i, const Value& v, const Args&) { return remainder(i, v, Value::integer(2)) == 1; }
bool is_even(Interpreter& i, const Value& v, const Args&) { return remainder(i, v, Value::integer(2)) == 0; }
bool divisible(Interpreter& i, const Value& v, const Args& args) {
  return remainder(i, v, *args.bind("divisibleby", {"num"}, 1)[0]) == 0;
}

// str.islower, str.isupper: every cased character has that case, and there is one.
bool all_cased(Interpreter& i, const Value& v, bool upper) {
  bool any = false;
  const std::string text = to_text(i.runtime(), v);
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = decode_utf8(text, at);
    at += c.bytes;
    if (!is_cased(c.code_point)) continue;
    const bool is_upper = simple_lower(c.code_point) != c.code_point && category(c.code_point) != Category::Lt;
    if (category(c.code_point) == Category::Lt || (upper != is_upper)) return false;
    any = true;
  }
  return any;
}
bool is_lower(Interpreter& i, const Value& v, const Args&) { return all_cased(i, v, false); }
bool is_upper(Interpreter& i, const Value& v, const Args&) { return all_cased(i, v, true); }

template <Op op>
bool compares(Interpreter& i, const Value& v, const Args& args) {
  return compare(i.runtime(), op, v, *args.bind("test", {"other"}, 1)[0]);
}

// Python's `is`: small values are interned, containers are the same object.
bool same_as(Interpreter&, const Value& v, const Args& args) {
  const Value& other = *args.bind("sameas", {"other"}, 1)[0];
  if (v.is(Kind::none) || v.is(Kind::boolean) || v.is(Kind::integer))
    return v.kind() == other.kind() && v.as_integer() == other.as_integer();
  return v.same_object(other) && v.shared() != nullptr;
}

bool is_filter(Interpreter& i, const Value& v, const Args&) {
  return v.is(Kind::string) && find_filter(v.text(), i.runtime().dialect) != nullptr;
}
bool is_test(Interpreter&, const Value& v, const Args&) { return v.is(Kind::string) && find_test(v.text()) != nullptr; }

const std::map<std::string_view, TestFn> kTests{
    {"defined", is_defined},
    {"undefined", is_kind<Kind::undefined>},
    {"none", is_kind<Kind::none>},
    {"boolean", is_kind<Kind::boolean>},
    {"integer", is_kind<Kind::integer>},
    {"float", is_kind<Kind::real>},
    {"number", is_kind<Kind::boolean, Kind::integer, Kind::real>},
    {"string", is_kind<Kind::string>},
    {"mapping", is_kind<Kind::dict>},
    {"callable", is_kind<Kind::callable, Kind::loop, Kind::undefined>},
    {"true", is_true},
    {"false", is_false},
    {"escaped", is_escaped},
    {"iterable", iterable},
    {"sequence", is_sequence},
    {"odd", is_odd},
    {"even", is_even},
    {"divisibleby", divisible},
    {"lower", is_lower},
    {"upper", is_upper},
    {"sameas", same_as},
    {"filter", is_filter},
    {"test", is_test},
    {"in", compares<Op::in>},
    {"==", compares<Op::eq>},
    {"eq", compares<Op::eq>},
    {"equalto", compares<Op::eq>},
    {"!=", compares<Op::ne>},
    {"ne", compares<Op::ne>},
    {">", compares<Op::gt>},
    {"gt", compares<Op::gt>},
    {"greaterthan", compares<Op::gt>},
    {">=", compares<Op::ge>},
    {"ge", compares<Op::ge>},
    {"<", compares<Op::lt>},
    {"lt", compares<Op::lt>},
    {"lessthan", compares<Op::lt>},
    {"<=", compares<Op::le>},
    {"le", compares<Op::le>},
};

}  // namespace

TestFn find_test(std::string_view name) {
  const auto found = kTests.find(name);
  return found == kTests.end() ? nullptr : found->second;
}

std::vector<std::string> test_names() {
  std::vector<std::string> names;
  for (const auto& [name, function] : kTests) names.emplace_back(name);
  return names;
}

}  // namespace samebits::jinja
