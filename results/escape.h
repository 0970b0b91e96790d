// Text of models and strangers on its way to a terminal, a Markdown cell or a browser. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace samebits {

// Control characters (C0, DEL, C1), bidirectional controls and invalid UTF-8 become visible: "\x1b", "\u202e".
std::string printable(std::string_view text);

std::string markdown_cell(std::string_view text);  // printable, on one line, without active characters
std::string html_text(std::string_view text);      // printable, and safe in text and quoted attributes

size_t display_width(std::string_view text);  // code points

}  // namespace samebits
