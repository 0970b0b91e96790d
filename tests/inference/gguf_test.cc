#include "inference/gguf.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "inference/quants.h"
#include "tests/shared_data.h"
#include "tests/support/errors.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

namespace samebits {
namespace {

TEST(Gguf, OpensAPublishedVocabulary) {
  SAMEBITS_NEEDS_SHARED("data/ggml-vocab/ggml-vocab-gpt-2.gguf");
  const Gguf file = Gguf::open(shared_path("data/ggml-vocab/ggml-vocab-gpt-2.gguf"));
  EXPECT_EQ(file.string("general.architecture"), "gpt2");
  EXPECT_EQ(file.strings("tokenizer.ggml.tokens").size(), 50257u);
  EXPECT_EQ(file.integers("tokenizer.ggml.token_type").size(), 50257u);
  EXPECT_TRUE(file.tensors().empty());
}

TEST(Gguf, MapsWhatWasWritten) {
  const TempDir dir;
  const std::vector<uint8_t> bytes = tiny_model({.type = TensorType::Q4_0});
  write_file(dir / "m.gguf", bytes);
  const Gguf file = Gguf::open(dir / "m.gguf");
  const Tensor* t = file.find("blk.1.ffn_down.weight");
  ASSERT_TRUE(t);
  EXPECT_EQ(t->shape, (std::vector<uint64_t>{128, 64}));
  EXPECT_EQ(t->bytes, 64u * 128 / 32 * 18);
  EXPECT_TRUE(std::equal(t->data, t->data + t->bytes, bytes.begin() + static_cast<ptrdiff_t>(t->offset)));
  EXPECT_EQ(file.find("blk.2.ffn_down.weight"), nullptr);
  EXPECT_EQ(file.digest(), sha256_file(dir / "m.gguf"));
}

TEST(Gguf, DigestIsTheSameFromManyThreads) {
  const std::vector<uint8_t> bytes = tiny_model({});
  const Gguf file = Gguf::parse(bytes, "tiny");
  const std::string expected = sha256_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_EQ(file.digest(), expected); });
  for (std::thread& t : threads) t.join();
}

TEST(Gguf, WhatIsNoFileIsAnError) {
  const TempDir dir;
  ASSERT_EQ(mkfifo((dir / "fifo").c_str(), 0600), 0);
  write_file(dir / "empty", {});
  EXPECT_EQ(error_of([&] { Gguf::open(dir / "absent"); }).code, "E0101");
  EXPECT_EQ(error_of([&] { Gguf::open(dir.path()); }).code, "E0101");
  EXPECT_EQ(error_of([&] { Gguf::open(dir / "fifo"); }).code, "E0101");
  EXPECT_EQ(error_of([&] { Gguf::open(dir / "empty"); }).code, "E0202");
}

// ---- Typed metadata ----

TEST(GgufMetadata, AbsentAndMistypedKeysAreNamedWithTheirPlace) {
  GgufWriter out;
  out.set("text", "x");
  out.set("minus", int32_t{-1});
  out.set("nan", std::numeric_limits<float>::quiet_NaN());
  out.set("n", uint32_t{7});
  const std::vector<uint8_t> bytes = out.finish();
  const Gguf file = Gguf::parse(bytes, "m.gguf");
  EXPECT_EQ(error_of([&] { file.u64("absent"); }).code, "E0203");
  EXPECT_NE(error_of([&] { file.u64("absent"); }).problem.find("\"absent\""), std::string::npos);
  for (const char* key : {"text", "minus", "nan"}) {
    const Error e = error_of([&] { file.u64(key, 5); });
    EXPECT_EQ(e.code, "E0204") << key;
    EXPECT_NE(e.where.find("m.gguf, byte "), std::string::npos) << e.where;
  }
  EXPECT_EQ(error_of([&] { file.f64("nan"); }).code, "E0204");
  EXPECT_EQ(error_of([&] { file.f64("n", 1.0); }).code, "E0204");
  EXPECT_EQ(error_of([&] { file.string("n"); }).code, "E0204");
  EXPECT_EQ(error_of([&] { file.boolean("n", true); }).code, "E0204");
  EXPECT_EQ(error_of([&] { file.strings("n"); }).code, "E0204");
  EXPECT_EQ(error_of([&] { file.integers("n"); }).code, "E0204");
  EXPECT_EQ(error_of([&] { file.numbers("n"); }).code, "E0204");
  EXPECT_EQ(file.u64("absent", 5), 5u);
  EXPECT_EQ(file.string("absent", "d"), "d");
}

// ---- Weights that are not finite ----

