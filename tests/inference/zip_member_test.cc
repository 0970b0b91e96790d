#include "inference/zip_member.h"

#include <gtest/gtest.h>

#include "harness/core/error.h"
#include "tests/support/errors.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"
#include "tests/support/zip_writer.h"

namespace samebits {
namespace {

class Zip : public testing::Test {
 protected:
  Zip() {
    content_ = SplitMix64(1).bytes(700'000);  // more than a chunk
    content_.resize(900'000);                 // and some that compresses
    archive_ = zip_archive({{"a/other", {1, 2, 3}}, {"a/stored", content_, false}, {"a/deflated", content_}});
  }
  std::vector<uint8_t> read(const std::vector<uint8_t>& archive, const std::string& member, uint64_t max = 1 << 20) {
    write_file(dir_ / "x.zip", archive);
    std::vector<uint8_t> out;
    read_zip_member(dir_ / "x.zip", member, max,
                    [&](std::span<const uint8_t> bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); });
    return out;
  }
  std::string code(const std::vector<uint8_t>& archive, const std::string& member, uint64_t max = 1 << 20) {
    return code_of([&] { read(archive, member, max); });
  }
  TempDir dir_;
  std::vector<uint8_t> content_, archive_;
};

TEST_F(Zip, StoredAndDeflatedMembersComeOutWhole) {
  EXPECT_EQ(read(archive_, "a/stored"), content_);
  EXPECT_EQ(read(archive_, "a/deflated"), content_);
  EXPECT_EQ(read(archive_, "a/other"), (std::vector<uint8_t>{1, 2, 3}));
}

TEST_F(Zip, WhatCannotBeReadIsRefused) {
  EXPECT_EQ(code(archive_, "a/absent"), "E0812");
  EXPECT_EQ(code(archive_, "a/stored", content_.size() - 1), "E0812") << "larger than allowed";
  EXPECT_EQ(code({}, "a"), "E0812") << "empty";
  EXPECT_EQ(code(std::vector<uint8_t>(100'000), "a"), "E0812") << "no directory";
  std::vector<uint8_t> changed = archive_;
  changed[100] ^= 1;  // in the stored content: only the checksum can tell
  EXPECT_EQ(code(changed, "a/stored"), "E0812");
}

TEST_F(Zip, RandomDamageNeverCrashes) {
  constexpr uint64_t kSeed = 5;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  SplitMix64 random(kSeed);
  const std::vector<uint8_t> good = zip_archive({{"m", random.bytes(200)}, {"n", std::vector<uint8_t>(500)}});
  int refused = 0;
  for (int i = 0; i < 1'000; ++i) {
    std::vector<uint8_t> bad = good;
    bad[random.below(bad.size())] ^= static_cast<uint8_t>(1 + random.below(255));
    if (i % 10 == 0) bad.resize(random.below(bad.size()));
    const std::string outcome = code(bad, i % 2 ? "m" : "n");
    EXPECT_TRUE(outcome == "E0812" || outcome.empty()) << outcome;
    refused += outcome == "E0812";
  }
  EXPECT_GT(refused, 250);
}

}  // namespace
}  // namespace samebits
