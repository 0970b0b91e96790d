#include "harness/text/python_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <nlohmann/json.hpp>

#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "harness/core/utf8.h"
#include "harness/text/unicode.h"

namespace samebits {
namespace {

using namespace std::string_view_literals;  // embedded NULs count

struct StringRow {
  std::string_view texts[10];
  size_t words, length;
};

struct FloatRow {
  uint64_t bits;
  const char* repr;
};

#include "tests/text/python_text_golden.inc"

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (&part == parts.data() ? "" : "|") + part;
  return out;
}

TEST(PythonText, EqualsCPythonOnGoldenStrings) {
  for (const StringRow& row : kStrings) {
    const std::string text(row.texts[0]);
    SCOPED_TRACE(text);
    const std::vector<std::string> actual = {text,
                                             std::string(py_strip(text)),
                                             std::string(py_lstrip(text)),
                                             std::string(py_rstrip(text)),
                                             join(py_split(text)),
                                             py_upper(text),
                                             py_lower(text),
                                             py_title(text),
                                             py_capitalize(text),
                                             py_repr(std::string_view(text))};
    EXPECT_EQ(actual, std::vector<std::string>(std::begin(row.texts), std::end(row.texts)));
    EXPECT_EQ(py_count_words(text), row.words);
    EXPECT_EQ(count_code_points(text), row.length);
  }
}

TEST(PythonText, EqualsCPythonOnEveryCodePoint) {
  constexpr std::string_view kNames = "CnLuLlLtLmLoMnMcMeNdNlNoPcPdPsPePiPfPoSmScSkSoZsZlZpCcCfCsCo";
  Sha256 sha;
  char line[16];
  size_t next_new = 0;
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c == 0xD800) c = 0xE000;
    if (next_new < std::size(kNewIn15) && c == kNewIn15[next_new][0]) {
      c = kNewIn15[next_new++][1];
      continue;
    }
    std::string text;
    append_utf8(text, c);
    sha.update(std::string_view(line, std::snprintf(line, sizeof line, "%x ", static_cast<unsigned>(c))));
    sha.update(std::string(kNames.substr(2 * static_cast<size_t>(category(c)), 2)) +
               (is_python_space(c) ? " 1 " : " 0 "));
    sha.update(py_upper(text) + " " + py_lower(text) + " " + py_title(text) + "\n");
  }
  EXPECT_EQ(next_new, std::size(kNewIn15));
  EXPECT_EQ(sha.hex(), kAllCodePoints);
}

TEST(PythonText, FloatsPrintAsCPythonPrintsThem) {
  for (const FloatRow& row : kFloats) EXPECT_EQ(py_repr(std::bit_cast<double>(row.bits)), row.repr);
}

TEST(PythonText, StripsGivenCharacters) {
  EXPECT_EQ(py_strip("xxayx", "xy"), "a");
  EXPECT_EQ(py_strip("éaé", "é"), "a");
  EXPECT_EQ(py_strip("  a ", ""), "  a ");
  EXPECT_EQ(py_rstrip("a\xC3", std::nullopt), "a\xC3");  // half a character is not white space
  EXPECT_EQ(py_rstrip("a\xE3\x80\x80 \t"), "a");
}

TEST(PythonText, SplitsWithLimitsAsPythonDoes) {
  using Parts = std::vector<std::string>;
  EXPECT_EQ(py_split("a b  c ", 1), (Parts{"a", "b  c "}));
  EXPECT_EQ(py_split("a b", 0), (Parts{"a b"}));
  EXPECT_EQ(py_split(" \n ", -1), Parts{});
  EXPECT_EQ(py_split("a,,b", ","), (Parts{"a", "", "b"}));
  EXPECT_EQ(py_split("", ","), (Parts{""}));
  EXPECT_EQ(py_split("aXXbXXc", "XX", 1), (Parts{"a", "bXXc"}));
}

