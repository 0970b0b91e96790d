#include "inference/model_info.h"

#include <future>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/core/digest.h"
#include "inference/quants.h"

namespace samebits {
namespace {

using nlohmann::json;

// Text from a file may be no UTF-8, which JSON cannot carry: bad bytes become U+FFFD.
json text(const std::string& s) { return json::parse(json(s).dump(-1, ' ', false, json::error_handler_t::replace)); }

struct TypeUse {
  uint64_t tensors = 0, bytes = 0;
};

std::map<std::string, TypeUse> types_by_name(const Gguf& file) {
  std::map<std::string, TypeUse> out;
  for (const Tensor& t : file.tensors()) {
    TypeUse& use = out[type_name(static_cast<uint32_t>(t.type))];
    ++use.tensors;
    use.bytes += t.bytes;
  }
  return out;
}

json optional_u64(const Gguf& file, const std::string& key) { return file.has(key) ? json(file.u64(key)) : json(); }
json optional_text(const Gguf& file, const std::string& key) { return file.has(key) ? text(file.string(key)) : json(); }

// Of one number for all layers, or an array with one a layer: the sum over layers.
uint64_t sum_over_layers(const Gguf& file, const std::string& key, uint64_t n_layers, uint64_t otherwise) {
  if (!file.has(key)) return otherwise * n_layers;
  const auto& value = file.metadata().at(key).value;
  if (std::holds_alternative<uint64_t>(value) || std::holds_alternative<int64_t>(value))
    return file.u64(key) * n_layers;
  uint64_t sum = 0;
  for (const int64_t n : file.integers(key)) sum += static_cast<uint64_t>(n);
  return sum;
}

// Keys and values of every layer in binary16. Null for files without these keys (vocabularies, other architectures).
json kv_bytes_per_token(const Gguf& file, const std::string& arch) {
  const std::string heads_key = arch + ".attention.head_count";
  for (const std::string& key : {arch + ".block_count", arch + ".embedding_length", heads_key})
    if (!file.has(key)) return json();
  const uint64_t n_layers = file.u64(arch + ".block_count");
  const uint64_t heads = sum_over_layers(file, heads_key, n_layers, 0);  // of all layers
  if (n_layers == 0 || heads < n_layers) return json();
  const uint64_t head_size = file.u64(arch + ".embedding_length") / (heads / n_layers);
  const uint64_t kv_heads = sum_over_layers(file, heads_key + "_kv", n_layers, heads / n_layers);
  const uint64_t key = file.u64(arch + ".attention.key_length", head_size);
  const uint64_t value = file.u64(arch + ".attention.value_length", head_size);
  return kv_heads * (key + value) * sizeof(uint16_t);
}

json tokenizer_info(const Gguf& file) {
  const std::string prefix = "tokenizer.ggml.";
  return {{"model", optional_text(file, prefix + "model")},
          {"pre", optional_text(file, prefix + "pre")},
          {"tokens", file.has(prefix + "tokens") ? json(file.strings(prefix + "tokens").size()) : json()},
          {"bos_token_id", optional_u64(file, prefix + "bos_token_id")},
          {"eos_token_id", optional_u64(file, prefix + "eos_token_id")}};
}

}  // namespace

std::string quantisation_name(const Gguf& file) {
  // llama_ftype of the GGUF converters: mixtures such as Q4_K_M have a name of their own.
  static const std::map<uint64_t, std::string_view> kFileTypes = {
      {0, "F32"},     {1, "F16"},     {2, "Q4_0"},    {3, "Q4_1"},    {7, "Q8_0"},    {8, "Q5_0"},   {9, "Q5_1"},
      {10, "Q2_K"},   {11, "Q3_K_S"}, {12, "Q3_K_M"}, {13, "Q3_K_L"}, {14, "Q4_K_S"}, {15, "Q4_K_M"}, {16, "Q5_K_S"},
      {17, "Q5_K_M"}, {18, "Q6_K"},   {25, "IQ4_NL"}, {30, "IQ4_XS"}, {32, "BF16"},   {38, "MXFP4"}};
  if (file.has("general.file_type"))
    if (const auto known = kFileTypes.find(file.u64("general.file_type")); known != kFileTypes.end())
      return std::string(known->second);
  std::string name = "none";
  uint64_t most = 0;
  for (const auto& [type, use] : types_by_name(file)) {
    if (use.bytes <= most) continue;
    most = use.bytes;
    name = type;
  }
  return name;
}

json model_info(const Gguf& file) {
  const std::string arch = file.string("general.architecture");
  std::future<std::string> digest = std::async(std::launch::async, [&] { return file.digest(); });
  uint64_t parameters = 0, bytes = 0;
  json tensors = json::array(), types = json::object();
  for (const Tensor& t : file.tensors()) {
    parameters += t.cols() * t.rows();
    bytes += t.bytes;
    tensors.push_back({{"name", text(t.name)},
                       {"type", type_name(static_cast<uint32_t>(t.type))},
                       {"shape", t.shape},
                       {"bytes", t.bytes},
                       {"sha256", file.sha256(t)}});
  }
  for (const auto& [type, use] : types_by_name(file)) types[type] = {{"tensors", use.tensors}, {"bytes", use.bytes}};

  const bool has_template = file.has("tokenizer.chat_template");
  return {{"architecture", text(arch)},
          {"name", optional_text(file, "general.name")},
          {"sha256", digest.get()},
          {"bytes", bytes},
          {"parameters", parameters},
          {"quantisation", quantisation_name(file)},
          {"tensor_types", types},
          {"tensors", tensors},
          {"context_length", optional_u64(file, arch + ".context_length")},
          {"tokenizer", tokenizer_info(file)},
          {"chat_template",
           {{"present", has_template},
            {"sha256", has_template ? json(sha256_hex(file.string("tokenizer.chat_template"))) : json()}}},
          {"memory", {{"weights_bytes", bytes}, {"kv_bytes_per_token", kv_bytes_per_token(file, arch)}}}};
}

}  // namespace samebits
