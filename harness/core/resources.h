// Where the shipped data files are (task packs, their data, the model catalogue).
#pragma once

#include <string>
#include <string_view>

namespace samebits {

// $SAMEBITS_HOME, else <folder of the program>/../share/samebits, else the source tree it was built from.
// `relative` as in the repository: "tasks/packs". Throws E0102 when none of them has it.
std::string resource_path(std::string_view relative);

// $SAMEBITS_CACHE, else $XDG_CACHE_HOME/samebits, else ~/.cache/samebits. Created when absent.
std::string cache_dir();

}  // namespace samebits
