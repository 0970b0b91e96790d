#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <cstdlib>
#include <string>

#include "harness/core/error.h"
#include "inference/kernels/kernels.h"

namespace samebits {

namespace scalar { extern const Kernels table; }
#if defined(__x86_64__)
namespace avx2 { extern const Kernels table; }
namespace avx512 { extern const Kernels table; }
namespace avx512vnni { extern const Kernels table; }
#endif

namespace {

#if defined(__x86_64__)
// CPUID leaf 1, ECX bit 29; clang 14's __builtin_cpu_supports does not know the name.
bool has_f16c() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) && (c >> 29 & 1);
}
#endif

struct Tier {
  Isa isa;
  const Kernels* kernels;
  bool here;
};

// Slowest first.
const std::vector<Tier>& tiers() {
  static const std::vector<Tier> all = [] {
    std::vector<Tier> t = {{Isa::scalar, &scalar::table, true}};
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    t.push_back({Isa::avx2, &avx2::table, avx2});
    t.push_back({Isa::avx512, &avx512::table, avx512});
    t.push_back({Isa::avx512vnni, &avx512vnni::table, avx512 && __builtin_cpu_supports("avx512vnni")});
#endif
    return t;
  }();
  return all;
}

const Tier* find(Isa isa) {
  for (const Tier& t : tiers())
    if (t.isa == isa) return &t;
  return nullptr;
}

uint32_t bit(Isa isa) { return uint32_t{1} << static_cast<int>(isa); }

}  // namespace

bool supported(Isa isa) {
  const Tier* t = find(isa);
  return t && t->here;
}

Isa best_isa() {
  Isa best = Isa::scalar;
  for (const Tier& t : tiers())
    if (t.here) best = t.isa;
  return best;
}

Isa parse_isa(const char* name) {
  std::string wanted = name ? name : "";
  if (const char* set = std::getenv("SAMEBITS_ISA"); wanted.empty() && set) wanted = set;
  if (wanted.empty()) return best_isa();
  uint32_t here = 0;
  for (const Tier& t : tiers())
    if (t.here) here |= bit(t.isa);
  return parse_isa(wanted.c_str(), here);
}

Isa parse_isa(const char* name, uint32_t here) {
  const std::string wanted = name;
  std::vector<std::string> known;
  std::string choices;
  for (const Tier& t : tiers()) {
    known.push_back(t.kernels->name);
    if (here & bit(t.isa)) choices += (choices.empty() ? "" : ", ") + known.back();
  }
  for (const Tier& t : tiers()) {
    if (wanted != t.kernels->name) continue;
    if (here & bit(t.isa)) return t.isa;
    throw Error("E0221", "this machine cannot run the tier \"" + wanted + "\"", "--isa or SAMEBITS_ISA",
                "choose one of: " + choices + "; all of them give the same bits");
  }
  throw Error("E0220", "there is no tier \"" + wanted + "\"" + did_you_mean(wanted, known), "--isa or SAMEBITS_ISA",
              "choose one of: " + choices);
}

const Kernels& kernels(Isa isa) {
  const Tier* t = find(isa);
  SAMEBITS_ASSERT(t && t->here);
  return *t->kernels;
}

const char* isa_name(Isa isa) { return kernels(isa).name; }

}  // namespace samebits
