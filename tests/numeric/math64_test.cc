#include "harness/numeric/math64.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace samebits {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Case {
  double x, y;
};

// Correctly rounded values from 300-bit arithmetic (mpmath), chosen at the ends of every range.
TEST(Exp64, EqualsTheCorrectlyRoundedValue) {
  const Case cases[] = {
      {0x1.0000000000000p+0, 0x1.5bf0a8b145769p+1},     {-0x1.0000000000000p+0, 0x1.78b56362cef38p-2},
      {0x1.0000000000000p-1, 0x1.a61298e1e069cp+0},     {-0x1.0000000000000p-1, 0x1.368b2fc6f960ap-1},
      {0x1.5798ee2308c3ap-27, 0x1.0000002af31dcp+0},    {0x1.62e42fefa39efp-2, 0x1.6a09e667f3bccp+0},
      {-0x1.62e42fefa39efp-2, 0x1.6a09e667f3bcdp-1},    {0x1.4000000000000p+3, 0x1.5829dcf950560p+14},
      {-0x1.4000000000000p+3, 0x1.7cd79b5647c9bp-15},   {0x1.fdf06f6944674p+2, 0x1.68d0009a5b418p+11},
      {0x1.6000000000000p+6, 0x1.f1056dc7bf22dp+126},   {-0x1.6000000000000p+6, 0x1.07b7112bc1ffep-127},
      {0x1.62e3d70a3d70ap+9, 0x1.fe9ce5c4c52b4p+1023},  {0x1.62e42fefa39efp+9, 0x1.fffffffffff2ap+1023},
      {-0x1.6200000000000p+9, 0x1.7c8ab2288c9abp-1022}, {-0x1.6231eb851eb85p+9, 0x1.01a5ff6ed496bp-1022},
      {-0x1.6232bdd7abcd2p+9, 0x1.000000000007cp-1022}, {-0x1.6820000000000p+9, 0x0.000077564144fp-1022},
      {-0x1.7433333333333p+9, 0x0.0000000000001p-1022}, {-0x1.7490a3d70a3d7p+9, 0x0.0000000000001p-1022},
      {0x1.3aa0dad1be0e0p+2, 0x1.10ee0dc19fb84p+7},     {0x1.357cc2b95d9d4p+3, 0x1.ef965df5d250fp+13},
      {0x1.79d9070e78b3ep+3, 0x1.06480a3ff3bf5p+17},    {0x1.1b2b0df352250p+4, 0x1.725f5cc814c63p+25},
      {0x1.3311f7085337cp+3, 0x1.cb88042ca0efdp+13},    {0x1.0e49ba3a67374p+4, 0x1.4b2ca248b5d3fp+24},
      {-0x1.2d6fc88cc5abbp+4, 0x1.c3ebcdeee1940p-28},   {-0x1.6006261ec5e70p+0, 0x1.02e22a1faa287p-2},
  };
  for (const Case& c : cases) EXPECT_EQ(std::bit_cast<uint64_t>(exp64(c.x)), std::bit_cast<uint64_t>(c.y)) << c.x;
}

