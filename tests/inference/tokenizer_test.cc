#include "inference/tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "harness/core/error.h"
#include "tests/inference/tokenizer_vocabularies.h"
#include "tests/shared_data.h"
#include "tests/support/errors.h"

namespace samebits {
namespace {

using Ids = std::vector<int32_t>;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  size_t at = 0;
  for (size_t found; (found = text.find(separator, at)) != std::string::npos; at = found + separator.size())
    parts.push_back(text.substr(at, found - at));
  parts.push_back(text.substr(at));
  return parts;
}

Ids parse_ids(const std::string& line) {
  std::istringstream stream(line);
  Ids ids;
  for (int32_t id; stream >> id;) ids.push_back(id);
  return ids;
}

// llama.cpp's own vectors (models/ggml-vocab-*.gguf.inp and .out): every string must match.
void expect_vectors(const std::string& name) {
  const std::string path = shared_path("data/ggml-vocab/ggml-vocab-" + name + ".gguf");
  const auto tokenizer = Tokenizer::open(Gguf::open(path));
  const auto inputs = split(read_file(path + ".inp"), "\n__ggml_vocab_test__\n");
  const auto outputs = split(read_file(path + ".out"), "\n");
  ASSERT_GE(inputs.size(), 40u);
  ASSERT_GE(outputs.size(), inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Ids ids = tokenizer->encode(inputs[i], false);
    EXPECT_EQ(ids, parse_ids(outputs[i])) << i << ": " << inputs[i];
    EXPECT_EQ(tokenizer->decode(ids, false), inputs[i]);
  }
}

TEST(TokenizerVectors, Gpt2) {
  SAMEBITS_NEEDS_SHARED("data/ggml-vocab/ggml-vocab-gpt-2.gguf");
  expect_vectors("gpt-2");
}

TEST(TokenizerVectors, LlamaSpm) {
  SAMEBITS_NEEDS_SHARED("data/ggml-vocab/ggml-vocab-llama-spm.gguf");
  expect_vectors("llama-spm");
}

// ---- Byte-level BPE ----

TEST(TokenizerBpe, MergesByRankThenLeftmost) {
  // "ab" ranks before "bc": abc -> ab c, never a bc. "aaa" -> aa a.
  const auto tokenizer = Tokenizer::make(tiny_bpe({"a b", "b c", "a a"}));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("abc", false), false), "abc");
  EXPECT_EQ(tokenizer->encode("abc", false), (Ids{256, 'c'}));
  EXPECT_EQ(tokenizer->encode("aaa", false), (Ids{258, 'a'}));
  EXPECT_EQ(tokenizer->encode("bcbc", false), (Ids{257, 257}));
}

TEST(TokenizerBpe, AWordThatIsATokenStillFollowsTheMerges) {
  // "abc" is a token, but only through "a bc"; "a b" comes first, so it can never be reached.
  const auto tokenizer = Tokenizer::make(tiny_bpe({"a b", "b c", "a bc"}));
  for (int round = 0; round < 2; ++round) EXPECT_EQ(tokenizer->encode("abc", false), (Ids{256, 'c'}));
}

TEST(TokenizerBpe, EveryByteSequenceComesBack) {
  const auto tokenizer = Tokenizer::make(tiny_bpe({"a b", "Ġ a", "Ġ Ġ"}));
  const uint32_t seed = 7;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 3000; ++round) {
    std::string text(random() % 40, '\0');
    for (char& c : text) c = random() % 2 ? "ab 1'\n"[random() % 6] : static_cast<char>(random());
    ASSERT_EQ(tokenizer->decode(tokenizer->encode(text, false), false), text);
  }
}

// As tokenizers 0.23.3 does without an unknown token: SmolLM2's vocabulary lacks 21 bytes, "!\x04!" gives its "!!".
TEST(TokenizerBpe, AByteThatNoTokenSpellsIsDroppedBeforeMerging) {
  Vocabulary v = tiny_bpe({"! !"});
  v.tokens[0x04] = "unrelated";
  const auto tokenizer = Tokenizer::make(v);
  EXPECT_EQ(tokenizer->encode("!\x04!", false), tokenizer->encode("!!", false));
  EXPECT_EQ(tokenizer->encode("!!", false).size(), 1u);
  EXPECT_EQ(tokenizer->encode("\x04", false), Ids{});
  EXPECT_FALSE(tokenizer->spells("!\x04!"));
  EXPECT_TRUE(tokenizer->spells("!!"));
}

