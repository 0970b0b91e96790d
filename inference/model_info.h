// What a model file is: for `model info`, bundles and model cards. A pure function of the file's bytes.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "inference/gguf.h"

namespace samebits {

// Keys: "architecture", "name", "sha256", "bytes" (of the tensors), "parameters", "quantisation", "tensor_types" (a
// count and bytes each), "tensors" (name, type, shape, bytes, sha256 each, file order), "context_length",
// "tokenizer", "chat_template", "memory" (bytes of weights, and of binary16 keys and values a token). What the file
// does not say is null. Hashes every tensor: seconds for models of gigabytes.
nlohmann::json model_info(const Gguf&);

// The type that holds most bytes, "Q4_1"; of equals the first by name. "none" without tensors.
std::string main_tensor_type(const Gguf&);

}  // namespace samebits
