// Which tiers this machine can run, and which of them serves a run.
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <cstdlib>
#include <string>
#include <vector>

#include "harness/core/error.h"
#include "inference/kernels/kernels.h"

namespace samebits {

namespace scalar {
extern const Kernels table;
}
#if defined(__x86_64__)
namespace avx2 {
extern const Kernels table;
}
namespace avxvnni {
extern const Kernels table;
}
namespace avx512 {
extern const Kernels table;
}
namespace avx512vnni {
extern const Kernels table;
}
#elif defined(__aarch64__)
namespace neon {
extern const Kernels table;
}
namespace neon_i8mm {
extern const Kernels table;
}
#endif

namespace {

struct Tier {
  Isa isa;
  const char* name;
  const Kernels* kernels;  // null: this machine cannot run it
};

struct Pointers {
  const Kernels *avx2 = nullptr, *avxvnni = nullptr, *avx512 = nullptr, *avx512vnni = nullptr, *neon = nullptr,
                *neon_i8mm = nullptr;
};

#if defined(__x86_64__)
Pointers tables_here() {
  __builtin_cpu_init();
  // Two features by number: clang 14's __builtin_cpu_supports does not know their names.
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool f16c = __get_cpuid(1, &a, &b, &c, &d) && (c >> 29 & 1);
  const bool avx_vnni = __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
  Pointers here;
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") || !f16c) return here;
  here.avx2 = &avx2::table;
  if (avx_vnni) here.avxvnni = &avxvnni::table;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
      !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq"))
    return here;
  here.avx512 = &avx512::table;
  if (__builtin_cpu_supports("avx512vnni")) here.avx512vnni = &avx512vnni::table;
  return here;
}
#elif defined(__aarch64__)
Pointers tables_here() {
  Pointers here;
#if defined(__linux__)
  if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) here.neon = &neon::table;
  if (here.neon && getauxval(AT_HWCAP2) & HWCAP2_I8MM) here.neon_i8mm = &neon_i8mm::table;
#elif defined(__ARM_FEATURE_DOTPROD)
  here.neon = &neon::table;  // every machine that this build is for has it
#endif
  return here;
}
#else
Pointers tables_here() { return {}; }
#endif

// In the order of Isa.
const std::vector<Tier>& tiers() {
  static const std::vector<Tier> all = [] {
    const Pointers p = tables_here();
    return std::vector<Tier>{{Isa::scalar, "scalar", &scalar::table},       {Isa::avx2, "avx2", p.avx2},
                             {Isa::avxvnni, "avxvnni", p.avxvnni},          {Isa::avx512, "avx512", p.avx512},
                             {Isa::avx512vnni, "avx512vnni", p.avx512vnni}, {Isa::neon, "neon", p.neon},
                             {Isa::neon_i8mm, "neon_i8mm", p.neon_i8mm}};
  }();
  return all;
}

uint32_t bit(Isa isa) { return uint32_t{1} << static_cast<int>(isa); }

}  // namespace

bool supported(Isa isa) { return tiers()[static_cast<size_t>(isa)].kernels; }

Isa best_isa() {
  Isa best = Isa::scalar;
  for (Isa isa : kIsas)
    if (supported(isa)) best = isa;
  return best;
}

Isa parse_isa(const char* name) {
  std::string wanted = name ? name : "";
  if (const char* set = std::getenv("SAMEBITS_ISA"); wanted.empty() && set) wanted = set;
  if (wanted.empty()) return best_isa();
  uint32_t here = 0;
  for (Isa isa : kIsas)
    if (supported(isa)) here |= bit(isa);
  return parse_isa(wanted.c_str(), here);
}

Isa parse_isa(const char* name, uint32_t here) {
  const std::string wanted = name;
  std::vector<std::string> known;
  std::string choices;
  for (const Tier& t : tiers()) {
    known.push_back(t.name);
    if (here & bit(t.isa)) choices += (choices.empty() ? "" : ", ") + known.back();
  }
  for (const Tier& t : tiers()) {
    if (wanted != t.name) continue;
    if (here & bit(t.isa)) return t.isa;
    throw Error("E0221", "this machine cannot run the tier \"" + wanted + "\"", "--isa or SAMEBITS_ISA",
                "choose one of: " + choices + "; all of them give the same bits");
  }
  throw Error("E0220", "there is no tier \"" + wanted + "\"" + did_you_mean(wanted, known), "--isa or SAMEBITS_ISA",
              "choose one of: " + choices);
}

const Kernels& kernels(Isa isa) {
  SAMEBITS_ASSERT(supported(isa));
  return *tiers()[static_cast<size_t>(isa)].kernels;
}

const char* isa_name(Isa isa) { return tiers()[static_cast<size_t>(isa)].name; }

}  // namespace samebits
