// The tokenizers of real models, and vocabularies that come from files.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "harness/core/resources.h"
#include "inference/tokenizer/tokenizer.h"
#include "tests/inference/tokenizer_vocabularies.h"
#include "tests/shared_data.h"
#include "tests/support/gguf_writer.h"

namespace samebits {
namespace {

struct GoldenIds {
  const char* text;
  bool special;
  std::vector<int32_t> ids;
};

#include "tests/inference/tokenizer_golden.inc"

std::string model_path(const std::string& name) { return cache_dir() + "/models/" + name + ".gguf"; }

template <size_t N>
void expect_golden(const Tokenizer& tokenizer, const GoldenIds (&rows)[N]) {
  for (const GoldenIds& row : rows) {
    EXPECT_EQ(tokenizer.encode(row.text, row.special), row.ids) << row.text;
    EXPECT_EQ(tokenizer.decode(row.ids, false), row.text);
  }
}

void expect_ids_digest(const Tokenizer& tokenizer, const std::string& shared_file, const char* sha256) {
  std::ifstream file(shared_path(shared_file), std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  const auto ids = tokenizer.encode(text.str(), false);
  std::string line;
  for (int32_t id : ids) line += std::to_string(id) + " ";
  EXPECT_EQ(sha256_hex(line), sha256);
  EXPECT_EQ(tokenizer.decode(ids, false), text.str());
}

TEST(RealTokenizer, SmolLM2EqualsLlamaCpp) {
  const std::string path = model_path("smollm2-135m-instruct");
  SAMEBITS_NEEDS_MODEL(path);
  const auto tokenizer = Tokenizer::open(Gguf::open(path));
  expect_golden(*tokenizer, kSmolLM2);
  EXPECT_EQ(tokenizer->name(), "gpt2/smollm");
  EXPECT_FALSE(tokenizer->add_bos());
  EXPECT_EQ(tokenizer->end_ids(), (std::set<int32_t>{0, 2}));  // <|endoftext|>, <|im_end|>
  SAMEBITS_NEEDS_SHARED("data/wikitext-2-raw/wiki.test.raw");
  expect_ids_digest(*tokenizer, "data/wikitext-2-raw/wiki.test.raw", kSmolLM2WikiText);
  expect_ids_digest(*tokenizer, "data/tinyshakespeare/input.txt", kSmolLM2Shakespeare);
}

TEST(RealTokenizer, Gemma3EqualsLlamaCpp) {
  const std::string path = model_path("gemma-3-270m");
  SAMEBITS_NEEDS_MODEL(path);
  const auto tokenizer = Tokenizer::open(Gguf::open(path));
  expect_golden(*tokenizer, kGemma3);
  EXPECT_EQ(tokenizer->name(), "llama");
  EXPECT_TRUE(tokenizer->add_bos());
  EXPECT_EQ(tokenizer->end_ids(), (std::set<int32_t>{1, 106}));            // <eos>, <end_of_turn>
  EXPECT_EQ(tokenizer->encode("</s>", false), std::vector<int32_t>{212});  // user-defined: strike-through in HTML
  SAMEBITS_NEEDS_SHARED("data/wikitext-2-raw/wiki.test.raw");
  expect_ids_digest(*tokenizer, "data/wikitext-2-raw/wiki.test.raw", kGemma3WikiText);
  expect_ids_digest(*tokenizer, "data/tinyshakespeare/input.txt", kGemma3Shakespeare);
}

// ---- From bytes of a GGUF file ----

GgufWriter file_of(const Vocabulary& v) {
  GgufWriter file;
  file.set("tokenizer.ggml.model", v.model);
  file.set("tokenizer.ggml.tokens", v.tokens);
  file.set("tokenizer.ggml.scores", v.scores);
  std::vector<int32_t> types;
  for (TokenType type : v.types) types.push_back(static_cast<int32_t>(type));
  file.set("tokenizer.ggml.token_type", types);
  file.set("tokenizer.ggml.bos_token_id", static_cast<uint32_t>(v.bos));
  file.set("tokenizer.ggml.eos_token_id", static_cast<uint32_t>(v.eos));
  return file;
}

Vocabulary small() { return tiny_spm({{"▁", -1}, {"a", -2.5f}}); }

template <class Change>
std::string open_changed(Change change) {
  GgufWriter file = file_of(small());
  change(file);
  const auto bytes = file.finish();
  try {
    Tokenizer::open(Gguf::parse(bytes, "test.gguf"));
  } catch (const Error& e) {
    return e.code;
  }
  return "";
}

TEST(TokenizerFile, ReadsWhatTheFileSays) {
  const auto bytes = file_of(small()).finish();
  const Vocabulary v = read_vocabulary(Gguf::parse(bytes, "test.gguf"));
  EXPECT_EQ(v.digest(), small().digest());
  EXPECT_EQ(v.where, "test.gguf");
}

TEST(TokenizerFile, AnIdOfAllOnesMeansNone) {
  GgufWriter file = file_of(small());
  file.set("tokenizer.ggml.bos_token_id", uint32_t{0xFFFFFFFF});
  const auto bytes = file.finish();
  const auto tokenizer = Tokenizer::open(Gguf::parse(bytes, "test.gguf"));
  EXPECT_EQ(tokenizer->bos(), -1);
  EXPECT_FALSE(tokenizer->add_bos());
}

TEST(TokenizerFile, WrongTypesLengthsAndIdsAreCodedErrors) {
  const std::string tokenizer = "tokenizer.ggml.";
  EXPECT_EQ(open_changed([](GgufWriter&) {}), "");
  EXPECT_EQ(open_changed([&](GgufWriter& f) { f.set(tokenizer + "model", std::string("bert")); }), "E0301");
  EXPECT_EQ(open_changed([&](GgufWriter& f) { f.set(tokenizer + "model", uint32_t{1}); }), "E0204");
  EXPECT_EQ(open_changed([&](GgufWriter& f) { f.set(tokenizer + "tokens", std::vector<int32_t>{1}); }), "E0204");
  EXPECT_EQ(open_changed([&](GgufWriter& f) { f.set(tokenizer + "tokens", std::vector<std::string>{}); }), "E0302");
  EXPECT_EQ(open_changed([&](GgufWriter& f) { f.set(tokenizer + "scores", std::vector<float>{1}); }), "E0302");
  EXPECT_EQ(open_changed([&](GgufWriter& f) { f.set(tokenizer + "scores", std::vector<int32_t>{1}); }), "E0204");
  EXPECT_EQ(open_changed([&](GgufWriter& f) { f.set(tokenizer + "token_type", std::vector<int32_t>(9)); }), "E0302");
  EXPECT_EQ(open_changed([&](GgufWriter& f) { f.set(tokenizer + "token_type", std::vector<int32_t>(261, -1)); }),
            "E0302");
  EXPECT_EQ(open_changed([&](GgufWriter& f) { f.set(tokenizer + "eos_token_id", uint32_t{261}); }), "E0304");
  EXPECT_EQ(open_changed([&](GgufWriter& f) { f.set(tokenizer + "eot_token_id", uint32_t{0x80000000}); }), "E0304");
  EXPECT_EQ(open_changed([&](GgufWriter& f) { f.set(tokenizer + "add_bos_token", uint32_t{1}); }), "E0204");
}

}  // namespace
}  // namespace samebits
