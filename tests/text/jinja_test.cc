// data/jinja_golden.json: what Jinja2 itself renders (task templates, chat templates, a random grammar).
#include "harness/text/jinja.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/core/error.h"
#include "harness/numeric/mt19937.h"

namespace samebits::jinja {
namespace {

using Json = nlohmann::ordered_json;

// The rendered text, or the code of the error.
std::string outcome(const std::string& source, const Options& options, const Json& variables) {
  try {
    return Template::parse(source, options, "test").render(variables);
  } catch (const Error& e) {
    return "error " + e.code;
  }
}

Json golden() {
  std::ifstream file(SAMEBITS_SOURCE_DIR "/tests/text/data/jinja_golden.json");
  return Json::parse(file);
}

TEST(Jinja, RendersWhatJinja2Renders) {
  const Json data = golden();
  ASSERT_GT(data["cases"].size(), 800u);
  for (const Json& c : data["cases"]) {
    const std::string source = c["t"];
    const Options options = c["d"] == "chat" ? kChat : kLmEval;
    const std::string expected =
        c.contains("ok") ? c["ok"].get<std::string>() : "error " + c["error"].get<std::string>();
    EXPECT_EQ(outcome(source, options, data["variables"][c["v"].get<size_t>()]), expected) << source;
  }
}

TEST(Jinja, ErrorsNameThePlace) {
  try {
    Template::parse("line one\n{{ a | nosuch }}", kLmEval, "task.json");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "E0310");
    EXPECT_EQ(e.where, "task.json:2:8");
  }
  try {
    Template::parse("line one\n\n{{ qestion }}", kLmEval, "task.json").render(Json{{"question", "?"}});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "E0311");
    EXPECT_NE(e.problem.find("'qestion'"), std::string::npos);
    EXPECT_EQ(e.where, "task.json:3");
  }
}

TEST(Jinja, HostileTemplatesEndInAnError) {
  const std::string many(3000, '(');
  std::string chain = "{{ 1";
  for (int i = 0; i < 5000; ++i) chain += "+1";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"{{ " + many + "1" + std::string(3000, ')') + " }}", "E0312"},
      {chain + " }}", "E0312"},
      {"{{ 'a' * 100000000000 }}", "E0312"},
      {"{{ [0] * 9223372036854775807 }}", "E0312"},
      {"{{ range(1000000)|list }}", "E0312"},
      {"{{ range(1, 10)[::9223372036854775807][::1] }}", "E0312"},
      {"{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}", "E0312"},
      {"{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "E0312"},
      {"{{ 9223372036854775807 + 1 }}", "E0312"},
      {"{{ 10 ** 100 }}", "E0312"},
      {"{{ -9223372036854775807 - 1 }}{{ (-9223372036854775807 - 1) // -1 }}", "E0312"},
      {"{% set l = [] %}{% set _ = l.append(l) %}{{ l }}", "E0312"},
      {"{% set ns = namespace(l=[]) %}{% for i in range(90000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
       "E0312"},
      {"{% set ns = namespace(l=[]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
       "E0312"},
      {"{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "E0312"},
      {"{{ '%999999999d' % 1 }}", "E0312"},
      {"{{ '{:999999999}'.format(1) }}", "E0312"},
      {"{{ 'a'|center(9999999999) }}", "E0312"},
      {"{{ ''.__class__ }}", "E0311"},
      {"{{ self }}", "E0311"},
      {"{% include 'x' %}", "E0310"},
      {"\xff", "E0310"},
  };
  for (const auto& [source, code] : cases)
    EXPECT_EQ(outcome(source, kLmEval, Json::object()), "error " + code) << source.substr(0, 80);
}

TEST(Jinja, VariablesMustBeAnObjectOfText) {
  EXPECT_EQ(outcome("{{ x }}", kLmEval, Json::array()), "error E0316");
  EXPECT_EQ(outcome("{{ x }}", kLmEval, Json{{"x", "\xff"}}), "error E0316");
}

TEST(Jinja, ATemplateThatKeepsItselfAliveLeaksNothing) {  // for the leak sanitizer
  EXPECT_EQ(outcome("{% set ns = namespace() %}{% set ns.me = ns %}{% macro m() %}x{% endmacro %}{% set ns.m = m %}"
                    "{% for i in [1] %}{% set ns.loop = loop %}{{ loop.changed(loop) }}{% endfor %}",
                    kLmEval, Json::object()),
            "True");
}

// Mutated templates render or end in a coded error; anything else is a crash or a hang, which the test would show.
TEST(Jinja, MutatedTemplatesNeverCrash) {
  const Json data = golden();
  constexpr uint64_t kSeed = 20240726;
  PythonRandom random(kSeed);
  const std::string letters = "{}%#-+|()[].,:~*/'\"\\ \nabcifnoxls0129";
  for (int round = 0; round < 4000; ++round) {
    const Json& c = data["cases"][random.randbelow(data["cases"].size())];
    std::string source = c["t"];
    for (uint64_t edit = 0; edit <= random.randbelow(6) && !source.empty(); ++edit) {
      const size_t at = random.randbelow(source.size());
      const uint64_t kind = random.randbelow(4);
      if (kind == 0) source.erase(at, 1 + random.randbelow(5));
      if (kind == 1) source.insert(at, 1, letters[random.randbelow(letters.size())]);
      if (kind == 2) source[at] = letters[random.randbelow(letters.size())];
      if (kind == 3) source.insert(at, source.substr(random.randbelow(source.size()), random.randbelow(20)));
    }
    SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
    const std::string result = outcome(source, round % 2 ? kChat : kLmEval, data["variables"][c["v"].get<size_t>()]);
    EXPECT_LT(result.size(), size_t{64} << 20);
  }
}

}  // namespace
}  // namespace samebits::jinja