TEST(PythonText, SlicesByCodePoint) {
  const std::string text = "aé日😀z";
  EXPECT_EQ(py_slice(text, 1, 3), "é日");
  EXPECT_EQ(py_slice(text, -2, {}), "😀z");
  EXPECT_EQ(py_slice(text, {}, -1), "aé日😀");
  EXPECT_EQ(py_slice(text, 3, 2), "");
  EXPECT_EQ(py_slice(text, -100, 100), text);
  EXPECT_EQ(py_slice(text, INT64_MIN, INT64_MAX), text);
  EXPECT_EQ(py_slice("\xFFz", 1, {}), "z");
}

TEST(PythonText, ReplacesAsPythonDoes) {
  EXPECT_EQ(py_replace("aaa", "a", "bb"), "bbbbbb");
  EXPECT_EQ(py_replace("aaa", "a", "b", 2), "bba");
  EXPECT_EQ(py_replace("éa", "", "-"), "-é-a-");
  EXPECT_EQ(py_replace("éa", "", "-", 2), "-é-a");
  EXPECT_EQ(py_replace("abc", "", "-", 0), "abc");
}

TEST(PythonText, InvalidBytesPassThroughCaseMappings) {
  EXPECT_EQ(py_upper("a\xFF\xE2\x82"
                     "b"),
            "A\xFF\xE2\x82"
            "B");
  EXPECT_EQ(py_title("ab\xFF"
                     "cd"),
            "Ab\xFF"
            "Cd");
}

TEST(PythonLiteral, ReadsWhatPythonReads) {
  const auto eval = [](std::string_view text) { return py_literal_eval(text, "test").dump(); };
  EXPECT_EQ(eval(" [1, -2, 3.5, 'a', \"b\", True, False, None,] "), R"([1,-2,3.5,"a","b",true,false,null])");
  EXPECT_EQ(eval("('x')"), R"("x")");
  EXPECT_EQ(eval("('x',)"), R"(["x"])");
  EXPECT_EQ(eval("()"), "[]");
  EXPECT_EQ(eval("{'b': 1, 'a': {'c': (1, 2)}}"), R"({"b":1,"a":{"c":[1,2]}})");
  EXPECT_EQ(eval("'a' \"b\" r'\\n' u'c'"), R"("ab\\nc")");
  EXPECT_EQ(eval(R"('\x41\u00e9\U0001F600\101\0\q\'\
z')"),
            "\"A\u00e9\U0001F600A\\u0000\\\\q'z\"");
  EXPECT_EQ(eval("'''a\n'b''' "), R"("a\n'b")");
  EXPECT_EQ(eval("[0x1F, 0o17, 0b101, 1_000, 1e3, .5, 5., --1, 00]"), "[31,15,5,1000,1000.0,0.5,5.0,1,0]");
  EXPECT_EQ(eval("[9223372036854775807, -9223372036854775808, 18446744073709551615]"),
            "[9223372036854775807,-9223372036854775808,18446744073709551615]");
}

TEST(PythonLiteral, RefusesEverythingElse) {
  const std::string deep(10000, '[');
  for (const std::string& text : {std::string(),
                                  std::string("["),
                                  std::string("[1 2]"),
                                  std::string("x"),
                                  std::string("open('f')"),
                                  std::string("1+2"),
                                  std::string("'abc"),
                                  std::string("'a\nb'"),
                                  std::string("'\\ud800'"),
                                  std::string("'\\x4'"),
                                  std::string("'\\N{DIGIT ONE}'"),
                                  std::string("{1: 2}"),
                                  std::string("{'a' 1}"),
                                  std::string("012"),
                                  std::string("1__0"),
                                  std::string("1e"),
                                  std::string("-"),
                                  std::string("99999999999999999999"),
                                  std::string("1e999"),
                                  std::string("1 2"),
                                  std::string("'\xFF'"),
                                  std::string("{,}"),
                                  std::string("[,]"),
                                  std::string("True1"),
                                  std::string("\\"),
                                  std::string("'\\"),
                                  deep}) {
    try {
      py_literal_eval(text, "test");
      ADD_FAILURE() << "accepted " << text.substr(0, 40);
    } catch (const Error& e) {
      EXPECT_EQ(e.code, "E0390");
    }
  }
}

}  // namespace
}  // namespace samebits
