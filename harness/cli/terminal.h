// What the terminal can do, and text that is safe to show on it.
// Results go to stdout, talk to stderr. Nothing here reaches a score.
#pragma once

#include <string>
#include <string_view>

namespace samebits {

struct Terminal {
  bool interactive = false;  // a terminal that can redraw a line
  bool colour = false;       // never with NO_COLOR or TERM=dumb
  int width = 80;            // columns
};

// `fd`: 1 stdout, 2 stderr.
Terminal terminal_of(int fd);

// Text of models and data sets without control characters (they could drive the terminal); '\n' and '\t' stay.
// Bytes that are not UTF-8 become U+FFFD.
std::string safe_text(std::string_view text);

// `text` in bold, green, … when the terminal has colours. `sgr`: the code of ECMA-48 §8.3.117, e.g. "1" for bold.
std::string paint(const Terminal&, std::string_view sgr, std::string_view text);

// Columns that `text` takes: its code points (no double-width or combining characters in what samebits prints).
int columns(std::string_view text);

// Writes all of `text` to stdout and flushes. Throws E0104 when stdout is closed or full.
void print(std::string_view text);
// One line to stderr; failures are ignored.
void talk(std::string_view line);

}  // namespace samebits
