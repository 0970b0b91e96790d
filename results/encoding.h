// How text, names, floats and lists of items are carried in claims.
//
// Thread rules: pure functions. Determinism: bytes in, bytes out.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace samebits {

// A JSON string when every tool carries it unchanged (is_portable_text), else {"b64": …}.
nlohmann::json text_json(std::string_view text);
std::string text_of_json(const nlohmann::json&, const std::string& where);  // throws E0610
nlohmann::json texts_json(const std::vector<std::string>& texts);

// At most `max_bytes` of a text for a sentence, cut between two characters; "…" says that something is missing.
std::string cut_text(std::string text, size_t max_bytes);

std::string base64(std::string_view bytes);
std::string base64_decode(std::string_view text, const std::string& where);  // throws E0610

// Any JSON as the text of its canonical form: keeps its floats and keys out of the claims' profile.
nlohmann::json embedded_json(const nlohmann::json& value);
nlohmann::json json_of_embedded(const nlohmann::json&, const std::string& where);  // throws E0602, E0603, E0610

// bits(v), with one bit pattern for every NaN (x86 and ARM produce different ones).
std::string claim_bits(double v);

// A name as a path component of [a-z0-9._-]: other bytes, '-' itself, and dots and device names at the edges
// become "-" and two hex digits. Different names give different components of at most 120 bytes.
std::string path_name(std::string_view name);

// Merkle tree hash of RFC 6962 over the items in order. Hex.
class MerkleRoot {
 public:
  void add(std::string_view item);
  std::string hex() const;  // of an empty list: sha256("")

 private:
  struct Subtree {
    std::string hash;  // 32 bytes
    uint64_t leaves;   // a power of two; larger ones first
  };
  std::vector<Subtree> subtrees_;
};

// Whether a path may stand in a bundle: components of [a-z0-9._-] that neither start nor end with a dot and are
// no device names, at most 200 bytes.
bool is_safe_path(std::string_view path);

}  // namespace samebits