// Every block of every type in turn would be slow: the last block of the tensor, every field that can be infinite.
TEST(GgufFinite, NamesTensorBlockAndByte) {
  for (uint32_t id = 0; id < 64; ++id) {
    const QuantType* type = quant_type(static_cast<TensorType>(id));
    if (!type) continue;
    std::vector<uint8_t> data = random_tensor(type->type, 3, 256, 1, 0.5f);
    const size_t last = data.size() - type->bytes;
    const size_t scale_at = type->quantised ? static_cast<size_t>(type->d_at) : 0;
    std::vector<std::pair<size_t, std::vector<uint8_t>>> poisons;  // (offset in the block, bytes)
    if (type->type == TensorType::F32)
      poisons = {{0, {0, 0, 0x80, 0x7f}}, {0, {1, 0, 0x80, 0xff}}};
    else if (type->type == TensorType::BF16)
      poisons = {{0, {0x80, 0x7f}}, {0, {0xc0, 0xff}}};
    else if (type->type == TensorType::MXFP4)
      poisons = {{0, {255}}};
    else
      poisons = {{scale_at, {0, 0x7c}}, {scale_at, {1, 0xfc}}};
    if (type->m_at >= 0) poisons.push_back({static_cast<size_t>(type->m_at), {0, 0xfc}});
    for (const auto& [at, poison] : poisons) {
      std::vector<uint8_t> bad = data;
      std::copy(poison.begin(), poison.end(), bad.begin() + static_cast<ptrdiff_t>(last + at));
      GgufWriter out;
      out.tensor("good", type->type, {256, 3}, data);
      out.tensor("bad", type->type, {256, 3}, bad);
      const std::vector<uint8_t> bytes = out.finish();
      const Gguf file = Gguf::parse(bytes, "m.gguf");
      const Error e = error_of([&] { file.check_finite(); });
      EXPECT_EQ(e.code, "E0210") << type->name;
      EXPECT_NE(e.problem.find("\"bad\""), std::string::npos) << e.problem;
      EXPECT_NE(e.where.find("byte " + std::to_string(file.find("bad")->offset + last)), std::string::npos) << e.where;
    }
  }
}

// ---- Split files ----

class GgufSplit : public testing::Test {
 protected:
  // Part `no` of `count`, with tensors t<no>a and t<no>b.
  GgufWriter part(int no, int count, int n_tensors) {
    GgufWriter out;
    if (no == 0) out.set("general.architecture", "llama");
    out.set("split.no", static_cast<uint16_t>(no));
    out.set("split.count", static_cast<uint16_t>(count));
    out.set("split.tensors.count", static_cast<int32_t>(n_tensors));
    for (const char* suffix : {"a", "b"})
      out.tensor("t" + std::to_string(no) + suffix, TensorType::Q8_0, {32, 4},
                 random_tensor(TensorType::Q8_0, 4, 32, static_cast<uint64_t>(no), 1));
    return out;
  }
  void write(int no, int count, const GgufWriter& writer) { write_file(name(no, count), writer.finish()); }
  std::string name(int no, int count) const {
    return dir_ / ("m-0000" + std::to_string(no + 1) + "-of-0000" + std::to_string(count) + ".gguf");
  }
  void write_all() {
    for (int i = 0; i < 3; ++i) write(i, 3, part(i, 3, 6));
  }
  std::string code() {
    return error_of([&] { Gguf::open(name(0, 3)); }).code;
  }
  TempDir dir_;
};

TEST_F(GgufSplit, PartsAreOneModel) {
  write_all();
  const Gguf file = Gguf::open(name(0, 3));
  EXPECT_EQ(file.tensors().size(), 6u);
  EXPECT_TRUE(file.find("t2b"));
  EXPECT_EQ(file.string("general.architecture"), "llama");
  EXPECT_EQ(file.digest(), sha256_hex(sha256_file(name(0, 3)) + sha256_file(name(1, 3)) + sha256_file(name(2, 3))));
}

TEST_F(GgufSplit, PartsThatDoNotFitAreRefused) {
  write_all();
  std::filesystem::remove(name(1, 3));
  EXPECT_EQ(code(), "E0208") << "missing part";
  write(1, 3, part(2, 3, 6));
  EXPECT_EQ(code(), "E0208") << "wrong number";
  write(1, 3, part(1, 4, 6));
  EXPECT_EQ(code(), "E0208") << "wrong count";
  GgufWriter twice = part(1, 3, 6);
  twice.tensor("t0a", TensorType::F32, {1}, {0, 0, 0, 0});
  write(1, 3, twice);
  EXPECT_EQ(code(), "E0208") << "tensor in two parts";
  write(1, 3, part(1, 3, 6));
  write(0, 3, part(0, 3, 7));
  EXPECT_EQ(code(), "E0208") << "tensor count";
  GgufWriter odd = part(0, 3, 6);
  odd.set("split.count", "three");
  write(0, 3, odd);
  EXPECT_EQ(code(), "E0208") << "count is text";
  GgufWriter many = part(0, 3, 6);
  many.set("split.count", uint16_t{65535});
  write(0, 3, many);
  EXPECT_EQ(code(), "E0209") << "too many parts";
}

TEST_F(GgufSplit, OpeningAnotherPartSaysWhichToOpen) {
  write_all();
  const Error e = error_of([&] { Gguf::open(name(1, 3)); });
  EXPECT_EQ(e.code, "E0208");
  EXPECT_NE(e.hint.find("-00001-of-00003.gguf"), std::string::npos) << e.hint;
  const std::vector<uint8_t> bytes = part(0, 3, 6).finish();
  EXPECT_EQ(error_of([&] { Gguf::parse(bytes, "memory"); }).code, "E0208");
}

// The message names the file that holds the tensor, not the first one.
TEST_F(GgufSplit, ABadWeightNamesItsPart) {
  write_all();
  GgufWriter bad = part(1, 3, 7);
  bad.tensor("nan", TensorType::F16, {1}, {0, 0x7e});
  write(0, 3, part(0, 3, 7));
  write(1, 3, bad);
  const Gguf file = Gguf::open(name(0, 3));
  EXPECT_EQ(error_of([&] { file.check_finite(); }).where.find(name(1, 3)), 0u);
}

}  // namespace
}  // namespace samebits
