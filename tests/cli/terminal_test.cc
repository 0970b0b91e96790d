#include "harness/cli/terminal.h"

#include <gtest/gtest.h>

#include "harness/cli/names.h"

namespace samebits {
namespace {

TEST(Terminal, ModelTextCannotDriveTheTerminal) {
  EXPECT_EQ(safe_text("a\x1b[31mred\x07\rb"), "a[31mredb");
  EXPECT_EQ(safe_text("\xC2\x9B"
                      "31m"),
            "31m");                                            // C1: CSI in one character
  EXPECT_EQ(safe_text("x\xE2\x80\xAEy\xE2\x81\xA6z"), "xyz");  // bidirectional override and isolate
  EXPECT_EQ(safe_text("tab\tline\n"), "tab\tline\n");
  EXPECT_EQ(safe_text("é ✓ 漢 😀"), "é ✓ 漢 😀");
}

TEST(Terminal, BytesThatAreNotUtf8AreShownAsSuch) {
  EXPECT_EQ(safe_text("\xFF"
                      "a"),
            "\xEF\xBF\xBD"
            "a");
  EXPECT_EQ(safe_text("\xE2\x82"), "\xEF\xBF\xBD");                              // cut off
  EXPECT_EQ(safe_text("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  EXPECT_EQ(safe_text("\xC0\x9B"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong ESC
}

TEST(Terminal, ColoursOnlyWhereTheyAreWanted) {
  Terminal plain, colourful;
  colourful.colour = true;
  EXPECT_EQ(paint(plain, "1", "x"), "x");
  EXPECT_EQ(paint(colourful, "1", "x"), "\x1b[1mx\x1b[0m");
}

TEST(Terminal, ColumnsAreCodePoints) { EXPECT_EQ(columns("±✓a"), 3); }

TEST(Terminal, TextIsWrappedAtBlanks) {
  EXPECT_EQ(wrapped("one two three", 8), "one two\nthree");
  EXPECT_EQ(wrapped("immeasurable", 4), "immeasurable");
  EXPECT_EQ(wrapped("", 4), "");
}

}  // namespace
}  // namespace samebits
