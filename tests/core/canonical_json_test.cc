#include "harness/core/canonical_json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <set>

#include "harness/core/error.h"
#include "tests/shared_data.h"
#include "tests/support/errors.h"

namespace samebits {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string parse_code(const std::string& text) {
  return code_of([&] { parse_json(text, "test"); });
}

TEST(CanonicalJson, Rfc8785VectorsAreEqualByteForByte) {
  SAMEBITS_NEEDS_SHARED("data/jcs");
  int n = 0;
  for (const auto& entry : fs::directory_iterator(shared_path("data/jcs/input"))) {
    const std::string name = entry.path().filename().string();
    const std::string expected = slurp(shared_path("data/jcs/output/" + name));
    EXPECT_EQ(canonical(parse_json(slurp(entry.path()), name)), expected) << name;
    EXPECT_EQ(code_of([&] { parse_canonical(expected, name); }), "") << name;
    ++n;
  }
  EXPECT_EQ(n, 6);
}

TEST(CanonicalJson, Es6NumberVectorsAreEqual) {
  SAMEBITS_NEEDS_SHARED("data/jcs/es6testfile10k.txt");
  std::ifstream in(shared_path("data/jcs/es6testfile10k.txt"));
  int n = 0;
  for (std::string line; std::getline(in, line); ++n) {
    const size_t comma = line.find(',');
    uint64_t word = 0;
    std::from_chars(line.data(), line.data() + comma, word, 16);
    ASSERT_EQ(canonical(json(std::bit_cast<double>(word))), line.substr(comma + 1)) << line;
  }
  EXPECT_EQ(n, 10000);
}

TEST(CanonicalJson, KeysSortByUtf16CodeUnits) {
  // U+1F600 is D83D DE00 in UTF-16: before U+E000 and U+FB33, though its UTF-8 bytes sort behind theirs.
  EXPECT_EQ(canonical(json{{"\uE000", 1}, {"\U0001F600", 2}, {"z", 3}, {"\uFB33", 4}}),
            "{\"z\":3,\"\U0001F600\":2,\"\uE000\":1,\"\uFB33\":4}");
}

TEST(CanonicalJson, NumbersAndEscapesHaveOneSpelling) {
  EXPECT_EQ(canonical(json::parse(R"([1.0,-0.0,1e21,1e20,0.000001,1e-7,-5,9007199254740991])")),
            "[1,0,1e+21,100000000000000000000,0.000001,1e-7,-5,9007199254740991]");
  EXPECT_EQ(canonical(json("\x01\x1f\b\t\n\f\r\"\\/\x7f")), "\"\\u0001\\u001f\\b\\t\\n\\f\\r\\\"\\\\/\x7f\"");
}

TEST(CanonicalJson, ValuesWithoutCanonicalFormAreRefused) {
  for (const json& v : {json(std::nan("")), json(std::numeric_limits<double>::infinity()), json(uint64_t{1} << 53),
                        json(-(int64_t{1} << 53)), json(std::numeric_limits<int64_t>::min()), json("\xff"),
                        json("\xed\xa0\x80"), json("\xc0\xaf"), json{{"\x80", 1}}, json::binary({1})})
    EXPECT_EQ(code_of([&] { canonical(v); }), "E0601");
}

TEST(CanonicalJson, DoublesRoundTripThroughTheirText) {
  const uint64_t seed = 20261121;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20000; ++i) {
    const double v = std::bit_cast<double>(random());
    if (!std::isfinite(v) || v == 0) continue;
    const json back = parse_json(canonical(json(v)), "test");
    ASSERT_EQ(std::bit_cast<uint64_t>(back.get<double>()), std::bit_cast<uint64_t>(v));
  }
}

// JSONTestSuite says y_ must be read; strict reading (RFC 7493) refuses these, each for its reason.
const std::set<std::string> kRefusedAlthoughY = {
    "y_object_duplicated_key.json",            // two readers keep two different values
    "y_object_duplicated_key_and_value.json",  // as above
    "y_number_double_close_to_zero.json",      // 80 characters: more than a double holds
};

