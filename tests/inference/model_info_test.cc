#include "inference/model_info.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "tests/shared_data.h"
#include "tests/support/tiny_model.h"

namespace samebits {
namespace {

TEST(ModelInfo, CountsWhatTheFileHolds) {
  const std::vector<uint8_t> bytes = tiny_model({.type = TensorType::Q4_0, .n_layers = 2, .vocab = 320});
  const Gguf file = Gguf::parse(bytes, "tiny");
  const nlohmann::json info = model_info(file);
  EXPECT_EQ(info["architecture"], "llama");
  EXPECT_EQ(info["sha256"], file.digest());
  EXPECT_EQ(info["quantisation"], "Q4_0");
  EXPECT_EQ(info["context_length"], 256);
  // Embedding, output norm, and per layer: q and output 64x64, k and v 32x64, three 128x64, two norms.
  const int layer = 2 * 64 * 64 + 2 * 32 * 64 + 3 * 128 * 64 + 2 * 64;
  EXPECT_EQ(info["parameters"], 320 * 64 + 64 + 2 * layer);
  EXPECT_EQ(info["tensor_types"]["F32"]["tensors"], 5);
  EXPECT_EQ(info["tensor_types"]["Q4_0"]["tensors"], 15);
  EXPECT_EQ(info["tensors"].size(), 20u);
  EXPECT_EQ(info["tokenizer"]["pre"], "smollm");
  EXPECT_EQ(info["tokenizer"]["tokens"], 320);
  EXPECT_EQ(info["tokenizer"]["eos_token_id"], 2);
  EXPECT_EQ(info["chat_template"]["present"], true);
  EXPECT_EQ(info["chat_template"]["sha256"], sha256_hex(file.string("tokenizer.chat_template")));
  EXPECT_EQ(info["memory"]["kv_bytes_per_token"], 2 * 2 * 2 * 16 * 2);  // layers, heads, key and value, size, bytes
}

// A mixture is named as its converter named it, not after the type of its largest tensor.
TEST(ModelInfo, NamesTheDeclaredMixture) {
  GgufWriter out = tiny_model_writer({.type = TensorType::Q8_0});
  out.set("general.file_type", uint32_t{15});
  const std::vector<uint8_t> bytes = out.finish();
  EXPECT_EQ(model_info(Gguf::parse(bytes, "mixture"))["quantisation"], "Q4_K_M");
}

TEST(ModelInfo, WhatTheFileDoesNotSayIsNull) {
  GgufWriter out;
  out.set("general.architecture", "bert");
  const std::vector<uint8_t> bytes = out.finish();
  const nlohmann::json info = model_info(Gguf::parse(bytes, "empty"));
  EXPECT_EQ(info["quantisation"], "none");
  EXPECT_TRUE(info["context_length"].is_null());
  EXPECT_TRUE(info["memory"]["kv_bytes_per_token"].is_null());
  EXPECT_TRUE(info["tokenizer"]["model"].is_null());
  EXPECT_EQ(info["chat_template"]["present"], false);
}

// It becomes part of a bundle, whatever bytes the file's names hold.
TEST(ModelInfo, IsAlwaysCanonicalJson) {
  GgufWriter out = tiny_model_writer({});
  out.set("general.name", std::string("\xff\xfe name"));
  out.set("tokenizer.ggml.pre", std::string("\x80"));
  out.tensor("odd \xc3", TensorType::F32, {1}, {0, 0, 0, 0});
  const std::vector<uint8_t> bytes = out.finish();
  EXPECT_FALSE(canonical(model_info(Gguf::parse(bytes, "odd"))).empty());
}

TEST(ModelInfo, MatchesAPublishedModel) {
  SAMEBITS_NEEDS_SHARED("models/stories260K/stories260K.gguf");
  const nlohmann::json info = model_info(Gguf::open(shared_path("models/stories260K/stories260K.gguf")));
  EXPECT_EQ(info["parameters"], 292'800);
  EXPECT_EQ(info["sha256"], "270cba1bd5109f42d03350f60406024560464db173c0e387d91f0426d3bd256d");
  EXPECT_EQ(info["memory"]["kv_bytes_per_token"], 5 * 4 * 2 * 8 * 2);
}

}  // namespace
}  // namespace samebits
