// The published vectors are those of the seeded models, this engine gives them, and one other bit is seen.
#include <gtest/gtest.h>

#include <bit>
#include <filesystem>
#include <fstream>

#include "harness/cli/conformance.h"
#include "harness/core/digest.h"
#include "harness/core/error.h"
#include "inference/local_backend.h"
#include "results/claims.h"
#include "tests/cli/program.h"
#include "tests/matrix/vectors.h"
#include "tests/support/tiny_model.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;

const std::string kVectors = SAMEBITS_SOURCE_DIR "/results/conformance";

std::string text_of(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

EngineOptions fast() {
  EngineOptions options;
  options.isa = best_isa();
  options.logits_digest = true;
  return options;
}

TEST(Conformance, PublishedModelsAreTheSeededOnes) {
  uint64_t bytes = 0;
  for (const NamedTinyModel& m : conformance_models()) {
    EXPECT_EQ(sha256_file(kVectors + "/" + m.name + ".gguf"), sha256_hex(text_of(tiny_model(m.spec)))) << m.name;
    bytes += fs::file_size(kVectors + "/" + m.name + ".gguf");
  }
  EXPECT_LT(bytes, 300'000u);
}

TEST(Conformance, PublishedVectorsAreThisEngines) {
  for (const NamedTinyModel& m : conformance_models()) {
    LocalBackend backend(kVectors + "/" + m.name + ".gguf", fast());
    const std::vector<Request> requests = tiny_vector_requests();
    EXPECT_EQ(conformance_text(backend.model(), requests, answer_all(backend, requests)),
              read_text(kVectors + "/" + m.name + ".jsonl"));
  }
}

// What a wrong kernel would do: one bit of one number of one answer.
TEST(Conformance, OneOtherBitIsADifference) {
  for (const ConformanceSet& set : load_conformance(kVectors)) {
    const std::string model = kVectors + "/" + set.name + ".gguf";
    if (!fs::exists(model)) continue;
    LocalBackend backend(model, fast());
    const Responses right = answer_all(backend, set.requests);
    EXPECT_EQ(conformance_difference(set, right), "");
    Responses wrong = right;
    float& logit = wrong[0]->tokens.at(0).max_logit;
    logit = std::bit_cast<float>(std::bit_cast<uint32_t>(logit) ^ 1u);
    EXPECT_TRUE(conformance_difference(set, wrong).starts_with("request 0: tokens/0")) << set.name;
    wrong = right;
    wrong.back()->logits_digest.back() ^= 1;
    EXPECT_NE(conformance_difference(set, wrong), "") << set.name;
  }
}

// Tiny vectors alone, in a folder that a test may spoil.
std::string copied_vectors(const Scratch& scratch) {
  const std::string folder = scratch / "vectors";
  fs::create_directory(folder);
  for (const NamedTinyModel& m : conformance_models())
    for (const char* extension : {".gguf", ".jsonl"})
      fs::copy_file(kVectors + "/" + m.name + extension, folder + "/" + m.name + extension);
  return folder;
}

TEST(Selftest, PassesOnEveryTierOfThisMachine) {
  const Scratch scratch;
  const Outcome o = samebits(scratch, {"selftest", "--json", "--vectors", copied_vectors(scratch)});
  EXPECT_EQ(o.exit, 0) << o.err << o.out;
  EXPECT_EQ(o.json()["ok"], true);
  size_t tiers = 0;
  for (const Isa isa : kIsas) tiers += supported(isa);
  EXPECT_EQ(o.json()["rows"].size(), tiers * conformance_models().size());
  const Outcome one = samebits(scratch, {"selftest", "--isa", "scalar", "-j", "1", "--vectors", scratch / "vectors"});
  EXPECT_EQ(one.exit, 0) << one.err;
  EXPECT_EQ(lines_of(one.out).size(), 1 + conformance_models().size()) << one.out;
}

TEST(Selftest, FailsWhenAVectorOrAModelDiffers) {
  const Scratch scratch;
  const std::string folder = copied_vectors(scratch), name = folder + "/" + conformance_models().front().name;
  const std::string vectors = read_text(name + ".jsonl"), model = read_text(name + ".gguf");
  const auto expect_failure = [&](const std::string& what) {
    const Outcome o = samebits(scratch, {"selftest", "--isa", "scalar", "--json", "--vectors", folder});
    EXPECT_EQ(o.exit, 1) << o.out << o.err;
    EXPECT_NE(o.out.find(what), std::string::npos) << o.out;
  };
  std::string other = vectors;
  char& digit = other[vectors.find("\"f64:") + 12];
  digit = digit == '0' ? '1' : '0';
  std::ofstream(name + ".jsonl", std::ios::binary) << other;
  expect_failure("request 0: ");
  std::ofstream(name + ".jsonl", std::ios::binary) << vectors;
  other = model;
  other.back() ^= 1;
  std::ofstream(name + ".gguf", std::ios::binary) << other;
  expect_failure("another sha256");
}

TEST(Selftest, SaysWhichModelsAreNotHere) {
  const Scratch scratch;
  const std::string folder = copied_vectors(scratch);
  fs::remove(folder + "/" + conformance_models().front().name + ".gguf");
  const Outcome o = samebits(scratch, {"selftest", "--isa", "scalar", "--vectors", folder});
  EXPECT_EQ(o.exit, 0) << o.err;
  EXPECT_NE(o.out.find("not pulled"), std::string::npos) << o.out;
}

TEST(Selftest, RefusesAFolderWithoutVectorsAndLinesOfAnotherForm) {
  const Scratch scratch;
  expect_error(samebits(scratch, {"selftest", "--vectors", scratch / "absent"}), "E0101", 2);
  std::ofstream(scratch / "wrong.jsonl") << "{\"format\":\"samebits-conformance/2\"}\n";
  const Outcome o = samebits(scratch, {"selftest", "--vectors", scratch / ""});
  expect_error(o, "E0610", 4);
}

}  // namespace
}  // namespace samebits
