#include "harness/core/digest.h"

#include <openssl/evp.h>

#include <fstream>
#include <new>
#include <vector>

#include "harness/core/error.h"

namespace samebits {

struct Sha256::State {
  EVP_MD_CTX* ctx = EVP_MD_CTX_new();
  State() {
    if (ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), nullptr) == 1) return;
    EVP_MD_CTX_free(ctx);  // SHA-256 is in every OpenSSL, so it was the memory
    throw std::bad_alloc();
  }
  ~State() { EVP_MD_CTX_free(ctx); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(const void* data, size_t n) { SAMEBITS_ASSERT(EVP_DigestUpdate(state_->ctx, data, n) == 1); }

std::string Sha256::hex() {
  unsigned char digest[32];
  unsigned int n = 0;
  SAMEBITS_ASSERT(EVP_DigestFinal_ex(state_->ctx, digest, &n) == 1 && n == sizeof digest);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (unsigned char byte : digest) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 h;
  h.update(bytes);
  return h.hex();
}

std::string sha256_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw Error("E0101", "the file cannot be read", path, "check that it exists and that you may read it");
  Sha256 h;
  std::vector<char> buffer(1 << 20);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
    h.update(buffer.data(), static_cast<size_t>(in.gcount()));
  if (in.bad()) throw Error("E0101", "reading the file failed", path, "check the disk, then try again");
  return h.hex();
}

}  // namespace samebits
