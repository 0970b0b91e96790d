// No object that reaches a score holds an instruction or a call that could make its bits depend on the machine
// (NUMERICS.md §1): fused multiply-adds that no source wrote, libm, flush-to-zero, x87, estimates, half precision.
#include "tests/exact/disassembly.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

namespace samebits {
namespace {

#define SAMEBITS_NEEDS_OBJDUMP() \
  if (objdump().empty()) GTEST_SKIP() << "needs objdump for this architecture: install binutils and run cmake again"

std::vector<std::string> lines_of(const char* path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

// Sources that write fma. Everywhere else one is a contraction.
bool source_writes_fma(const std::string& object) {
  return contains(object, "/math64.cc.") || contains(object, "/trig64.cc.") || contains(object, "/kernels/");
}

// Kernels whose text in NUMERICS.md has products and sums, but no fma.
bool kernel_without_fma(const std::string& function) {
  for (const char* name : {"::quantise_row(", "::add(", "::scale(", "::to_f16(", "::from_f16("})
    if (contains(function, name)) return true;
  return false;
}

bool allowed(const Violation& v) {
  if (v.rule == "fma") return source_writes_fma(v.object) && !kernel_without_fma(v.function);
  // Its one purpose; a thread that calls it has the default state afterwards.
  return v.rule == "control" && contains(v.function, "samebits::set_fp_environment()");
}

TEST(Disassembly, ObjectsThatReachAScoreHoldNothingThatDiffersBetweenMachines) {
  SAMEBITS_NEEDS_OBJDUMP();
  const std::vector<std::string> objects = lines_of(SAMEBITS_OBJECT_LIST);
  ASSERT_GE(objects.size(), 50u);
  size_t written_fmas = 0;
  for (const std::string& object : objects)
    for (const Violation& v : violations(object)) {
      EXPECT_TRUE(allowed(v)) << object << ": " << v.function << ": " << v.instruction << " (" << v.rule << ")";
      written_fmas += v.rule == "fma";
    }
  EXPECT_GT(written_fmas, 20u) << "the kernels' own multiply-adds were not seen: is the list of objects right?";
}

// crtfastmath.o would turn on flush-to-zero before main(): -ffast-math at link time brings it.
TEST(Disassembly, TheProgramStartsWithTheDefaultFloatingPointState) {
  SAMEBITS_NEEDS_OBJDUMP();
  for (const Violation& v : violations(SAMEBITS_PROGRAM)) {
    EXPECT_TRUE(v.rule != "control" || allowed(v)) << v.function << ": " << v.instruction;
  }
}

TEST(Disassembly, EveryPlantedViolationIsNamed) {
  SAMEBITS_NEEDS_OBJDUMP();
  std::map<std::string, std::string> expected = {{"plant_fma", "fma"},
                                                 {"plant_fma_scalar", "fma"},
                                                 {"plant_estimate", "estimate"},
                                                 {"plant_bf16", "half arithmetic"},
                                                 {"plant_fp16", "half arithmetic"},
                                                 {"plant_control", "control"},
                                                 {"plant_libm", "libm"},
                                                 {"plant_libm_tail_call", "libm"}};
#if defined(__x86_64__)
  expected.insert({{"plant_estimate_512", "estimate"}, {"plant_saturating", "saturating"}, {"plant_x87", "x87"}});
#endif
  std::map<std::string, std::string> seen;
  for (const Violation& v : violations(SAMEBITS_PLANTED)) {
    EXPECT_FALSE(allowed(v)) << v.function;
    EXPECT_FALSE(v.instruction.empty());
    seen[v.function] = v.rule;
  }
  EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace samebits
