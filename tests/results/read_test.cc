#include "results/read.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <functional>

#include "harness/core/canonical_json.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "results/bundle.h"
#include "results/claims.h"
#include "results/journal.h"
#include "tests/results/fake_run.h"
#include "tests/support/errors.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr const char* kItems = "claims/tasks/choice/items.jsonl";
constexpr const char* kTask = "claims/tasks/choice/task.json";

std::string open_code(const std::string& dir) {
  return code_of([&] { Bundle::open(dir); });
}

void replace(const std::string& file, const std::string& from, const std::string& to) {
  std::string text = slurp(file);
  const size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  spew(file, text.replace(at, from.size(), to));
}

TEST(Bundle, TheBytesDoNotDependOnTheOrderOfAnswers) {
  TempDir temp;
  const Plan plan = fake_plan();
  const ModelInfo model = fake_model();
  for (uint64_t seed = 0; seed < 5; ++seed) {
    FakeBackend backend;
    FakeRunner runner;
    runner.seed = seed;
    const Responses all = respond(plan, backend, runner, {}, {});
    const Scores scores = score(plan, all);
    write_bundle(temp / std::to_string(seed), {{plan, all, scores, model}, {}, {}});
    EXPECT_EQ(tree(temp / std::to_string(seed)), tree(temp / "0"));
  }
}

TEST(Bundle, ObservationsNamesAndPathsNeverTouchTheClaimsDigest) {
  TempDir temp;
  const std::string digest = write_fake_bundle(temp / "a");
  const Plan plan = fake_plan();
  const Responses responses = fake_responses(plan);
  const Scores scores = score(plan, responses);
  ModelInfo model = fake_model();
  model.name = "another name";
  EXPECT_EQ(write_bundle(temp / "b", {{plan, responses, scores, model}, {{"environment", {{"threads", 64}}}}, {}}),
            digest);
  EXPECT_EQ(Bundle::open(temp / "b").claims_digest(), digest);
  Plan partial = plan;
  partial.tasks[0].partial = true;
  EXPECT_NE(write_bundle(temp / "c", {{partial, responses, scores, model}, {}, {}}), digest);
}

TEST(Bundle, AMissingResponseIsNotABundle) {
  TempDir temp;
  const Plan plan = fake_plan();
  Responses responses = fake_responses(plan);
  const Scores scores = score(plan, responses);
  const ModelInfo model = fake_model();
  responses[2].reset();
  EXPECT_EQ(code_of([&] { write_bundle(temp / "a", {{plan, responses, scores, model}, {}, {}}); }), "E0705");
  EXPECT_EQ(open_code(temp / "a"), "E0614");
}

// Each limit lowered to just below what the run needs: the writer and the reader draw the line at the same place.
TEST(Bundle, WhatNoReaderWouldOpenIsNotWritten) {
  TempDir temp;
  const Plan plan = fake_plan();
  const Responses responses = fake_responses(plan);
  const Scores scores = score(plan, responses);
  const ModelInfo model = fake_model();
  const BundleInput input = {{plan, responses, scores, model}, {}, {}};
  write_bundle(temp / "whole", input);
  BundleLimits needed = {0, 0, 0, 0};
  for (const auto& entry : fs::recursive_directory_iterator(temp / "whole")) needed.files += fs::exists(entry);
  for (const auto& [path, bytes] : tree(temp / "whole")) {
    needed.file_bytes = std::max(needed.file_bytes, uint64_t{bytes.size()});
    if (path != kSumsName) needed.total_bytes += bytes.size();
    for (size_t at = 0, end; path.ends_with(".jsonl") && at < bytes.size(); at = end + 1) {
      end = std::min(bytes.find('\n', at), bytes.size());
      needed.line_bytes = std::max(needed.line_bytes, end - at);
    }
  }
  const std::string digest = write_bundle(temp / "exact", input, needed);
  EXPECT_EQ(Bundle::open(temp / "exact", needed).claims_digest(), digest);
  for (int which = 0; which < 4; ++which) {
    BundleLimits low = needed;
    if (which == 0) --low.files;
    if (which == 1) --low.file_bytes;
    if (which == 2) --low.total_bytes;
    if (which == 3) --low.line_bytes;
    const std::string dir = temp / std::to_string(which);
    fs::create_directory(dir);
    spew(dir + "/" + kJournalName, "answers");
    EXPECT_EQ(code_of([&] { write_bundle(dir, input, low); }), "E0707") << which;
    EXPECT_EQ(tree(dir), (std::vector<std::pair<std::string, std::string>>{{kJournalName, "answers"}})) << which;
    EXPECT_EQ(code_of([&] { Bundle::open(temp / "whole", low); }), "E0606") << which;
  }
}