// i_ leaves the choice to the reader: these are read, all others refused.
const std::set<std::string> kReadAlthoughI = {
    "i_number_too_big_pos_int.json",      // 21 digits: the nearest double, as ECMAScript reads it
    "i_number_too_big_neg_int.json",      // 31 characters: as above
    "i_number_real_underflow.json",       // the nearest double is 0, as Python's json reads it
    "i_number_double_huge_neg_exp.json",  // as above
};

TEST(CanonicalJson, JsonTestSuiteVerdictsHoldUpToDocumentedOverrides) {
  SAMEBITS_NEEDS_SHARED("data/jsontestsuite/test_parsing");
  int n = 0;
  for (const auto& entry : fs::directory_iterator(shared_path("data/jsontestsuite/test_parsing"))) {
    const std::string name = entry.path().filename().string(), code = parse_code(slurp(entry.path()));
    const bool read = name[0] == 'y' ? kRefusedAlthoughY.count(name) == 0 : kReadAlthoughI.count(name) == 1;
    EXPECT_EQ(code, read ? "" : "E0602") << name;
    ++n;
  }
  EXPECT_EQ(n, 318);
}

TEST(CanonicalJson, JsonTestSuiteTransformsNeverCrash) {
  SAMEBITS_NEEDS_SHARED("data/jsontestsuite/test_transform");
  for (const auto& entry : fs::directory_iterator(shared_path("data/jsontestsuite/test_transform"))) {
    const std::string name = entry.path().filename().string(), code = parse_code(slurp(entry.path()));
    EXPECT_TRUE(code.empty() || code == "E0602") << name;
    const bool doubtful =
        name.find("same_key") != std::string::npos || name.find("invalid_codepoint") != std::string::npos;
    if (doubtful) {
      EXPECT_EQ(code, "E0602") << name;
    }
  }
}

TEST(CanonicalJson, HostileTextIsRefusedWithItsByteOffset) {
  const std::string deep = std::string(65, '[') + std::string(65, ']');
  const std::string cases[] = {"\xEF\xBB\xBF{}",
                               "",
                               " ",
                               "{\"a\":1,\"\\u0061\":2}",
                               "\"\\ud800\"",
                               "\"\\udc00\\ud800\"",
                               "\"\\ud800\\u0041\"",
                               "\"\xed\xa0\x80\"",
                               "\"\xc0\x80\"",
                               "\"\xf4\x90\x80\x80\"",
                               "\"\xe2\x82\"",
                               "{} {}",
                               "[1,]",
                               "{\"a\":1,}",
                               "01",
                               "-",
                               "1.",
                               "1e",
                               "+1",
                               ".5",
                               "NaN",
                               "Infinity",
                               "nul",
                               "\"\n\"",
                               "\"\\x\"",
                               "\"\\u12\"",
                               "\"\\u+123\"",
                               "\"",
                               "{\"a\"}",
                               "{1:2}",
                               "1e400",
                               "-1e400",
                               "123456789.5e301",
                               "1e99999999999999999999",
                               "0.001e1000",
                               std::string(33, '1'),
                               deep,
                               std::string("[\0]", 3),
                               "'a'",
                               "[1 2]",
                               "\"\\"};
  for (const std::string& text : cases) EXPECT_EQ(parse_code(text), "E0602") << text;
  try {
    parse_json("{\"a\":1,\"a\":2}", "items.jsonl");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.where, "items.jsonl, byte 7");
  }
  try {
    parse_json("{\n  \"é\": 1,\n  \"é\": x}\n", "task.json");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.where, "task.json, byte 15 (line 3, column 3)");
  }
  EXPECT_EQ(parse_code(deep.substr(1, 128)), "");
  EXPECT_EQ(code_of([] { parse_json("[1]", "test", {.depth = 64, .bytes = 2}); }), "E0602");
}

// As Python's json reads them; data sets hold such probabilities.
TEST(CanonicalJson, NumbersTooSmallForADoubleAreTheNearestOne) {
  for (const char* text : {"1e-400", "0.1e-400", "123456789.5e-400", "0.0001e-330", "2e-324", "1E-99999999999999999999",
                           "0e400", "0.0e99999999999999999999"}) {
    EXPECT_EQ(parse_json(text, "test").get<double>(), 0) << text;
    EXPECT_FALSE(std::signbit(parse_json(text, "test").get<double>())) << text;
    EXPECT_TRUE(std::signbit(parse_json("-" + std::string(text), "test").get<double>())) << text;
  }
  EXPECT_EQ(parse_json("3e-324", "test").get<double>(), std::numeric_limits<double>::denorm_min());
}

