// The methods that templates call on values, by name: one table a kind of value.
#pragma once

#include <map>
#include <string_view>

#include "harness/text/jinja_ast.h"

namespace samebits::jinja {

using Method = Value (*)(Interpreter&, const Value& self, const Args&);
using Methods = std::map<std::string_view, Method>;

const Methods& text_methods();  // of str: jinja_methods_text.cc

}  // namespace samebits::jinja
