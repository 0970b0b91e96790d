#include "tests/support/fake_backend.h"

#include <array>
#include <charconv>

#include "harness/core/digest.h"

namespace samebits {
namespace {

using Digest = std::array<uint8_t, 32>;

Digest digest(std::initializer_list<std::string_view> parts) {
  Sha256 hash;
  for (std::string_view part : parts) hash.update(part);
  const std::string hex = hash.hex();
  Digest bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) std::from_chars(hex.data() + 2 * i, hex.data() + 2 * i + 2, bytes[i], 16);
  return bytes;
}

uint32_t u32(const Digest& d) {
  return uint32_t{d[0]} << 24 | uint32_t{d[1]} << 16 | uint32_t{d[2]} << 8 | uint32_t{d[3]};
}

// The oracle's tables.
constexpr std::array<std::string_view, 32> kPool = {
    "2", "3", "4", "5",  "6",  "8",  "10", "12", "15", "16", "18", "20",  "24",  "25",  "30",    "40",
    "1", "7", "9", "14", "36", "48", "50", "60", "72", "80", "90", "100", "120", "150", "1,200", "2000"};
constexpr std::array<std::string_view, 8> kWords = {"True", "False", "yes", "no", "Yes", "No", "valid", "invalid"};
constexpr std::array<std::string_view, 16> kTemplates = {
    " We compute {B} + {A}.\n#### {A}",
    " The answer is {A}.",
    " So the answer is ({L}).",
    " So the answer is {W}.",
    "{W}",
    " First {B}, then ${A}.00. #### ${A}\n\nQuestion: next {B}",
    " {A}</s> {B}",
    "#### -{A}",
    " #### {A}.\nThe answer is {B}.",
    " ({L})",
    "Let us see: {B}*2.\nSo the answer is {W}\n\nQ: again",
    " Half of {B} is .5, the answer is {A} Q",
    "**Title**\n\n* point {A}\n* point {B}\n\nP.S. the answer is {A}",
    "{\"answer\": \"{W}\"}",
    "<<{W}>>\n***\nHELLO WORLD {A}",
    ""};

std::string fill(std::string_view form, const std::map<char, std::string>& values) {
  std::string out;
  for (size_t i = 0; i < form.size(); ++i) {
    const bool is_slot = i + 2 < form.size() && form[i] == '{' && form[i + 2] == '}' && values.contains(form[i + 1]);
    if (!is_slot) {
      out += form[i];
      continue;
    }
    out += values.at(form[i + 1]);
    i += 2;
  }
  return out;
}

}  // namespace

Sha256Backend::Sha256Backend(std::map<std::string, std::string> gold) : gold_(std::move(gold)) {
  info_.name = "sha256";
  info_.digest = sha256_hex("sha256 fake model, version 1");
  info_.arch = "sha256";
  info_.quantisation = "none";
  info_.contract = "sha256";
  info_.context_length = 1 << 30;
}

std::vector<int32_t> Sha256Backend::tokenize(std::string_view text, bool) const {
  std::vector<int32_t> ids;
  for (char c : text) ids.push_back(static_cast<unsigned char>(c));
  return ids;
}

void Sha256Backend::answer(std::span<const Request> requests, const Sink& sink, const Observer&) {
  for (const Request& request : requests) sink(respond(request));
}

Response Sha256Backend::respond(const Request& request) const {
  Response response;
  response.index = request.index;
  if (request.kind == RequestKind::loglikelihood) {
    const Digest d = digest({request.context, std::string_view("\0", 1), request.continuation});
    response.loglikelihood = -static_cast<double>(u32(d)) / 0x1p28;
    response.greedy = (d[4] & 1) != 0;
  } else if (request.kind == RequestKind::loglikelihood_rolling) {
    const double product = static_cast<double>(u32(digest({request.context}))) *
                           static_cast<double>(request.context.size());  // exact: below 2^53
    response.loglikelihood = -product / 0x1p32;
  } else {
    response.text = generate(request);
    response.stop = Stop::until;
  }
  return response;
}

std::string Sha256Backend::generate(const Request& request) const {
  const Digest d = digest({request.context});
  std::map<char, std::string> values = {{'A', std::string(kPool[d[1] % 32])},
                                        {'B', std::string(kPool[d[2] % 32])},
                                        {'L', std::string(1, "ABCD"[d[3] % 4])},
                                        {'W', std::string(kWords[d[4] % 8])}};
  const auto known = gold_.find(request.context);
  if (known != gold_.end() && d[5] % 2 == 1) values['A'] = values['W'] = known->second;
  std::string text = fill(kTemplates[d[0] % 16], values);
  for (const std::string& stop : request.until) text.resize(std::min(text.size(), text.find(stop)));
  return text;
}

}  // namespace samebits
