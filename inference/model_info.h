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

// The mixture that the file declares (general.file_type), "Q4_K_M"; without it the tensor type that holds most bytes
// (of equals the first by name); "none" without tensors. What each tensor really is stands in model_info.
std::string quantisation_name(const Gguf&);

}  // namespace samebits
