#include "results/encoding.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cmath>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "results/fields.h"

namespace samebits {
namespace {

using nlohmann::json;

// Below what every common file system allows (255 bytes a name; Windows: 260 a path).
constexpr size_t kMaxNameBytes = 120, kMaxPathBytes = 200;

std::string sha256_raw(std::string_view bytes) {
  const std::string hex = sha256_hex(bytes);
  const auto nibble = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string out;
  for (size_t i = 0; i < hex.size(); i += 2) out += static_cast<char>(nibble(hex[i]) << 4 | nibble(hex[i + 1]));
  return out;
}

// RFC 6962 §2.1: 0x00 before leaves and 0x01 before nodes, so that no node can pass as a leaf.
std::string merkle_node(const std::string& left, const std::string& right) { return sha256_raw('\x01' + left + right); }

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

// Names that some systems give to devices, alone or before a dot.
bool is_device_name(std::string_view component) {
  const std::string_view stem = component.substr(0, component.find('.'));
  for (std::string_view device : {"con", "prn", "aux", "nul"})
    if (stem == device) return true;
  return stem.size() == 4 && (stem.substr(0, 3) == "com" || stem.substr(0, 3) == "lpt") && stem[3] >= '0' &&
         stem[3] <= '9';
}

bool is_safe_component(std::string_view c) {
  return !c.empty() && c.front() != '.' && c.back() != '.' && std::all_of(c.begin(), c.end(), is_name_char) &&
         !is_device_name(c);
}

}  // namespace

json text_json(std::string_view text) {
  if (is_portable_text(text)) return std::string(text);
  return {{"b64", base64(text)}};
}

std::string text_of_json(const json& v, const std::string& where) {
  if (v.is_string()) return v.get<std::string>();
  if (!v.is_object()) fail_field("neither a string nor {\"b64\"}", where);
  Fields f(v, where);
  std::string text = base64_decode(f.string("b64"), where);
  f.done();
  // One text, one spelling: else two bundles of one content had two digests.
  if (is_portable_text(text)) fail_field("base64 of text that needs none", where);
  return text;
}

json texts_json(const std::vector<std::string>& texts) {
  json out = json::array();
  for (const std::string& t : texts) out.push_back(text_json(t));
  return out;
}

std::string cut_text(std::string text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && (static_cast<uint8_t>(text[max_bytes]) & 0xC0) == 0x80) --max_bytes;
  text.resize(max_bytes);
  return text + "…";
}

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL writes a closing NUL
  const int n = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(n));
  return out;
}

std::string base64_decode(std::string_view text, const std::string& where) {
  std::string out(text.size() / 4 * 3 + 3, '\0');
  const int n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  out.resize(n < 0 ? 0 : static_cast<size_t>(n) - std::min(padding, static_cast<size_t>(n)));
  if (n < 0 || base64(out) != text) fail_field("not base64", where);  // OpenSSL forgives white space
  return out;
}

json embedded_json(const json& value) { return text_json(canonical(value)); }

json json_of_embedded(const json& v, const std::string& where) {
  return parse_canonical(text_of_json(v, where), where);
}

// The quiet NaN of IEEE 754-2019 §6.2.1 with an empty payload.
std::string claim_bits(double v) { return std::isnan(v) ? "f64:7ff8000000000000" : bits(v); }

std::string path_name(std::string_view name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool edge_dot = c == '.' && (i == 0 || i + 1 == name.size());
    const bool device = i == 0 && is_device_name(name);
    if (is_name_char(c) && c != '-' && !edge_dot && !device)
      out += c;
    else
      out += fmt::format("-{:02x}", static_cast<uint8_t>(c));
  }
  // "-h" cannot stem from an escape, so a digest never meets an encoded name.
  return out.size() <= kMaxNameBytes && !out.empty() ? out : "-h" + sha256_hex(name);
}

void MerkleRoot::add(std::string_view item) {
  Subtree merged{sha256_raw('\0' + std::string(item)), 1};
  while (!subtrees_.empty() && subtrees_.back().leaves == merged.leaves) {
    merged = {merkle_node(subtrees_.back().hash, merged.hash), 2 * merged.leaves};
    subtrees_.pop_back();
  }
  subtrees_.push_back(std::move(merged));
}

std::string MerkleRoot::hex() const {
  if (subtrees_.empty()) return sha256_hex("");
  std::string root = subtrees_.back().hash;
  for (size_t i = subtrees_.size() - 1; i-- > 0;) root = merkle_node(subtrees_[i].hash, root);
  std::string out;
  for (char c : root) out += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return out;
}

bool is_safe_path(std::string_view path) {
  if (path.size() > kMaxPathBytes) return false;
  while (true) {
    const size_t slash = path.find('/');
    if (!is_safe_component(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace samebits
