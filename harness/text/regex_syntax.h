// Python's regular expression syntax to PCRE2's.
#pragma once

#include <string>
#include <string_view>

namespace samebits {

// The same language for PCRE2 with UTF and UCP. Throws E0313, with the offset, on what Python's `re` refuses and
// on the few constructs that are not supported ((?a), (?L), named characters).
std::string translate_python_regex(std::string_view pattern);

}  // namespace samebits
