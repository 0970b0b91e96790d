// The project's own sources, as the tests about style and layering see them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace samebits {

inline const std::filesystem::path kRoot = SAMEBITS_SOURCE_DIR;

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Path relative to the root -> lines, of every .h and .cc in `folders`.
inline std::map<std::string, std::vector<std::string>> sources(const std::vector<std::string>& folders) {
  std::map<std::string, std::vector<std::string>> found;
  for (const std::string& folder : folders)
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kRoot / folder)) {
      const std::string extension = entry.path().extension().string();
      if (entry.is_regular_file() && (extension == ".h" || extension == ".cc"))
        found[std::filesystem::relative(entry.path(), kRoot).string()] = lines_of(read_text(entry.path()));
    }
  return found;
}

// The line without its // comment (a // inside a string literal is kept).
inline std::string code_of(const std::string& line) {
  bool quoted = false;
  for (size_t i = 0; i + 1 < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && line[i] == '/' && line[i + 1] == '/') {
      return line.substr(0, i);
    }
  }
  return line;
}

}  // namespace samebits
