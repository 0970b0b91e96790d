// The fuzz targets without a fuzzer: seeds are sound, and a few mutations end in a value or a coded error.

#include "tests/fuzz/fuzz.h"

#include <gtest/gtest.h>

#include "harness/core/error.h"
#include "tests/support/random.h"

namespace samebits {
namespace {

// A few times over: sets a byte, drops a piece, repeats one elsewhere, or cuts the end off.
std::string mutate(std::string text, SplitMix64& random) {
  for (uint64_t n = 1 + random.below(4); n > 0 && !text.empty(); --n) {
    const size_t at = random.below(text.size());
    const size_t length = 1 + random.below(std::min<size_t>(16, text.size() - at));
    switch (random.below(4)) {
      case 0:
        text[at] = static_cast<char>(random.next());
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(random.below(text.size()), text.substr(at, length));
        break;
      default:
        text.resize(at);
    }
  }
  return text;
}

class Fuzz : public testing::TestWithParam<FuzzTarget> {};

// Every seed is read to its end, but for YAML's group: it names tasks of other files, which are not there (E0401).
TEST_P(Fuzz, SeedsAreSound) {
  for (const std::string& seed : GetParam().seeds()) {
    try {
      GetParam().run(seed);
    } catch (const Error& e) {
      const bool group = GetParam().name == std::string_view("task_yaml") && seed.starts_with("group:");
      EXPECT_TRUE(group && e.code == "E0401") << e.what() << "\n" << seed.substr(0, 200);
    }
  }
}

TEST_P(Fuzz, MutatedSeedsEndInAValueOrACodedError) {
  constexpr uint64_t kSeed = 20240726;
  constexpr int kRounds = 40;
  SplitMix64 random(kSeed);
  int refused = 0;
  for (int round = 0; round < kRounds; ++round)
    for (const std::string& seed : GetParam().seeds()) {
      const std::string input = mutate(seed, random);
      try {
        GetParam().run(input);
      } catch (const Error& e) {
        EXPECT_NE(find_error_code(e.code), nullptr) << e.what();
        ++refused;
      } catch (const std::exception& e) {
        ADD_FAILURE() << "seed " << kSeed << ", round " << round << ": " << e.what();
      }
    }
  EXPECT_GT(refused, 0) << "seed " << kSeed;
}

std::string name_of(const testing::TestParamInfo<FuzzTarget>& info) { return info.param.name; }

// Targets register themselves before main; gtest asks for the parameters in main.
INSTANTIATE_TEST_SUITE_P(Targets, Fuzz, testing::ValuesIn(fuzz_targets()), name_of);

}  // namespace
}  // namespace samebits
