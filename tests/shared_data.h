// Public test material outside the repository: tests that use it skip, with the reason, where it is absent.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace samebits {

// $SAMEBITS_SHARED, else ../shared beside the source tree.
inline std::string shared_path(const std::string& relative) {
  const char* set = std::getenv("SAMEBITS_SHARED");
  const std::filesystem::path root = set ? set : SAMEBITS_SOURCE_DIR "/../shared";
  return (root / relative).lexically_normal().string();
}

}  // namespace samebits

// First line of a test that reads shared material.
#define SAMEBITS_NEEDS_SHARED(relative)                          \
  if (!std::filesystem::exists(::samebits::shared_path(relative))) \
  GTEST_SKIP() << "needs " << ::samebits::shared_path(relative) << ", which is not here (set SAMEBITS_SHARED)"

// First line of a test that needs a real model from the cache.
#define SAMEBITS_NEEDS_MODEL(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "needs " << (path) << "; fetch it with: samebits model pull NAME"
