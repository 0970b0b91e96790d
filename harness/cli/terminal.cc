#include "harness/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "harness/core/error.h"
#include "harness/core/utf8.h"

namespace samebits {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Set and not empty, as https://no-color.org has it.
bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value && *value;
}

// C0 but tab and line feed, DEL, C1, and the bidirectional controls that can hide text.
bool is_control(char32_t c) {
  if (c < 0x20) return c != '\n' && c != '\t';
  return (c >= 0x7F && c < 0xA0) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

Terminal terminal_of(int fd) {
  Terminal t;
  const char* term = std::getenv("TERM");  // unset or "dumb": no cursor control, so no redrawing
  t.interactive = isatty(fd) && term && std::strcmp(term, "dumb") != 0;
  t.colour = t.interactive && !is_set("NO_COLOR");
  winsize size{};
  if (t.interactive && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) t.width = size.ws_col;
  return t;
}

std::string safe_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const Utf8Char c = decode_utf8(text, i);
    if (!c.valid)
      out += kReplacement;
    else if (!is_control(c.code_point))
      out += text.substr(i, c.bytes);
    i += c.bytes;
  }
  return out;
}

std::string paint(const Terminal& terminal, std::string_view sgr, std::string_view text) {
  if (!terminal.colour) return std::string(text);
  return "\x1b[" + std::string(sgr) + "m" + std::string(text) + "\x1b[0m";
}

int columns(std::string_view text) {
  int n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return n;
}

void print(std::string_view text) {
  // Flushed at once: a full disk must be an error of this command, not a loss at its exit.
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw Error("E0104", std::string("stdout cannot be written: ") + std::strerror(errno), "stdout",
                "check the pipe or the disk behind it");
}

void talk(std::string_view line) {
  std::string whole(line);
  whole += '\n';
  std::fwrite(whole.data(), 1, whole.size(), stderr);
}

}  // namespace samebits
