// One member of a zip archive (a Python wheel), streamed out. Bounded reading; no zip64, no encryption.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace samebits {

using ByteConsumer = std::function<void(std::span<const uint8_t>)>;

// Hands the member's bytes to `consume` in order. Throws E0812 when the archive is damaged, lacks the member, or the
// member is larger than `max_bytes`; its CRC-32 is checked.
void read_zip_member(const std::string& archive, const std::string& member, uint64_t max_bytes,
                     const ByteConsumer& consume);

}  // namespace samebits
