// Jinja's filters and tests by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/text/jinja_ast.h"

namespace samebits::jinja {

FilterFn find_filter(std::string_view name, Dialect);  // nullptr when there is none
TestFn find_test(std::string_view name);
std::vector<std::string> filter_names();
std::vector<std::string> test_names();

// The tables that find_filter looks through, one a file.
struct NamedFilter {
  std::string_view name;
  FilterFn function;
};
const std::vector<NamedFilter>& text_filters();      // jinja_filters_text.cc
const std::vector<NamedFilter>& number_filters();    // jinja_filters.cc
const std::vector<NamedFilter>& sequence_filters();  // jinja_filters_sequence.cc

}  // namespace samebits::jinja