TEST(Bundle, ReadBackItIsTheSameRun) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  const StoredRun run = load_run(Bundle::open(temp / "a"));
  const Scores scores = score(run.plan, run.responses);
  EXPECT_EQ(write_bundle(temp / "b", {{run.plan, run.responses, scores, run.model}, {}, {}}),
            Bundle::open(temp / "a").claims_digest());
  EXPECT_EQ(run.plan.requests[6].context, fake_plan().requests[6].context);
  EXPECT_EQ(run.plan.requests[6].until, fake_plan().requests[6].until);
  EXPECT_EQ(run.plan.samples[4].slices, fake_plan().samples[4].slices);
  EXPECT_EQ(run.responses[7]->text, fake_response(fake_plan().requests[7]).text);
}

TEST(Bundle, OrdinaryToolsCheckIt) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  EXPECT_EQ(std::system(("cd '" + (temp / "a") + "' && sha256sum --strict --quiet -c SHA256SUMS").c_str()), 0);
}

TEST(Bundle, HoldsRunTellsThisRunFromAnother) {
  TempDir temp;
  write_fake_bundle(temp / "a");
  EXPECT_TRUE(holds_run(temp / "a", fake_plan(), fake_model()));
  EXPECT_FALSE(holds_run(temp / "nowhere", fake_plan(), fake_model()));
  Plan other = fake_plan();
  other.seed = 1;
  EXPECT_EQ(code_of([&] { holds_run(temp / "a", other, fake_model()); }), "E0701");
}

TEST(Bundle, EveryFlippedByteOfTheClaimsIsFound) {
  TempDir temp;
  const std::string dir = temp / "a";
  write_fake_bundle(dir);
  for (const auto& [path, bytes] : tree(dir)) {
    if (!path.starts_with("claims/")) continue;
    std::string flipped = bytes;
    for (size_t i = 0; i < bytes.size(); ++i) {
      flipped[i] = static_cast<char>(bytes[i] ^ (1 << (i % 8)));
      spew(dir + "/" + path, flipped);
      ASSERT_NE(open_code(dir), "") << path << " byte " << i;
      flipped[i] = bytes[i];
    }
    spew(dir + "/" + path, bytes);
  }
  EXPECT_EQ(open_code(dir), "");
}

// One way to make a bundle hostile, and the errors it may meet.
struct Attack {
  std::string name;
  std::function<void(const std::string& dir)> apply;
  std::string codes;  // any of these
};

