// Files of the user's task folders (--include-path) in an order that no file system decides.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "harness/core/error.h"

namespace samebits {

// A task file that cannot be read: nobody knows which tasks it would define.
struct UnreadableFile {
  std::string file;
  Error error;
};

// All regular files below `folder` with one of the extensions (".json"), sorted by path; __pycache__ and
// .ipynb_checkpoints are skipped. Throws E0101 when the folder cannot be read.
std::vector<std::string> files_below(const std::string& folder, const std::vector<std::string>& extensions);

// The E0406 of an id that two files of one folder define.
Error defined_twice(const std::string& id, const std::string& first, const std::string& second);

// Paths, sizes and modification times of the files: equal while nobody has changed them.
std::string fingerprint(const std::vector<std::string>& files);

// What was parsed from a set of files, kept until one of them changes: a group asks for it once a member.
// Thread rules: get() may run concurrently.
template <class Index>
class IndexCache {
 public:
  std::shared_ptr<const Index> get(const std::string& fingerprint, const std::function<Index()>& make) {
    const std::lock_guard lock(mutex_);
    if (!index_ || fingerprint_ != fingerprint) {
      index_ = std::make_shared<const Index>(make());
      fingerprint_ = fingerprint;
    }
    return index_;
  }

 private:
  std::mutex mutex_;
  std::string fingerprint_;
  std::shared_ptr<const Index> index_;
};

}  // namespace samebits
