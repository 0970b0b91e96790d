// Checkpoints of llama2.c (version 0: seven int32, then float32 weights) as GGUF, for trained tiny models.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace samebits {

// `model`: the checkpoint. `tokenizer`: its tokenizer.bin (max length, then score, length, bytes a token).
std::vector<uint8_t> llama2c_to_gguf(const std::string& model, const std::string& tokenizer);

}  // namespace samebits