TEST(TokenizerBpe, BadMergesAreRefused) {
  const auto code = [](std::string merge) {
    Vocabulary v = tiny_bpe({"a b"});
    v.merges.push_back(merge);
    return code_of([&] { Tokenizer::make(v); });
  };
  for (const char* merge : {"", "ab", " a", "a ", "a zz", "zz a", "a c", "a b", "a  b"})
    EXPECT_EQ(code(merge), "E0303");
}

// ---- SentencePiece ----

TEST(TokenizerSpm, HigherScoreFirstThenLeftmostAndBytesForTheRest) {
  const auto tokenizer = Tokenizer::make(tiny_spm({{"▁", -9}, {"a", -10}, {"b", -11}, {"ab", -1}, {"ba", -2}}));
  const int32_t first = 3 + 256;
  EXPECT_EQ(tokenizer->encode("aba", false), (Ids{first, first + 3, first + 1}));
  EXPECT_EQ(tokenizer->encode("bab", false), (Ids{first, first + 2, first + 3}));
  EXPECT_EQ(tokenizer->encode("a\xC3\xA9", false), (Ids{first, first + 1, 3 + 0xC3, 3 + 0xA9}));
  EXPECT_EQ(tokenizer->encode("\xFF", false), (Ids{first, 3 + 0xFF}));
  EXPECT_EQ(tokenizer->encode("", false), Ids{});
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(" b\xFF a", false), false), " b\xFF a");
}

TEST(TokenizerSpm, TextThatSpellsAControlTokenStaysText) {
  const auto tokenizer =
      Tokenizer::make(tiny_spm({{"▁", -9}, {"<", -10}, {"s", -11}, {">", -12}, {"<s", -1}, {"▁<s", -0.5f}}));
  EXPECT_EQ(tokenizer->encode("<s>", false), (Ids{3 + 256 + 5, 3 + 256 + 3}));
  EXPECT_EQ(tokenizer->encode("<s>", true), (Ids{1}));
}

// Words may be merged apart only where no piece spans their border: the pieces here span some, and the reference
// merges the whole text by brute force.
TEST(TokenizerSpm, MergingByWordEqualsMergingTheWholeText) {
  const Vocabulary v = tiny_spm({{"▁", -9},
                                 {"a", -10},
                                 {"b", -11},
                                 {"▁a", -3},
                                 {"ab", -2},
                                 {"b▁", -1},
                                 {"b▁a", -0.5f},
                                 {"▁▁", -4},
                                 {"▁▁a", -5},
                                 {"aa", -2}});
  const auto tokenizer = Tokenizer::make(v);
  const uint32_t seed = 11;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 3000; ++round) {
    std::string text(random() % 24, '\0');
    for (char& c : text) c = "ab "[random() % 3];
    ASSERT_EQ(tokenizer->encode(text, false), reference_spm(v, text)) << text;
  }
}

// ---- Special tokens ----

TEST(TokenizerSpecial, LeftmostLongestMatchIsCutOut) {
  Vocabulary v = tiny_bpe({});
  add_token(v, "<|x|>", TokenType::control);     // 256
  add_token(v, "<|x|><|y", TokenType::control);  // 257
  add_token(v, "[U]", TokenType::user_defined);  // 258
  add_token(v, "x|>", TokenType::control);       // 259
  const auto tokenizer = Tokenizer::make(v);
  EXPECT_EQ(tokenizer->encode("a<|x|>b", true), (Ids{'a', 256, 'b'}));
  EXPECT_EQ(tokenizer->encode("<|x|><|y", true), (Ids{257}));
  EXPECT_EQ(tokenizer->encode("<|x|><|z", true), (Ids{256, '<', '|', 'z'}));
  EXPECT_EQ(tokenizer->encode("x|>[U]", false), (Ids{'x', '|', '>', 258}));
  EXPECT_EQ(tokenizer->decode(Ids{256, 'a', 258}, true), "a[U]");
  EXPECT_EQ(tokenizer->decode(Ids{256, 'a', 258}, false), "<|x|>a[U]");
  EXPECT_TRUE(tokenizer->is_control(256));
  EXPECT_FALSE(tokenizer->is_control(258));
}