// The listed files stay as they are; the folder around them does not.
std::vector<Attack> folder_attacks() {
  std::vector<Attack> attacks = {
      {"symlink to a file",
       [](auto& d) { fs::remove(d + "/" + kTask), fs::create_symlink("/etc/passwd", d + "/" + kTask); }, "E0605"},
      {"symlink to a folder", [](auto& d) { fs::create_directory_symlink("/etc", d + "/claims/etc"); }, "E0605"},
      {"dangling symlink", [](auto& d) { fs::create_symlink("nowhere", d + "/reports/x"); }, "E0605"},
      {"claims folder is a link",
       [](auto& d) {
         fs::rename(d + "/claims", d + "-claims"), fs::create_directory_symlink(d + "-claims", d + "/claims");
       },
       "E0605"},
      {"fifo", [](auto& d) { mkfifo((d + "/claims/pipe").c_str(), 0600); }, "E0605"},
      {"fifo in place of a file", [](auto& d) { fs::remove(d + "/" + kTask), mkfifo((d + "/" + kTask).c_str(), 0600); },
       "E0605"},
      {"SHA256SUMS is a link",
       [](auto& d) { fs::rename(d + "/SHA256SUMS", d + "-sums"), fs::create_symlink(d + "-sums", d + "/SHA256SUMS"); },
       "E0605"},
      {"SHA256SUMS is a folder",
       [](auto& d) { fs::remove(d + "/SHA256SUMS"), fs::create_directory(d + "/SHA256SUMS"); }, "E0605"},
      {"no SHA256SUMS", [](auto& d) { fs::remove(d + "/SHA256SUMS"); }, "E0614"},
      {"an unfinished run", [](auto& d) { spew(d + "/samebits.journal", ""); }, "E0614"},
      {"extra file", [](auto& d) { spew(d + "/claims/extra.json", "{}"); }, "E0609"},
      {"extra top file", [](auto& d) { spew(d + "/readme", "hi"); }, "E0609"},
      {"missing file", [](auto& d) { fs::remove(d + "/" + kItems); }, "E0609"},
      {"renamed file", [](auto& d) { fs::rename(d + "/" + kItems, d + "/claims/tasks/choice/items2.jsonl"); }, "E0609"},
      {"truncated file", [](auto& d) { fs::resize_file(d + "/" + kItems, 10); }, "E0608"},
      {"emptied file", [](auto& d) { spew(d + "/" + kItems, ""); }, "E0608"},
      {"appended byte", [](auto& d) { spew(d + "/" + kItems, slurp(d + "/" + kItems) + "\n"); }, "E0608"},
      {"swapped files",
       [](auto& d) {
         const std::string task = slurp(d + "/" + kTask);
         spew(d + "/" + kTask, slurp(d + "/claims/run.json"));
         spew(d + "/claims/run.json", task);
       },
       "E0608"},
      {"sparse giant", [](auto& d) { fs::resize_file(d + "/" + kItems, uint64_t{1} << 40); }, "E0606"},
      {"too many files",
       [](auto& d) {
         for (int i = 0; i < 5000; ++i) spew(d + "/claims/x/" + std::to_string(i), "");
       },
       "E0606"},
  };
  for (const char* name : {"UPPER", "a b", ".hidden", "dot.", "con", "nul.json", "back\\slash", "new\nline",
                           "caf\u00e9", "tilde~", "\x1b[31m", "\xff", "-rf ", "%2e%2e", "com1", "aux.txt"})
    attacks.push_back(
        {std::string("file named ") + name, [name](auto& d) { spew(d + "/claims/" + name, "{}"); }, "E0605"});
  attacks.push_back({"long path", [](auto& d) { spew(d + "/claims/" + std::string(200, 'a'), ""); }, "E0605"});
  return attacks;
}

// SHA256SUMS itself is edited.
std::vector<Attack> sums_attacks() {
  const std::string zero(64, '0');
  const auto edit = [](auto change) {
    return [change](const std::string& d) { spew(d + "/SHA256SUMS", change(slurp(d + "/SHA256SUMS"))); };
  };
  return {
      {"CRLF", edit([](std::string s) { return s.insert(s.find('\n'), "\r"); }), "E0605E0607"},
      {"no last line feed", edit([](std::string s) { return s.substr(0, s.size() - 1); }), "E0607"},
      {"blank line", edit([](std::string s) { return "\n" + s; }), "E0607"},
      {"comment", edit([](std::string s) { return "# sums\n" + s; }), "E0607"},
      {"upper-case digest", edit([](std::string s) { return s[0] = 'A', s; }), "E0607"},
      {"binary mark", edit([](std::string s) { return s[65] = '*', s; }), "E0607"},
      {"one space", edit([](std::string s) { return s.erase(64, 1); }), "E0605E0607"},
      {"short digest", edit([](std::string s) { return s.erase(0, 1); }), "E0607"},
      {"duplicate line", edit([](std::string s) { return s.substr(0, s.find('\n') + 1) + s; }), "E0607"},
      {"reordered", edit([](std::string s) { return s.substr(s.find('\n') + 1) + s.substr(0, s.find('\n') + 1); }),
       "E0607"},
      {"empty", edit([](std::string) { return std::string(); }), "E0609"},
      {"escape", edit([zero](std::string s) { return zero + "  ../../etc/passwd\n" + s; }), "E0605"},
      {"absolute", edit([zero](std::string s) { return zero + "  /etc/passwd\n" + s; }), "E0605"},
      {"dot component", edit([zero](std::string s) { return zero + "  ./claims/run.json\n" + s; }), "E0605"},
      {"double slash", edit([zero](std::string s) { return zero + "  a//b\n" + s; }), "E0605"},
      {"NUL", edit([zero](std::string s) { return zero + "  a" + std::string(1, '\0') + "b\n" + s; }), "E0605"},
      {"itself listed", edit([zero](std::string s) { return zero + "  SHA256SUMS\n" + s; }), "E0605"},
      {"not there", edit([zero](std::string s) { return zero + "  aaa\n" + s; }), "E0609"},
      {"another digest", edit([zero](std::string s) { return s.replace(0, 64, zero); }), "E0608"},
  };
}

