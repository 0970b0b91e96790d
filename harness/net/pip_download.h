// Python packages as a source of files: `pip download`, run without a shell.
//
// Thread rules: as download.h. pip's own settings (index, proxy, certificates) apply. Only wheels are taken: a source
// package would run its own code.
#pragma once

#include <string>

namespace samebits {

// Downloads PACKAGE==VERSION without its dependencies into the empty or absent folder `folder`; returns the wheel's
// path. Throws E0810 when there is no python3 with pip, E0811 with pip's last words when it fails.
std::string pip_download(const std::string& package, const std::string& version, const std::string& folder);

}  // namespace samebits
