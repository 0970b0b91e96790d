#include "harness/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "harness/core/error.h"

namespace samebits {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value && *value;
}

// Length of the well-formed UTF-8 sequence at the start of `s`, 0 when there is none (Unicode 15, table 3-7).
size_t utf8_length(std::string_view s) {
  const auto byte = [&](size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
  const auto tail = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned a = byte(0), b = byte(1);
  if (a < 0x80) return 1;
  if (a >= 0xC2 && a <= 0xDF) return tail(1) ? 2 : 0;
  if (a >= 0xE0 && a <= 0xEF) {
    const bool second = tail(1) && !(a == 0xE0 && b < 0xA0) && !(a == 0xED && b > 0x9F);
    return second && tail(2) ? 3 : 0;
  }
  if (a >= 0xF0 && a <= 0xF4) {
    const bool second = tail(1) && !(a == 0xF0 && b < 0x90) && !(a == 0xF4 && b > 0x8F);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

// C0 but tab and line feed, DEL, C1 (U+0080-009F), and the bidirectional controls that can hide text.
bool is_control(std::string_view sequence) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(sequence[i]); };
  if (sequence.size() == 1) return (at(0) < 0x20 && sequence[0] != '\n' && sequence[0] != '\t') || at(0) == 0x7F;
  if (sequence.size() == 2) return at(0) == 0xC2 && at(1) < 0xA0;
  if (sequence.size() == 3 && at(0) == 0xE2)
    return (at(1) == 0x80 && at(2) >= 0xAA && at(2) <= 0xAE) || (at(1) == 0x81 && at(2) >= 0xA6 && at(2) <= 0xA9);
  return false;
}

}  // namespace

Terminal terminal_of(int fd) {
  Terminal t;
  const char* term = std::getenv("TERM");
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
    const size_t n = utf8_length(text.substr(i));
    const std::string_view sequence = text.substr(i, n ? n : 1);
    if (n == 0)
      out += kReplacement;
    else if (!is_control(sequence))
      out += sequence;
    i += sequence.size();
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
