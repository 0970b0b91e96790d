// One GGUF file's header: metadata and tensor table, every field checked before it is used.
//
// A pure function of the bytes. Throws Error{E0201, E0202, E0205 … E0209} with the byte offset; allocates at most a
// small multiple of the metadata it has read.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/gguf.h"

namespace samebits {

using GgufMetadata = std::map<std::string, GgufValue, std::less<>>;

struct GgufPart {
  GgufMetadata metadata;
  std::vector<Tensor> tensors;  // file order; data points into the bytes
};

// `name`: of the file, for messages.
GgufPart parse_gguf(std::span<const uint8_t> bytes, const std::string& name);

// Names from a file can hold anything: quoted, control bytes as \xNN, cut at 80 bytes.
std::string quote(std::string_view untrusted);

// "model.gguf, byte 123"
std::string at_byte(const std::string& name, uint64_t offset);

}  // namespace samebits