TEST(CanonicalJson, KeysKeepTheirOrderWhereItIsAskedFor) {
  const JsonRefusal refuse = [](const std::string& problem, size_t offset) {
    throw Error("E0409", problem, fmt::to_string(offset), "");
  };
  const std::string text = R"({"b":[1,{"z":-2,"y":0.5}],"a":18446744073709551615,"c":{}})";
  EXPECT_EQ(parse_ordered_json(text, refuse).dump(), text);
  EXPECT_EQ(code_of([&] { parse_ordered_json(text.substr(1), refuse); }), "E0409");
  EXPECT_EQ(code_of([&] { parse_ordered_json(R"({"a":1,"b":2,"a":3})", refuse); }), "E0409");
}

TEST(CanonicalJson, ValuesOfAnotherShapeAreNamedInOurWords) {
  const auto problem = [](const auto& read) -> std::string {
    try {
      read(json::parse(R"({"a": [1]})"));
    } catch (const json::exception& e) {
      return shape_problem(e);
    }
    return "";
  };
  EXPECT_EQ(problem([](const json& v) { v.at("b"); }), "a key is missing");
  EXPECT_EQ(problem([](const json& v) { v.at("a").at(1); }), "a list is too short");
  EXPECT_EQ(problem([](const json& v) { v.at("a").get<std::string>(); }), "a value has another type than is due");
}

TEST(CanonicalJson, EveryTruncationAndByteFlipIsReadOrRefusedNeverWorse) {
  const std::string text = "{\"a\":[1,-2.5e3,true,null,\"\\u00e9\\ud83d\\ude00\xc3\xa9\"],\"b\":{}}";
  for (size_t i = 0; i < text.size(); ++i) {
    EXPECT_EQ(parse_code(text.substr(0, i)), "E0602");
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      const std::string code = parse_code(flipped);
      EXPECT_TRUE(code.empty() || code == "E0602") << flipped;
    }
  }
}

TEST(CanonicalJson, TextThatIsNotCanonicalIsRefused) {
  for (const char* text :
       {"{ }", "[1.0]", "{\"b\":1,\"a\":2}", "\"\\u0041\"", "\"\\/\"", "1e2", "-0", "[1]\n", "\"\\u000A\""})
    EXPECT_EQ(code_of([&] { parse_canonical(text, "test"); }), "E0603") << text;
  EXPECT_EQ(parse_canonical("{\"a\":[1,2.5]}", "test")["a"][1], 2.5);
}

TEST(CanonicalJson, BitStringsRoundTripAndRefuseAnythingElse) {
  EXPECT_EQ(bits(1.0f), "f32:3f800000");
  EXPECT_EQ(bits(-0.0), "f64:8000000000000000");
  EXPECT_EQ(std::bit_cast<uint32_t>(f32_from_bits("f32:7f800001")), 0x7f800001u);
  EXPECT_EQ(std::bit_cast<uint64_t>(f64_from_bits(bits(0.1))), std::bit_cast<uint64_t>(0.1));
  for (const char* text : {"", "f32:", "f32:3F800000", "f32:3f80000", "f32:3f8000000", "f64:3f800000", "3f800000",
                           "f32:0x3f8000", "f32: 3f80000", "f32:-3f80000"})
    EXPECT_EQ(code_of([&] { f32_from_bits(text); }), "E0604") << text;
}

TEST(CanonicalJson, PortableTextIsUtf8WithoutDelAndNoncharacters) {
  for (const char* text : {"", "plain", "\u00e9\U0001F600", "\n\t\x01", "\uFFFD"}) EXPECT_TRUE(is_portable_text(text));
  for (const char* text : {"\x7f", "\xff", "\uFFFF", "\uFDD0", "\U0001FFFE", "a\xc3"})
    EXPECT_FALSE(is_portable_text(text));
}

}  // namespace
}  // namespace samebits
