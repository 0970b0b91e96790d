// A result bundle: a folder made from the input, opened, loaded, re-scored and shown.
//
// Input: files, each "\x1e" path "\n" bytes. SHA256SUMS and the index are made for them, as a forger would.
#include <filesystem>

#include "harness/core/error.h"
#include "results/verify.h"
#include "tests/fuzz/fuzz.h"
#include "tests/results/fake_run.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;

constexpr char kFileMark = '\x1e';

std::vector<std::string> bundle_seeds() {
  const TempDir temp;
  write_fake_bundle(temp / "bundle");
  std::string out;
  for (const auto& [path, bytes] : tree(temp / "bundle"))
    if (path != "SHA256SUMS") out += kFileMark + path + "\n" + bytes;
  return {out};
}

// Only names that stay in the folder are written; the reader's own checks of others need other folders.
void unpack(std::string_view input, const std::string& folder) {
  while (!input.empty()) {
    const size_t next = std::min(input.find(kFileMark, 1), input.size());
    const std::string_view entry = input.substr(0, next);
    input.remove_prefix(next);
    const size_t line = entry.find('\n');
    if (entry[0] != kFileMark || line == std::string_view::npos) continue;
    const fs::path name = fs::path(entry.substr(1, line - 1)).lexically_normal();
    const std::string text = name.string();
    if (text.empty() || text[0] == '/' || text.starts_with("..") || text.find('\0') != std::string::npos) continue;
    std::error_code failed;
    fs::create_directories((folder / name).parent_path(), failed);
    if (!failed) spew(folder / name, entry.substr(line + 1));
  }
}

void run_bundle(std::string_view input) {
  const TempDir temp;
  try {
    unpack(input, temp / "b");
    reseal(temp / "b");
  } catch (const fs::filesystem_error&) {  // names that clash: no folder, no finding
    return;
  }
  verify_bundle(temp / "b", {.level = 2}, nullptr, nullptr);
}

SAMEBITS_FUZZ_TARGET(bundle, bundle_seeds, run_bundle);

}  // namespace
}  // namespace samebits
