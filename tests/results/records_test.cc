#include "results/records.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "results/encoding.h"
#include "tests/results/fake_run.h"
#include "tests/support/errors.h"

namespace samebits {
namespace {

using nlohmann::json;

// Random bytes, portable or not.
std::string random_text(std::mt19937_64& random) {
  static const std::string kPieces[] = {
      "a", "\n", "\"", "\x7f", "\xff", "\u00e9", "\U0001F600", "\uFFFF", std::string(1, '\0')};
  std::string out;
  for (uint64_t n = random() % 5; n > 0; --n) out += kPieces[random() % std::size(kPieces)];
  return out;
}

Response random_response(std::mt19937_64& random) {
  Response r;
  for (uint64_t n = random() % 4; n > 0; --n) r.context_ids.push_back(static_cast<int32_t>(random()));
  for (uint64_t n = random() % 4; n > 0; --n) {
    r.output_ids.push_back(static_cast<int32_t>(random()));
    r.tokens.push_back({static_cast<int32_t>(random()), static_cast<int32_t>(random()), static_cast<float>(random()),
                        -static_cast<float>(random()), static_cast<double>(random()) / 3});
  }
  if (random() % 2) r.loglikelihood = -static_cast<double>(random()) / 7;
  if (random() % 4 == 0) r.loglikelihood = Unknown{random_text(random)};
  r.greedy = random() % 2;
  r.text = random_text(random);
  r.stop = static_cast<Stop>(random() % 6);
  if (random() % 2) r.cost = Cost{random(), random(), random()};
  if (random() % 2) r.stages = {{random_text(random), "d", "input", random() % 2 == 0, random_text(random)}};
  if (random() % 2) r.warnings = {"truncated", random_text(random)};
  r.error = random_text(random);
  if (random() % 2) r.logits_digest = sha256_hex("x");
  return r;
}

// Equal as values, floats by their bits.
void expect_equal(const Response& a, const Response& b) {
  EXPECT_EQ(a.context_ids, b.context_ids);
  EXPECT_EQ(a.output_ids, b.output_ids);
  EXPECT_EQ(a.tokens, b.tokens);
  EXPECT_EQ(a.loglikelihood, b.loglikelihood);
  EXPECT_EQ(a.greedy, b.greedy);
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(a.stop, b.stop);
  EXPECT_EQ(a.cost, b.cost);
  EXPECT_EQ(a.stages, b.stages);
  EXPECT_EQ(a.warnings, b.warnings);
  EXPECT_EQ(a.error, b.error);
  EXPECT_EQ(a.logits_digest, b.logits_digest);
}

TEST(Records, ResponsesRoundTripExactlyThroughTheirText) {
  const uint64_t seed = 11;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 2000; ++i) {
    const Response r = random_response(random);
    const std::string text = canonical(response_json(r));
    const Response back = response_of_json(parse_canonical(text, "test"), "test");
    expect_equal(r, back);
    ASSERT_EQ(canonical(response_json(back)), text);
  }
}

TEST(Records, RequestsRoundTripExactlyThroughTheirText) {
  const uint64_t seed = 12;
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 2000; ++i) {
    Request r;
    r.kind = static_cast<RequestKind>(random() % 3);
    r.context = random_text(random);
    r.continuation = random_text(random);
    r.chat = random() % 2;
    if (random() % 2) r.until = {random_text(random), random_text(random)};
    r.max_tokens = static_cast<int>(random() % 3);
    if (random() % 2) r.sampling = {static_cast<double>(random()) / 3, 5, 0.1, random()};
    const Request back = request_of_json(parse_canonical(canonical(request_json(r)), "test"), "test");
    EXPECT_EQ(back.kind, r.kind);
    EXPECT_EQ(back.context, r.context);
    EXPECT_EQ(back.continuation, r.continuation);
    EXPECT_EQ(back.chat, r.chat);
    EXPECT_EQ(back.until, r.until);
    EXPECT_EQ(back.max_tokens, r.max_tokens);
    EXPECT_EQ(back.sampling, r.sampling);
  }
}

TEST(Records, EveryDamagedFieldOfAResponseIsRefused) {
  const json good = json::parse(canonical(response_json(fake_response(fake_plan().requests[0]))));
  for (const auto& [key, value] : good.items())
    for (const json& wrong :
         {json(nullptr), json(1.5), json(-1), json("x"), json::array({json::object()}), json{{"a", 1}}}) {
      json bad = good;
      bad[key] = wrong;
      const std::string code = code_of([&] { response_of_json(bad, "test"); });
      EXPECT_TRUE(code == "E0610" || code == "E0604") << key << " = " << wrong << " gave " << code;
    }
  json extra = good;
  extra["surprise"] = 1;
  EXPECT_EQ(code_of([&] { response_of_json(extra, "test"); }), "E0610");
  for (const char* id : {"2147483648", "-2147483649", "1e3", "4294967296", "1.5"})
    EXPECT_EQ(code_of([&] {
                json bad = good;
                bad["output_ids"] = json::array({json::parse(id)});
                response_of_json(bad, "test");
              }),
              "E0610")
        << id;
}

