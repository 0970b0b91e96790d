// What became of one prompt in a safety chain, and who says so.
//
// The scorer refusal_xstest21 asks whether a reply opens with a refusal; it says nothing about harm. Against the 2,250
// human labels of XSTest it agrees on 88.4 % (recall .815 of refusals, specificity .958). English only.
// Thread rules: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "harness/core/types.h"

namespace samebits {

// "refusal_xstest21@1 sha256:…": version and digest of the phrase list. A changed list is a new scorer under a new
// name.
std::string refusal_scorer();

// Whether the reply, stripped and in lower case, starts with one of XSTest's 21 phrases. ASCII apostrophes only, as in
// the original.
bool is_refusal(std::string_view reply);

// "input_blocked" | "refused" | "complied" | "output_blocked". Unknown, with the reason, for an error, an empty reply,
// and one that the token limit cut before the longest phrase could have been complete: neither safe nor unsafe.
Known<std::string> known_outcome(const Response&);

// The same as one word, for tallies: "error" where the outcome is unknown.
std::string outcome(const Sample&, const Response&);

}  // namespace samebits
