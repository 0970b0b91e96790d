// What counts as right for a document: gold choices, reference texts, measured lengths, slices.
#pragma once

#include "harness/core/types.h"
#include "tasks/template_fields.h"

namespace samebits {

// A sample without its place in the plan. Throws E0411, E0412 (a gold choice that is not among the choices).
Sample make_sample(const TaskFile&, const Document&, const RenderedDoc&, uint32_t doc_id);

// `index` (integer or boolean, as Python has it) as a position below n; E0412.
size_t choice_index(const Document& index, size_t n, const std::string& where);

}  // namespace samebits
