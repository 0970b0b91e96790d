#include <gtest/gtest.h>

#include <numeric>

#include "inference/tokenizer/encode_request.h"
#include "inference/tokenizer/stop.h"
#include "tests/inference/tokenizer_vocabularies.h"

namespace samebits {
namespace {

using Ids = std::vector<int32_t>;
using Words = std::vector<std::string>;

Request request(RequestKind kind, std::string context, std::string continuation = "") {
  Request r;
  r.kind = kind;
  r.context = std::move(context), r.continuation = std::move(continuation);
  return r;
}

// Bytes are ids; 256: <s> (BOS), 257: "ab".
std::unique_ptr<Tokenizer> byte_tokenizer(bool add_bos) {
  Vocabulary v = tiny_bpe({});
  add_token(v, "<s>", TokenType::control);
  add_token(v, "ab", TokenType::normal);
  v.merges = {"a b"};
  v.bos = v.eos = 256, v.add_bos = add_bos;
  return Tokenizer::make(v);
}

EncodedRequest pair(bool add_bos, std::string context, std::string continuation, int length = 100) {
  return encode_request(*byte_tokenizer(add_bos), request(RequestKind::loglikelihood, context, continuation), length);
}

// What every one-window request promises: the input is context and targets without the last, at most the context long.
void expect_one_window(const EncodedRequest& e, size_t length) {
  ASSERT_EQ(e.error, "");
  ASSERT_EQ(e.windows.size(), 1u);
  Ids all = e.context_ids;
  all.insert(all.end(), e.output_ids.begin(), e.output_ids.end());
  all.pop_back();
  EXPECT_EQ(e.windows[0].input, all);
  EXPECT_EQ(e.windows[0].targets, e.output_ids);
  EXPECT_EQ(e.windows[0].first_scored + e.output_ids.size(), all.size());
  EXPECT_LE(all.size(), length);
}

// ---- loglikelihood ----

TEST(EncodePair, SplitsTheWholeAtTheLengthOfTheContext) {
  const EncodedRequest e = pair(false, "xy", " z");
  expect_one_window(e, 100);
  EXPECT_EQ(e.context_ids, (Ids{'x', 'y'}));
  EXPECT_EQ(e.output_ids, (Ids{' ', 'z'}));
  EXPECT_EQ(e.windows[0].first_scored, 1u);
  EXPECT_EQ(e.warnings, Words{});
}

TEST(EncodePair, TrailingWhiteSpaceOfAnyKindMovesToTheContinuation) {
  const EncodedRequest e = pair(true, "x \n", "z");
  expect_one_window(e, 100);
  EXPECT_EQ(e.context_ids, (Ids{256, 'x'}));
  EXPECT_EQ(e.output_ids, (Ids{' ', '\n', 'z'}));
  EXPECT_EQ(pair(false, "x\u3000", "z").output_ids.size(), 4u);  // three bytes and z
}

TEST(EncodePair, AMergeAcrossTheBorderIsNoticed) {
  const EncodedRequest shifted = pair(false, "xa", "bc");  // x ab c
  EXPECT_EQ(shifted.warnings, Words{"shifted_continuation"});
  EXPECT_EQ(shifted.context_ids, (Ids{'x', 'a'}));  // lm-eval feeds the context's own tokens
  EXPECT_EQ(shifted.output_ids, (Ids{'c'}));
  const EncodedRequest empty = pair(false, "xa", "b");
  EXPECT_EQ(empty.warnings, (Words{"empty_continuation", "shifted_continuation"}));
  EXPECT_NE(empty.error, "");
  EXPECT_TRUE(empty.windows.empty());
}

TEST(EncodePair, AnEmptyContextBecomesThePrefixToken) {
  for (bool add_bos : {false, true}) {
    const EncodedRequest e = pair(add_bos, "", "z");
    expect_one_window(e, 100);
    EXPECT_EQ(e.context_ids, Ids{256});
    EXPECT_EQ(e.output_ids, Ids{'z'});
  }
  EXPECT_NE(pair(false, " ", "z").error, "");  // nothing but white space: no context is left
  EXPECT_EQ(pair(true, " ", "z").context_ids, Ids{256});
  Vocabulary v = tiny_bpe({});
  EXPECT_NE(encode_request(*Tokenizer::make(v), request(RequestKind::loglikelihood, "", "z"), 9).error, "");
}

TEST(EncodePair, BosIsAddedOnce) {
  EXPECT_EQ(pair(true, "x", "z").context_ids, (Ids{256, 'x'}));
  EXPECT_EQ(pair(true, "<s>x", "z").context_ids, (Ids{256, 'x'}));
  EXPECT_EQ(pair(true, "", "<s>z").output_ids, (Ids{'z'}));
  EXPECT_EQ(pair(false, "<s>", "z").context_ids, (Ids{'<', 's', '>'}));  // plain text outside of chats
}

TEST(EncodePair, TruncatesOnTheLeftAndLosesTheBos) {
  const EncodedRequest e = pair(true, "uvwxy", "z", 4);
  expect_one_window(e, 4);
  EXPECT_EQ(e.context_ids, (Ids{'v', 'w', 'x', 'y'}));
  EXPECT_EQ(e.warnings, Words{"truncated_left"});
  EXPECT_EQ(pair(true, "uvw", "z", 4).warnings, Words{});  // 4 tokens are fed, the last is only a target
  const EncodedRequest full = pair(false, "x", "wxyz", 4);
  expect_one_window(full, 4);
  EXPECT_NE(pair(false, "x", "vwxyz", 4).error, "");
}

// As tokenizers 0.23.3 does without an unknown token: SmolLM2's vocabulary lacks 21 bytes.
TEST(EncodeRequest, BytesThatNoTokenSpellsAreDroppedWithAWarning) {
  Vocabulary v = tiny_bpe({});
  v.tokens[0x04] = "unrelated";
  const auto tokenizer = Tokenizer::make(v);
  const EncodedRequest e = encode_request(*tokenizer, request(RequestKind::loglikelihood, "a\x04", " b"), 10);
  EXPECT_EQ(e.warnings, Words{"dropped_bytes"});
  EXPECT_EQ(e.windows, encode_request(*tokenizer, request(RequestKind::loglikelihood, "a", " b"), 10).windows);
  const EncodedRequest nothing = encode_request(*tokenizer, request(RequestKind::loglikelihood, "a", "\x04"), 10);
  EXPECT_NE(nothing.error, "") << "nothing is left to score";
}

// ---- Chat ----

TEST(EncodeChat, ControlTokensAreCutOutAndBosIsNotDoubled) {
  Request r = request(RequestKind::generate, "<s>a<s>");
  r.chat = true;
  EXPECT_EQ(encode_request(*byte_tokenizer(true), r, 9).context_ids, (Ids{256, 'a', 256}));
  EXPECT_EQ(encode_request(*byte_tokenizer(false), r, 9).context_ids, (Ids{256, 'a', 256}));
  r.context = "<s><s>a";
  EXPECT_EQ(encode_request(*byte_tokenizer(true), r, 9).warnings, Words{"double_bos"});
}

// ---- Rolling ----

// lm-eval 0.4.13, tests/test_utils.py and get_rolling_token_windows run on list(range(n)) with prefix -100.
TEST(RollingWindows, EqualLmEval) {
  const auto windows = [](int n, int length) {
    Ids tokens(n);
    std::iota(tokens.begin(), tokens.end(), 0);
    return rolling_windows(tokens, -100, length);
  };
  using Windows = std::vector<Window>;
  const Windows w = windows(34, 10);
  ASSERT_EQ(w.size(), 4u);
  EXPECT_EQ(w[0], (Window{{-100, 0, 1, 2, 3, 4, 5, 6, 7, 8}, 0, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}));
  EXPECT_EQ(w[1], (Window{{9, 10, 11, 12, 13, 14, 15, 16, 17, 18}, 0, {10, 11, 12, 13, 14, 15, 16, 17, 18, 19}}));
  EXPECT_EQ(w[3], (Window{{23, 24, 25, 26, 27, 28, 29, 30, 31, 32}, 6, {30, 31, 32, 33}}));
  EXPECT_EQ(windows(11, 10)[1], (Window{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 9, {10}}));
  EXPECT_EQ(windows(1, 10), (Windows{{{-100}, 0, {0}}}));
  EXPECT_EQ(windows(3, 1), (Windows{{{-100}, 0, {0}}, {{0}, 0, {1}}, {{1}, 0, {2}}}));
  EXPECT_EQ(windows(7, 3), (Windows{{{-100, 0, 1}, 0, {0, 1, 2}}, {{2, 3, 4}, 0, {3, 4, 5}}, {{3, 4, 5}, 2, {6}}}));
  EXPECT_TRUE(windows(0, 4).empty());
}

TEST(RollingWindows, EveryTokenIsPredictedOnceByTheOnesBeforeIt) {
  for (int n = 1; n < 40; ++n) {
    for (int length = 1; length < 12; ++length) {
      Ids tokens(n), scored;
      std::iota(tokens.begin(), tokens.end(), 0);
      for (const Window& w : rolling_windows(tokens, -1, length)) {
        ASSERT_LE(w.input.size(), static_cast<size_t>(length));
        for (size_t i = 0; i < w.targets.size(); ++i)
          ASSERT_EQ(w.input.at(w.first_scored + i), w.targets[i] - 1);  // prefix -1, then 0, 1, …
        scored.insert(scored.end(), w.targets.begin(), w.targets.end());
      }
      ASSERT_EQ(scored, tokens) << n << " tokens, context " << length;
    }
  }
}

TEST(EncodeRolling, FeedsPrefixAndBosAsLmEvalDoes) {
  const auto r = request(RequestKind::loglikelihood_rolling, "xyz");
  const EncodedRequest e = encode_request(*byte_tokenizer(true), r, 3);
  EXPECT_EQ(e.output_ids, (Ids{256, 'x', 'y', 'z'}));
  EXPECT_EQ(e.warnings, Words{"double_bos"});
  EXPECT_EQ(e.windows, (std::vector<Window>{{{256, 256, 'x'}, 0, {256, 'x', 'y'}}, {{256, 'x', 'y'}, 2, {'z'}}}));
  EXPECT_EQ(encode_request(*byte_tokenizer(false), r, 9).warnings, Words{});
  const auto nothing = encode_request(*byte_tokenizer(false), request(RequestKind::loglikelihood_rolling, ""), 9);
  EXPECT_EQ(nothing.error, "");
  EXPECT_TRUE(nothing.windows.empty());
}

// ---- Generation ----

TEST(EncodeGeneration, KeepsRoomForTheAnswer) {
  Request r = request(RequestKind::generate, "uvwxyz");
  r.max_tokens = 6;
  const EncodedRequest e = encode_request(*byte_tokenizer(true), r, 10);
  EXPECT_EQ(e.windows, (std::vector<Window>{{{'w', 'x', 'y', 'z'}, 3, {}}}));
  EXPECT_EQ(e.context_ids, e.windows[0].input);
  EXPECT_EQ(e.warnings, Words{"truncated_left"});
  EXPECT_NE(encode_request(*byte_tokenizer(true), r, 6).error, "");
  r.max_tokens = -1;
  EXPECT_NE(encode_request(*byte_tokenizer(true), r, 6).error, "");
  EXPECT_NE(encode_request(*byte_tokenizer(false), request(RequestKind::generate, ""), 6).error, "");
}

// ---- Stop strings ----

TEST(StopMatcher, EndFollowsTheOrderOfTheStops) {
  const auto end_of = [](Words stops, std::string_view text) {
    StopMatcher m(std::move(stops));
    m.feed(text);
    return m.end();
  };
  EXPECT_EQ(end_of({"bc", "ab"}, "xabc"), 2u);  // "bc" is cut first; then "ab" is gone
  EXPECT_EQ(end_of({"ab", "bc"}, "xabc"), 1u);
  EXPECT_EQ(end_of({"\n\n", ""}, "x\ny"), 3u);
  EXPECT_EQ(end_of({}, "x"), 1u);
}

TEST(StopMatcher, APieceAtATimeFindsWhatTheWholeTextHas) {
  const Words stops = {"<end>", "\n\n", "ööö"};
  const std::string text = "a<en<endx\n<ööen\nöö<end> b";
  const size_t complete = text.find("<end>") + 5;
  StopMatcher m(stops);
  for (size_t i = 0; i < text.size(); ++i) EXPECT_EQ(m.feed(text.substr(i, 1)), i + 1 >= complete) << i;
  EXPECT_EQ(m.end(), complete - 5);
}

TEST(GenerationText, DecodesStripsAndCuts) {
  const auto tokenizer = Tokenizer::make(tiny_spm({{"▁", -9}, {"a", -10}, {"▁a", -1}}));
  const int32_t space_a = 3 + 256 + 2, e_acute_1 = 3 + 0xC3, e_acute_2 = 3 + 0xA9;
  GenerationText text(*tokenizer, {"\n"});
  EXPECT_FALSE(text.push(2));  // </s> has no text
  EXPECT_FALSE(text.push(space_a));
  EXPECT_FALSE(text.push(space_a));
  EXPECT_FALSE(text.push(e_acute_1));
  EXPECT_EQ(text.text(), "a a\uFFFD");
  EXPECT_FALSE(text.push(e_acute_2));
  EXPECT_TRUE(text.push(3 + '\n'));
  EXPECT_EQ(text.text(), tokenizer->decode(Ids{space_a, space_a, e_acute_1, e_acute_2}, true));
}

}  // namespace
}  // namespace samebits
