// SHA-256 (OpenSSL's), in lower-case hex.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace samebits {

std::string sha256_hex(std::string_view bytes);
std::string sha256_file(const std::string& path);  // throws E0101 when it cannot be read

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(const void* data, size_t n);
  void update(std::string_view s) { update(s.data(), s.size()); }
  std::string hex();  // finishes

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace samebits
