// Jinja templates in both dialects.
#include <nlohmann/json.hpp>

#include "harness/text/jinja.h"
#include "tests/fuzz/fuzz.h"

namespace samebits {
namespace {

std::vector<std::string> template_seeds() {
  return {"{{ s|trim ~ l[0] }}{% for x in l if x %}{{ loop.index }}{% else %}-{% endfor %}",
          "{%- set n = namespace(a=1) -%}{% if x == 1 and 'e' in s %}{% set n.a = n.a + 2 ** 3 %}{{ n.a }}{% endif %}",
          "{% macro m(a, b=2) %}{{ a * b }}{% endmacro %}{{ m(3) }}{{ \"%05.2f\" % d.a }}{{ d|tojson }}",
          "{{ l|map('string')|join(', ') }}{{ s.split('e')[-1][::-1]|upper }}{{ range(5)|list|sum }}{# c #}",
          "{% raw %}{{ }}{% endraw %}{{ s|replace('t', \"\\u00e9\")|title }}{{ (1, 2)|length if x else 'no' }}"};
}

void run_template(std::string_view text) {
  static const nlohmann::ordered_json variables{
      {"x", 1}, {"s", "text"}, {"l", {1, "b", nullptr}}, {"d", {{"a", 1.5}}}, {"messages", {{{"role", "user"}}}}};
  jinja::Template::parse(text, jinja::kLmEval, "fuzz").render(variables);
  jinja::Template::parse(text, jinja::kChat, "fuzz").render(variables);
}

SAMEBITS_FUZZ_TARGET(jinja, template_seeds, run_template);

}  // namespace
}  // namespace samebits
