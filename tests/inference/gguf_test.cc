#include "inference/gguf.h"

#include <gtest/gtest.h>

#include "tests/shared_data.h"

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

}  // namespace
}  // namespace samebits
