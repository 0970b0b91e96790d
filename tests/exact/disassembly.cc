#include "tests/exact/disassembly.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "harness/core/error.h"

namespace samebits {
namespace {

using View = std::string_view;

// C's mathematics but for those that IEEE 754 or C define exactly (fma, sqrt, floor, ceil, trunc, fmod, …); each also
// with the suffix f or l.
const std::set<View> kInexactLibm = {"exp",   "exp2",   "exp10",  "expm1",  "log",   "log2", "log10", "log1p", "pow",
                                     "sin",   "cos",    "tan",    "sincos", "asin",  "acos", "atan",  "atan2", "sinh",
                                     "cosh",  "tanh",   "asinh",  "acosh",  "atanh", "erf",  "erfc",  "cbrt",  "hypot",
                                     "gamma", "lgamma", "tgamma", "j0",     "j1",    "jn",   "y0",    "y1",    "yn"};
const std::set<View> kFma = {"fma", "fmaf"};

// Loads, stores, exchanges, comparisons and changes of the sign are exact: a formatting library's long double has them.
const std::set<View> kX87Arithmetic = {"fadd",    "faddp",  "fadds", "faddl",   "fiadd",  "fiadds", "fiaddl", "fsub",
                                       "fsubp",   "fsubs",  "fsubl", "fsubr",   "fsubrp", "fsubrs", "fsubrl", "fisub",
                                       "fmul",    "fmulp",  "fmuls", "fmull",   "fimul",  "fimuls", "fimull", "fdiv",
                                       "fdivp",   "fdivs",  "fdivl", "fdivr",   "fdivrp", "fdivrs", "fdivrl", "fidiv",
                                       "fsqrt",   "fsin",   "fcos",  "fsincos", "fptan",  "fpatan", "f2xm1",  "fyl2x",
                                       "fyl2xp1", "fscale", "fprem", "fprem1",  "frndint"};

bool starts_with_one_of(View text, std::initializer_list<View> beginnings) {
  for (const View b : beginnings)
    if (text.starts_with(b)) return true;
  return false;
}

// Name of the rule that an x86-64 instruction breaks, or "".
const char* judge_x86(View op) {
  if (starts_with_one_of(op, {"vfmadd", "vfmsub", "vfnmadd", "vfnmsub", "v4fmadd", "v4fnmadd"}))
    return op.ends_with("ph") || op.ends_with("sh") ? "half arithmetic" : "fma";
  if (starts_with_one_of(op, {"rcp", "rsqrt", "vrcp", "vrsqrt"})) return "estimate";
  if (op.starts_with("vpdp") && op.ends_with("ds")) return "saturating";
  if (starts_with_one_of(op, {"vdpbf16", "vdpph", "vcvtne", "tdp"})) return "half arithmetic";
  if ((op.ends_with("ph") || op.ends_with("sh")) &&
      starts_with_one_of(op, {"vadd", "vsub", "vmul", "vdiv", "vsqrt", "vmin", "vmax", "vfcm", "vscalef"}))
    return "half arithmetic";
  if (starts_with_one_of(op, {"ldmxcsr", "vldmxcsr", "fldcw", "fldenv", "frstor", "fninit", "fxrstor", "xrstor"}))
    return "control";
  if (kX87Arithmetic.contains(op)) return "x87";
  return "";
}

const char* judge_aarch64(View op, View operands) {
  const bool half =
      operands.find(".8h") != View::npos || operands.find(".4h") != View::npos || operands.starts_with("h");
  if (starts_with_one_of(op, {"bfdot", "bfmmla", "bfmlal", "bfcvt", "fmlal", "fmlsl", "fmmla"}))
    return "half arithmetic";
  if (half && starts_with_one_of(op, {"fadd", "fsub", "fmul", "fdiv", "fmla", "fmls", "fmadd", "fmsub", "fsqrt"}))
    return "half arithmetic";
  if (starts_with_one_of(op, {"fmadd", "fmsub", "fnmadd", "fnmsub", "fmla", "fmls", "fcmla"})) return "fma";
  if (starts_with_one_of(op, {"frecp", "frsqrt", "urecpe", "ursqrte"})) return "estimate";
  if (op == "msr" && operands.starts_with("fpcr")) return "control";
  return "";
}

const char* judge(View op, View operands) {
#if defined(__aarch64__)
  return judge_aarch64(op, operands);
#else
  (void)judge_aarch64;
  (void)operands;
  return judge_x86(op);
#endif
}

const char* judge_symbol(View name) {
  if (kFma.contains(name)) return "fma";
  if (kInexactLibm.contains(name)) return "libm";
  if (!name.empty() && (name.back() == 'f' || name.back() == 'l') &&
      kInexactLibm.contains(name.substr(0, name.size() - 1)))
    return "libm";
  return name == "set_fast_math" || name == "fesetround" || name == "fesetenv" ? "control" : "";
}

// "R_X86_64_PLT32 expf-0x4" -> "expf"; "" without a relocation.
View relocated_symbol(View line) {
  size_t at = line.find("R_X86_64_");
  if (at == View::npos) at = line.find("R_AARCH64_");
  if (at == View::npos) return "";
  at = line.find_first_of(" \t", at);
  if (at == View::npos) return "";
  at = line.find_first_not_of(" \t", at);
  if (at == View::npos) return "";
  return line.substr(at, line.find_first_of("-+@ \t\n", at) - at);
}

// "call 1234 <expf@plt>" in a linked program -> "expf".
View called_symbol(View operands) {
  const size_t open = operands.find('<');
  if (open == View::npos) return "";
  return operands.substr(open + 1, operands.find_first_of("@+>", open) - open - 1);
}

class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  void line(View text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
    if (text.ends_with(">:")) {  // 0000000000000010 <name>:
      const size_t open = text.find('<');
      function_ = std::string(text.substr(open + 1, text.size() - open - 3));
      report(judge_symbol(function_), "is defined here");
      return;
    }
    if (const View symbol = relocated_symbol(text); !symbol.empty()) report(judge_symbol(symbol), symbol);
    const size_t colon = text.find(":\t");
    if (colon == View::npos || text.find("R_") < colon) return;
    View code = text.substr(colon + 2);
    code = code.substr(0, code.find("\t\t"));
    while (starts_with_one_of(code, {"rep ", "lock ", "bnd ", "notrack ", "{vex} ", "{evex} "}))
      code.remove_prefix(code.find(' ') + 1);
    const size_t end = std::min(code.find_first_of(" \t"), code.size());
    const View op = code.substr(0, end);
    View operands = code.substr(end);
    while (!operands.empty() && (operands.front() == ' ' || operands.front() == '\t')) operands.remove_prefix(1);
    report(judge(op, operands), code);
    if (op.starts_with("call") || op.starts_with("jmp") || op == "b" || op == "bl")
      if (operands.find("@plt") != View::npos) report(judge_symbol(called_symbol(operands)), code);
  }

  std::vector<Violation> found;

 private:
  void report(View rule, View instruction) {
    if (!rule.empty()) found.push_back({path_, function_, std::string(instruction), std::string(rule)});
  }

  std::string path_, function_;
};

}  // namespace

std::string objdump() { return SAMEBITS_OBJDUMP; }

std::vector<Violation> violations(const std::string& path) {
  const std::string command = objdump() + " -d -r -w -C --no-show-raw-insn '" + path + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  SAMEBITS_ASSERT(pipe);
  Reader reader(path);
  std::array<char, 1 << 14> buffer;
  size_t lines = 0;
  while (std::fgets(buffer.data(), buffer.size(), pipe.get())) {
    reader.line(buffer.data());
    ++lines;
  }
  SAMEBITS_ASSERT(lines > 2);  // objdump could read it
  return std::move(reader.found);
}

}  // namespace samebits