// A file is edited and every digest made to fit again.
std::vector<Attack> content_attacks() {
  const auto rewrite = [](const char* path, std::string text) {
    return [path, text](const std::string& d) { spew(d + "/" + path, text), reseal(d); };
  };
  const auto edit = [](const char* path, const char* from, const char* to) {
    return [=](const std::string& d) { replace(d + "/" + path, from, to), reseal(d); };
  };
  const char* run = "claims/run.json";
  return {
      {"item edited", edit(kItems, "Question 0?", "Question 9?"), "E0611"},
      {"item removed",
       [](auto& d) {
         replace(d + "/" + kItems, slurp(d + "/" + kItems).substr(0, slurp(d + "/" + kItems).find('\n') + 1), ""),
             reseal(d);
       },
       "E0611"},
      {"n edited", edit(kTask, "\"n\":3", "\"n\":4"), "E0611"},
      {"duplicate key", edit(run, "{\"evidence\"", "{\"evidence\":\"exact\",\"evidence\""), "E0602"},
      {"duplicate key after unescaping", edit(run, "{\"evidence\"", "{\"\\u0065vidence\":\"exact\",\"evidence\""),
       "E0602"},
      {"lone surrogate", rewrite(run, "{\"a\":\"\\ud800\"}"), "E0602"},
      {"byte order mark", rewrite(run, "\xEF\xBB\xBF{}"), "E0602"},
      {"invalid UTF-8", rewrite(run, "{\"a\":\"\xc0\xaf\"}"), "E0602"},
      {"trailing data", rewrite(run, "{}{}"), "E0602"},
      {"not JSON", rewrite(run, "hello"), "E0602"},
      {"empty JSON file", rewrite(run, ""), "E0602"},
      {"deep nesting", rewrite(run, std::string(100000, '[')), "E0602"},
      {"huge number", rewrite(run, "[" + std::string(1000, '9') + "]"), "E0602"},
      {"overflowing number", rewrite(run, "[1e999]"), "E0602"},
      {"white space", rewrite(run, "{ }"), "E0603"},
      {"final line feed", rewrite(run, "{}\n"), "E0603"},
      {"unsorted keys", rewrite(run, "{\"b\":1,\"a\":2}"), "E0603"},
      {"escaped letter", rewrite(run, "{\"a\":\"\\u0041\"}"), "E0603"},
      {"float in claims", rewrite(run, "{\"a\":0.5}"), "E0610"},
      {"integer beyond 2^53", rewrite(run, "{\"a\":9007199254740993}"), "E0601"},
      {"upper-case key", rewrite(run, "{\"A\":1}"), "E0610"},
      {"empty key", rewrite(run, "{\"\":1}"), "E0610"},
      {"DEL in a string", rewrite(run, "{\"a\":\"\x7f\"}"), "E0610"},
      {"noncharacter in a string", rewrite(run, "{\"a\":\"\uFFFF\"}"), "E0610"},
      {"unknown kind of claim", rewrite("claims/notes.txt", "hi"), "E0610"},
      {"blank line in items", edit(kItems, "\n", "\n\n"), "E0602"},
      {"CRLF in items", edit(kItems, "\n", "\r\n"), "E0603"},
      {"items without last line feed",
       [](auto& d) {
         const std::string s = slurp(d + "/" + kItems);
         spew(d + "/" + kItems, s.substr(0, s.size() - 1)), reseal(d);
       },
       "E0610"},
      {"endless line", rewrite(kItems, "\"" + std::string(size_t{17} << 20, 'a') + "\"\n"), "E0606"},
      {"task.json missing", [](auto& d) { fs::remove(d + "/" + kTask), reseal(d); }, "E0610"},
      {"task.json is an array", rewrite(kTask, "[]"), "E0610"},
      {"n is a string", edit(kTask, "\"n\":3", "\"n\":\"3\""), "E0610"},
      {"n is negative", edit(kTask, "\"n\":3", "\"n\":-3"), "E0610"},
      {"index missing",
       [](auto& d) {
         reseal(d), fs::remove(d + "/samebits.bundle.json");
         std::string s = slurp(d + "/SHA256SUMS");
         s.erase(s.rfind('\n', s.size() - 2) + 1);
         spew(d + "/SHA256SUMS", s);
       },
       "E0610"},
      {"observations not canonical", rewrite("observations/environment.json", "{ }"), "E0603"},
  };
}