TEST(Records, RunKeyNamesWhatDiffers) {
  const Plan plan = fake_plan();
  const ModelInfo model = fake_model();
  const json key = run_key(plan, model);
  EXPECT_EQ(key_difference(key, run_key(fake_plan(), fake_model())), "");
  const auto difference = [&](const auto& change) {
    Plan p = fake_plan();
    ModelInfo m = fake_model();
    change(p, m);
    return key_difference(run_key(p, m), key);
  };
  EXPECT_EQ(difference([](Plan&, ModelInfo& m) { m.name = "elsewhere"; }), "");
  EXPECT_EQ(difference([](Plan&, ModelInfo& m) { m.digest = "77"; }).substr(0, 14), "model: 77 here");
  EXPECT_EQ(difference([](Plan& p, ModelInfo&) { p.seed = 5; }), "seed: 5 here, 1234 there");
  EXPECT_EQ(difference([](Plan& p, ModelInfo&) { p.tasks[0].num_fewshot = 5; }),
            "task choice, num_fewshot: 5 here, 0 there");
  EXPECT_NE(difference([](Plan& p, ModelInfo&) { p.requests[3].context += " "; }).find("plan digest"),
            std::string::npos);
  EXPECT_NE(difference([](Plan& p, ModelInfo&) { p.samples[0].gold = {1}; }), "");
  EXPECT_NE(difference([](Plan& p, ModelInfo&) { p.groups[0].weight_by_size = false; }), "");
}

TEST(Encoding, PathNamesAreSafeAndNeverMeet) {
  std::set<std::string> seen;
  const std::string names[] = {"arc_easy",
                               "ARC_easy",
                               "-41rc_easy",
                               "con",
                               "con.x",
                               ".",
                               "..",
                               "../x",
                               "a/b",
                               "a-2fb",
                               "",
                               "com1",
                               "a.",
                               ".a",
                               "\xff",
                               std::string(300, 'a'),
                               std::string(301, 'a'),
                               "lpt9",
                               "mmlu.x",
                               "caf\u00e9"};
  for (const std::string& name : names) {
    const std::string path = path_name(name);
    EXPECT_TRUE(is_safe_path(path)) << name << " -> " << path;
    EXPECT_TRUE(seen.insert(path).second) << name << " -> " << path;
  }
  EXPECT_EQ(path_name("arc_easy"), "arc_easy");
  EXPECT_EQ(path_name("Arc"), "-41rc");
}

TEST(Encoding, MerkleRootsEqualRfc6962) {
  // Vectors of the transparency-dev test suite: leaves "", 00, 10, 2021, 3031, 40414243, ….
  const std::string leaves[] = {"",
                                std::string(1, '\0'),
                                "\x10",
                                "\x20\x21",
                                "\x30\x31",
                                "\x40\x41\x42\x43",
                                "\x50\x51\x52\x53\x54\x55\x56\x57",
                                "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
  const char* roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  MerkleRoot root;
  EXPECT_EQ(root.hex(), sha256_hex(""));
  for (size_t i = 0; i < std::size(leaves); ++i) {
    root.add(leaves[i]);
    EXPECT_EQ(root.hex(), roots[i]) << i + 1 << " leaves";
  }
}

TEST(Encoding, Base64IsReadInItsOneSpellingOnly) {
  for (const char* bytes : {"", "a", "ab", "abc", "\xff\xfe"}) EXPECT_EQ(base64_decode(base64(bytes), "test"), bytes);
  for (const char* text : {"YQ", "YQ=", "YR==", " YQ==", "YQ==\n", "Y===", "====", "YWI", "a-b_", "YQ==YQ=="})
    EXPECT_EQ(code_of([&] { base64_decode(text, "test"); }), "E0610") << text;
}

TEST(CutText, CutsBetweenCharacters) {
  EXPECT_EQ(cut_text("short", 5), "short");
  EXPECT_EQ(cut_text("sixsix", 5), "sixsi…");
  EXPECT_EQ(cut_text("aaéé", 3), "aa…");  // é has two bytes
}

}  // namespace
}  // namespace samebits
