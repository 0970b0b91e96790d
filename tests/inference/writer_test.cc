// The writer that other tests build models with must itself give what it promises.
#include <gtest/gtest.h>

#include <cmath>

#include "inference/gguf.h"
#include "inference/quants.h"
#include "tests/shared_data.h"
#include "tests/support/llama2c.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

namespace samebits {
namespace {

constexpr TensorType kTypes[] = {TensorType::F32,  TensorType::F16,    TensorType::BF16,   TensorType::Q4_0,
                                 TensorType::Q4_1, TensorType::Q5_0,   TensorType::Q5_1,   TensorType::Q8_0,
                                 TensorType::Q2_K, TensorType::Q3_K,   TensorType::Q4_K,   TensorType::Q5_K,
                                 TensorType::Q6_K, TensorType::IQ4_NL, TensorType::IQ4_XS, TensorType::MXFP4};

TEST(Writer, RandomTensorsFillTheirMagnitude) {
  for (const TensorType type : kTypes) {
    std::vector<float> values(64 * 256);
    dequantize(type, random_tensor(type, 64, 256, 7, 0.5f).data(), values.size(), values.data());
    float largest = 0;
    double squares = 0;
    for (const float v : values) {
      largest = std::max(largest, std::fabs(v));
      squares += double(v) * v;
    }
    const std::string name = type_name(static_cast<uint32_t>(type));
    EXPECT_LE(largest, 0.5f * 1.01f) << name;
    EXPECT_GT(std::sqrt(squares / double(values.size())), 0.04) << name;
  }
}

TEST(Writer, AFileOfMixedTypesIsWrittenAsItIsInMemory) {
  const TempDir scratch;
  const std::string path = scratch / "mixed.gguf";
  TinyModelSpec spec{.type = TensorType::Q4_K, .n_embd = 256, .n_ff = 512};
  spec.type_of = [](const std::string& tensor, size_t) {
    return tensor.find("attn_v") == std::string::npos ? TensorType::Q4_K : TensorType::Q6_K;
  };
  const GgufWriter writer = tiny_model_writer(spec);
  writer.write(path);
  const Gguf written = Gguf::open(path);
  const std::vector<uint8_t> bytes = writer.finish();
  EXPECT_EQ(written.digest(), Gguf::parse(bytes, "in memory").digest());
  EXPECT_EQ(written.find("blk.1.attn_v.weight")->type, TensorType::Q6_K);
  EXPECT_EQ(written.find("blk.1.attn_k.weight")->type, TensorType::Q4_K);
}

TEST(Writer, TinyModelsOpenForEveryTypeAndArchitecture) {
  for (const char* arch : {"llama", "gemma3"})
    for (const TensorType type : kTypes) {
      const std::vector<uint8_t> bytes =
          tiny_model({.arch = arch, .type = type, .n_embd = 256, .n_ff = 512, .tied = false});
      const Gguf file = Gguf::parse(bytes, "tiny");
      file.check_finite();
      EXPECT_EQ(file.find("token_embd.weight")->type, type);
      EXPECT_EQ(file.find("output.weight")->rows(), 320u);
      EXPECT_EQ(file.strings("tokenizer.ggml.tokens").size(), 320u);
      EXPECT_EQ(file.string("general.architecture"), arch);
    }
}

TEST(Writer, SameSeedSameBytes) {
  EXPECT_EQ(tiny_model({.seed = 3}), tiny_model({.seed = 3}));
  EXPECT_NE(tiny_model({.seed = 3}), tiny_model({.seed = 4}));
}

TEST(Writer, MetadataOfEveryTypeIsReadBack) {
  GgufWriter out;
  out.set("u8", uint8_t{200});
  out.set("i8", int8_t{-3});
  out.set("i16", int16_t{-300});
  out.set("u64", uint64_t{1} << 63);
  out.set("i64", int64_t{-1});
  out.set("f64", 0.1);
  out.set("flags", std::vector<bool>{true, false});
  out.set("ids", std::vector<uint32_t>{1, 2});
  const std::vector<uint8_t> bytes = out.finish();
  const Gguf file = Gguf::parse(bytes, "metadata");
  EXPECT_EQ(file.u64("u8"), 200u);
  EXPECT_EQ(file.u64("u64"), uint64_t{1} << 63);
  EXPECT_EQ(file.f64("f64"), 0.1);
  EXPECT_EQ(std::get<int64_t>(file.metadata().at("i8").value), -3);
  EXPECT_EQ(std::get<int64_t>(file.metadata().at("i16").value), -300);
  EXPECT_EQ(std::get<int64_t>(file.metadata().at("i64").value), -1);
  EXPECT_EQ(std::get<std::vector<bool>>(file.metadata().at("flags").value), (std::vector<bool>{true, false}));
  EXPECT_EQ(file.integers("ids"), (std::vector<int64_t>{1, 2}));
}

// The same weights are published in both formats.
TEST(Writer, Llama2cImportEqualsThePublishedGguf) {
  SAMEBITS_NEEDS_SHARED("models/stories260K/stories260K.gguf");
  const std::vector<uint8_t> bytes =
      llama2c_to_gguf(shared_path("models/stories260K/stories260K.bin"), shared_path("models/stories260K/tok512.bin"));
  const Gguf ours = Gguf::parse(bytes, "stories260K.bin");
  const Gguf published = Gguf::open(shared_path("models/stories260K/stories260K.gguf"));
  int compared = 0;
  for (const Tensor& t : ours.tensors()) {
    const Tensor* other = published.find(t.name);
    ASSERT_TRUE(other && other->bytes == t.bytes) << t.name;
    EXPECT_TRUE(std::equal(t.data, t.data + t.bytes, other->data)) << t.name;
    ++compared;
  }
  EXPECT_EQ(compared, 47);
  EXPECT_EQ(ours.strings("tokenizer.ggml.tokens"), published.strings("tokenizer.ggml.tokens"));
}

}  // namespace
}  // namespace samebits