// Sound as a bundle; refused when it is turned back into a run.
std::vector<Attack> record_attacks() {
  const auto edit = [](const char* path, const char* from, const char* to) {
    return [=](const std::string& d) { replace(d + "/" + path, from, to), reseal(d); };
  };
  const char* run = "claims/run.json";
  const auto drop = [run](const char* key) {
    return [=](const std::string& d) {
      json v = json::parse(slurp(d + "/" + run));
      v.erase(key);
      spew(d + "/" + run, canonical(v));
      reseal(d);
    };
  };
  return {
      {"seed is a number", edit(run, "\"seed\":\"1234\"", "\"seed\":1234"), "E0610"},
      {"seed too large", edit(run, "\"seed\":\"1234\"", "\"seed\":\"18446744073709551616\""), "E0610"},
      {"seed with a sign", edit(run, "\"seed\":\"1234\"", "\"seed\":\"+1234\""), "E0610"},
      {"no model", drop("model"), "E0610"},
      {"evidence of no known word", edit(run, "\"evidence\":\"exact\"", "\"evidence\":\"official\""), "E0610"},
      {"evidence with an escape", edit(run, "\"evidence\":\"exact\"", "\"evidence\":{\"b64\":\"G1szMW0=\"}"), "E0610"},
      {"no key", drop("key"), "E0610"},
      {"task of another id", edit(kTask, "\"id\":\"choice\"", "\"id\":\"chance\""), "E0610"},
      {"embedded JSON broken", edit(kTask, "\"definition\":\"{", "\"definition\":\"["), "E0602"},
      {"unknown field", edit(kTask, "\"n_docs\":3", "\"n_docs\":3,\"n_dogs\":3"), "E0610"},
      {"context length too large", edit(run, "\"context_length\":2048", "\"context_length\":2147483648"), "E0610"},
  };
}

class Hostile : public testing::Test {
 protected:
  void expect_refused(const std::vector<Attack>& attacks, const std::function<void(const std::string&)>& open) {
    TempDir temp;
    write_fake_bundle(temp / "good");
    for (const Attack& attack : attacks) {
      const std::string dir = temp / "bad";
      fs::remove_all(dir);
      fs::copy(temp / "good", dir, fs::copy_options::recursive);
      attack.apply(dir);
      try {
        open(dir);
        ADD_FAILURE() << attack.name << " was accepted";
      } catch (const Error& e) {
        EXPECT_NE(attack.codes.find(e.code), std::string::npos) << attack.name << ": " << format_error(e);
        EXPECT_TRUE(e.exit_code() == Exit::malformed || e.exit_code() == Exit::integrity || e.code == "E0614")
            << attack.name;
        EXPECT_FALSE(e.hint.empty()) << attack.name;
      }
    }
  }
};

TEST_F(Hostile, FoldersAreRefused) {
  expect_refused(folder_attacks(), [](auto& d) { Bundle::open(d); });
}
TEST_F(Hostile, ListsOfDigestsAreRefused) {
  expect_refused(sums_attacks(), [](auto& d) { Bundle::open(d); });
}
TEST_F(Hostile, ContentsAreRefused) {
  expect_refused(content_attacks(), [](auto& d) { Bundle::open(d); });
}
TEST_F(Hostile, RecordsAreRefused) {
  expect_refused(record_attacks(), [](auto& d) { load_run(Bundle::open(d)); });
}

}  // namespace
}  // namespace samebits
