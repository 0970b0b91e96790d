#include "tests/matrix/vectors.h"

#include <string>

namespace samebits {
namespace {

class Requests {
 public:
  Request& add(RequestKind kind, std::string context, std::string continuation = "") {
    Request& r = list_.emplace_back();
    r.index = r.sample = static_cast<uint32_t>(list_.size() - 1);
    r.kind = kind;
    r.context = std::move(context);
    r.continuation = std::move(continuation);
    return r;
  }
  void choice(std::string context, std::string continuation) {
    add(RequestKind::loglikelihood, std::move(context), std::move(continuation));
  }
  void page(std::string text) { add(RequestKind::loglikelihood_rolling, std::move(text)); }
  Request& generate(std::string prompt, int max_tokens) {
    Request& r = add(RequestKind::generate, std::move(prompt));
    r.max_tokens = max_tokens;
    return r;
  }
  std::vector<Request> take() { return std::move(list_); }

 private:
  std::vector<Request> list_;
};

}  // namespace

std::vector<Request> tiny_vector_requests() {
  Requests out;
  out.choice("The lamp is on the", " table");
  out.choice("The lamp is on the", " table in the hall");
  out.choice("The lamp is", " off");
  out.choice("", "No context at all");
  out.page("One page of text, scored from its first token on.");
  std::string long_page;
  for (int n = 0; n < 130; ++n) long_page += std::to_string(n * n) + (n % 7 == 6 ? "\n" : " ");
  out.page(long_page);
  out.page("x");
  out.generate("The lamp is on the", 16).until = {"\n\n"};
  Request& sampled = out.generate("Once, in the north,", 24);
  sampled.sampling = {0.8, 40, 0.95, 20240601};
  return out.take();
}

std::vector<Request> real_vector_requests() {
  Requests out;
  out.choice("The capital of France is", " Paris");
  out.choice("The capital of France is", " Rome");
  out.page("Water boils at 100 degrees.");
  out.generate("One, two, three,", 4);
  return out.take();
}

}  // namespace samebits