TEST(TokenizerSpecial, EndIdsComeFromKeysAndWellKnownTexts) {
  Vocabulary v = tiny_bpe({});
  add_token(v, "<|im_end|>", TokenType::control);
  add_token(v, "<end_of_turn>", TokenType::normal);  // not a special token: plain text
  v.eos = 5, v.eot = 6;
  EXPECT_EQ(Tokenizer::make(v)->end_ids(), (std::set<int32_t>{5, 6, 256}));
}

// ---- Hostile vocabularies and texts ----

TEST(TokenizerErrors, InconsistentVocabulariesAreRefused) {
  const auto code = [](auto change) {
    Vocabulary v = tiny_spm({{"▁", -1}, {"a", -2}});
    change(v);
    return code_of([&] { Tokenizer::make(v); });
  };
  EXPECT_EQ(code([](Vocabulary&) {}), "");
  EXPECT_EQ(code([](Vocabulary& v) { v.model = "t5"; }), "E0301");
  EXPECT_EQ(code([](Vocabulary& v) { v.model = "gpt2", v.pre = "smolm"; }), "E0301");
  EXPECT_EQ(code([](Vocabulary& v) { v.tokens.back() = "▁"; }), "E0302");
  EXPECT_EQ(code([](Vocabulary& v) { v.types.pop_back(); }), "E0302");
  EXPECT_EQ(code([](Vocabulary& v) { v.types.back() = TokenType{7}; }), "E0302");
  EXPECT_EQ(code([](Vocabulary& v) { v.scores.pop_back(); }), "E0302");
  EXPECT_EQ(code([](Vocabulary& v) { v.scores.clear(); }), "E0302");
  EXPECT_EQ(code([](Vocabulary& v) { v.scores.back() = NAN; }), "E0302");
  EXPECT_EQ(code([](Vocabulary& v) { add_token(v, std::string(2000, 'x'), TokenType::control); }), "E0302");
  EXPECT_EQ(code([](Vocabulary& v) { v = Vocabulary(); }), "E0302");
  EXPECT_EQ(code([](Vocabulary& v) { v.tokens[3 + 0x41] = "<0xXX>"; }), "E0305");
}

TEST(TokenizerErrors, IdsOutsideTheVocabularyAreRefused) {
  const auto tokenizer = Tokenizer::make(tiny_bpe({}));
  EXPECT_EQ(code_of([&] { tokenizer->decode(Ids{256}, false); }), "E0307");
  EXPECT_EQ(code_of([&] { tokenizer->token_bytes(-1); }), "E0307");
}

// A quadratic merge would need hours here; the test's time limit is its bound.
TEST(TokenizerErrors, OneLongWordIsFast) {
  const auto bpe = Tokenizer::make(tiny_bpe({"a a", "aa aa"}));
  EXPECT_EQ(bpe->encode(std::string(1 << 20, 'a'), false).size(), size_t{1} << 18);
  const auto spm = Tokenizer::make(tiny_spm({{"▁", -9}, {"a", -3}, {"aa", -2}, {"aaaa", -1}}));
  EXPECT_EQ(spm->encode(std::string(1 << 20, 'a'), false).size(), (size_t{1} << 18) + 1);
}

TEST(TokenizerDigest, ChangesWithEveryPart) {
  const Vocabulary v = tiny_spm({{"▁", -1}, {"a", -2}});
  std::set<std::string> digests = {v.digest()};
  const auto add = [&](auto change) {
    Vocabulary copy = v;
    change(copy);
    digests.insert(copy.digest());
  };
  add([](Vocabulary& c) { c.model = "gpt2"; });
  add([](Vocabulary& c) { c.pre = "x"; });
  add([](Vocabulary& c) { c.tokens.back() = "b"; });
  add([](Vocabulary& c) { c.scores.back() = -3; });
  add([](Vocabulary& c) { c.types.back() = TokenType::unused; });
  add([](Vocabulary& c) { c.merges.push_back("a b"); });
  add([](Vocabulary& c) { c.bos = 0; });
  add([](Vocabulary& c) { c.add_space_prefix = !c.add_space_prefix; });
  EXPECT_EQ(digests.size(), 9u);
}

}  // namespace
}  // namespace samebits
