// Writes results/conformance: the tiny models, and the vectors of those and of the real models that are pulled.
//   conformance_vectors FOLDER
// The scalar tier answers, one thread, one row a batch, nothing shared: the plainest way through the engine.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>

#include "harness/cli/conformance.h"
#include "harness/core/error.h"
#include "inference/catalogue.h"
#include "inference/local_backend.h"
#include "tests/matrix/vectors.h"
#include "tests/support/tiny_model.h"

namespace samebits {
namespace {

void make(const std::string& folder, const std::string& name, const std::string& model,
          const std::vector<Request>& requests) {
  EngineOptions plain;
  plain.threads = 1;
  plain.schedule.batch_tokens = 1;
  plain.schedule.share_prefixes = false;
  plain.logits_digest = true;
  LocalBackend backend(model, plain);
  std::ofstream(folder + "/" + name + ".jsonl", std::ios::binary)
      << conformance_text(backend.model(), requests, answer_all(backend, requests));
  fmt::print("{}  {}\n", backend.model().digest, name);
}

int make_all(const std::string& folder) {
  for (const NamedTinyModel& m : conformance_models()) {
    const std::string path = folder + "/" + m.name + ".gguf";
    write_file(path, tiny_model(m.spec));
    make(folder, m.name, path, tiny_vector_requests());
  }
  for (const CatalogueModel& m : shipped_catalogue()) try {
      make(folder, m.name, resolve_model(m.name), real_vector_requests());
    } catch (const Error& e) {
      fmt::print(stderr, "{}: {}\n", m.name, e.problem);
    }
  return 0;
}

}  // namespace
}  // namespace samebits

int main(int argc, char** argv) {
  if (argc == 2) return samebits::make_all(argv[1]);
  fmt::print(stderr, "usage: conformance_vectors FOLDER\n");
  return 2;
}
