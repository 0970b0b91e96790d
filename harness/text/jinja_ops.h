// Python's operators on template values: printing, truth, comparison, arithmetic, iteration, subscription.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/text/jinja_value.h"

namespace samebits::jinja {

enum class Op : uint8_t { add, sub, mul, div, floordiv, mod, pow, eq, ne, lt, le, gt, ge, in, not_in };

std::string to_text(Runtime&, const Value&);  // str()
std::string repr(Runtime&, const Value&);     // repr()
bool truthy(Runtime&, const Value&);

bool equal(Runtime&, const Value&, const Value&, int depth = 0);
int compare_numbers(const Value&, const Value&);  // -1, 0, 1; 2 when one is NaN. Exact for 64-bit integers.
bool compare(Runtime&, Op, const Value&, const Value&);
bool less(Runtime&, const Value&, const Value&, int depth = 0);  // fails where Python's < raises TypeError
bool contains(Runtime&, const Value& container, const Value& item);

Value arithmetic(Runtime&, Op, const Value&, const Value&);
Value negate(const Value&);

// A copy of the elements: dict keys, code points of a string, … Consumes a generator. Fails on what is not iterable.
Values iterate(Runtime&, const Value&);
bool is_iterable(const Value&);
std::optional<int64_t> length(Runtime&, const Value&);  // nullopt: len() would raise TypeError

Value get_item(Runtime&, const Value& object, const Value& key);            // object[key], undefined when absent
Value get_attribute(Runtime&, const Value& object, std::string_view name);  // object.name, then object["name"]
Value slice(Runtime&, const Value& object, const Value& start, const Value& stop, const Value& step);

// A method of a str, list, tuple, dict … as a callable (jinja_methods.cc); nullopt when there is none.
std::optional<Value> method(Runtime&, const Value& object, std::string_view name);

std::vector<std::string> split_lines(std::string_view text);        // str.splitlines()
void append_html_escaped(std::string& out, std::string_view text);  // & < > and quotes

// Argument conversions for callables; `what` names the argument in errors.
int64_t integer_argument(const Value&, std::string_view what);
const std::string& string_argument(const Value&, std::string_view what);

}  // namespace samebits::jinja
