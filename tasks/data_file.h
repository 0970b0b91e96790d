// A data file's bytes: found, unpacked (gzip, zstd or plain), hashed.
//
// Thread rules: pure functions of the files. Bounded: an unpacked file may not exceed kMaxDataBytes, so a
// compressed bomb ends in an error.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tasks/task_file.h"

namespace samebits {

inline constexpr size_t kMaxDataBytes = size_t{1} << 30;

// Where `file` is: the task's own folder, the shipped tasks/data, then each --data folder (there also without its
// leading folders and with .gz or .zst added). Empty when nowhere.
std::string find_data_file(const DataFile& file, const std::string& task_folder,
                           const std::vector<std::string>& data_dirs);

// Unpacked bytes. Throws E0101 unreadable, E0409 damaged or too large.
std::string read_data_bytes(const std::string& path);

}  // namespace samebits