TEST(Log64, EqualsTheCorrectlyRoundedValue) {
  const Case cases[] = {
      {0x1.0000000000000p+1, 0x1.62e42fefa39efp-1},     {0x1.0000000000000p-1, -0x1.62e42fefa39efp-1},
      {0x1.4000000000000p+3, 0x1.26bb1bbb55516p+1},     {0x1.999999999999ap-4, -0x1.26bb1bbb55515p+1},
      {0x1.0000000000001p+0, 0x1.fffffffffffffp-53},    {0x1.fffffffffffffp-1, -0x1.0000000000000p-53},
      {0x1.6a09e667f3bcdp+0, 0x1.62e42fefa39f0p-2},     {0x1.6a09e667f3bccp+0, 0x1.62e42fefa39eep-2},
      {0x1.6a09e667f3bcdp-1, -0x1.62e42fefa39eep-2},    {0x0.0000000000001p-1022, -0x1.74385446d71c3p+9},
      {0x1.0000000000000p-1022, -0x1.6232bdd7abcd2p+9}, {0x0.01b9cd1295941p-1022, -0x1.64b2ad4cffd15p+9},
      {0x1.fffffffffffffp+1023, 0x1.62e42fefa39efp+9},  {0x1.8000000000000p+1, 0x1.193ea7aad030bp+0},
      {0x1.4f8b588e368f1p-17, -0x1.7069e2aa2aa5bp+3},   {0x1.fae147ae147aep-1, -0x1.495453e6fd4bcp-7},
      {0x1.028f5c28f5c29p+0, 0x1.460d6ccca367cp-7},     {0x1.5bf0a8b145769p+1, 0x1.0000000000000p+0},
      {0x1.6a3fbd1bf45bep+1, 0x1.0a5132f720dbfp+0},     {0x1.f26996c4fa586p+0, 0x1.551ec9a4b96e8p-1},
      {0x1.59f21f378763ap+1, 0x1.fd0e930ecaff1p-1},     {0x1.5bc4cb0ec4c5ep-2, -0x1.1476903e28dd1p+0},
      {0x1.683eba335eea6p+0, 0x1.5dce3914c5fb4p-2},     {0x1.7abc62091b035p-1, -0x1.34b8a258d424ap-2},
      {0x1.6f87b28508305p+87, 0x1.e552ce38666aep+5},    {0x1.d7e99f9c62e03p+147, 0x1.9a045a9ac8ff3p+6},
      {0x1.2be89b4f11a60p-974, -0x1.517bc86893c04p+9},  {0x1.600a93687dc62p-567, -0x1.88b22535f0a7ep+8},
      {0x1.f3a2aca0b93a6p-442, -0x1.31b3cd600ab62p+8},  {0x1.9d36a8a82f6dap+832, 0x1.2096afd716505p+9},
  };
  for (const Case& c : cases) EXPECT_EQ(std::bit_cast<uint64_t>(log64(c.x)), std::bit_cast<uint64_t>(c.y)) << c.x;
}

TEST(Exp64, EdgesAreDefined) {
  EXPECT_EQ(exp64(0), 1);
  EXPECT_EQ(exp64(-0.0), 1);
  EXPECT_EQ(exp64(kInfinity), kInfinity);
  EXPECT_EQ(exp64(-kInfinity), 0);
  EXPECT_EQ(exp64(709.7827128933841), kInfinity);
  EXPECT_EQ(exp64(1e300), kInfinity);
  EXPECT_EQ(exp64(-745.1332191019412), 0);
  EXPECT_EQ(exp64(-1e300), 0);
  EXPECT_NE(exp64(kNan), exp64(kNan));
}

TEST(Log64, EdgesAreDefined) {
  EXPECT_EQ(log64(1), 0);
  EXPECT_EQ(log64(0), -kInfinity);
  EXPECT_EQ(log64(-0.0), -kInfinity);
  EXPECT_EQ(log64(kInfinity), kInfinity);
  EXPECT_NE(log64(-1), log64(-1));
  EXPECT_NE(log64(kNan), log64(kNan));
}

// exp rises: of two neighbours the larger argument never has the smaller value, also where results become subnormal.
TEST(Exp64, IsMonotone) {
  constexpr uint64_t kSeed = 20;
  SCOPED_TRACE(kSeed);
  uint64_t state = kSeed;
  for (int i = 0; i < 50000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const double x = (static_cast<double>(state >> 11) * 0x1p-53 - 0.5) * 1490;
    EXPECT_LE(exp64(x), exp64(std::nextafter(x, kInfinity))) << x;
  }
}

// Both are rounded once, so the round trip of a value near 1 stays within the half units of the two roundings.
TEST(Log64, InvertsExp) {
  constexpr uint64_t kSeed = 21;
  SCOPED_TRACE(kSeed);
  uint64_t state = kSeed;
  for (int i = 0; i < 50000; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const double x = (static_cast<double>(state >> 11) * 0x1p-53 - 0.5) * 1400;
    const double bound = 0x1p-53 * (1 + std::fabs(x));
    EXPECT_LE(std::fabs(log64(exp64(x)) - x), bound) << x;
  }
}

TEST(Ln2, IsTheNearestDouble) { EXPECT_EQ(kLn2, log64(2)); }

}  // namespace
}  // namespace samebits
