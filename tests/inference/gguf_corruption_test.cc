// Hand-made damage, one kind at a time, and random damage by the thousand: a coded error with the place, or a file
// that opens; never a crash.
#include <gtest/gtest.h>

#include <functional>

#include "harness/core/error.h"
#include "inference/gguf.h"
#include "tests/support/random.h"
#include "tests/support/tiny_model.h"

namespace samebits {
namespace {

enum Type : uint32_t { U8, I8, U16, I16, U32, I32, F32, Bool, String, Array, U64, I64, F64 };

struct RawTensor {
  std::string name;
  std::vector<uint64_t> dims;
  uint32_t type;
  uint64_t offset;
  uint32_t n_dims = 0;  // 0: as many as there are
};

// A file field by field, so that each can lie.
struct RawGguf {
  uint32_t magic = 0x46554747, version = 3;
  int64_t extra_tensors = 0, extra_keys = 0;  // added to the true counts
  std::vector<std::vector<uint8_t>> keys;
  std::vector<RawTensor> tensors = {{"a", {32, 4}, 0, 0}, {"b", {32, 4}, 8, 512}};
  size_t data_bytes = 512 + 4 * 34;
  size_t cut = 0;  // bytes taken off the end

  void key(const std::string& name, uint32_t type, const std::function<void(ByteSink&)>& value) {
    ByteSink out;
    value(out.string(name).number(type));
    keys.push_back(out.bytes);
  }
  void no_tensors() {
    tensors.clear();
    data_bytes = 0;
  }

  std::vector<uint8_t> finish() const {
    ByteSink out;
    out.number(magic).number(version);
    out.number<uint64_t>(tensors.size() + extra_tensors).number<uint64_t>(keys.size() + extra_keys);
    for (const auto& k : keys) out.bytes.insert(out.bytes.end(), k.begin(), k.end());
    for (const RawTensor& t : tensors) {
      out.string(t.name).number<uint32_t>(t.n_dims ? t.n_dims : static_cast<uint32_t>(t.dims.size()));
      for (const uint64_t dim : t.dims) out.number(dim);
      out.number(t.type).number(t.offset);
    }
    if (data_bytes) out.pad(32).bytes.resize(out.bytes.size() + data_bytes);
    out.bytes.resize(out.bytes.size() - std::min(cut, out.bytes.size()));
    return out.bytes;
  }
};

struct Damage {
  const char* name;
  const char* code;
  std::function<void(RawGguf&)> apply;
};

constexpr uint64_t kHuge = uint64_t{1} << 63;

const std::vector<Damage> kHeader = {
    {"empty file", "E0202", [](RawGguf& f) { f.cut = SIZE_MAX; }},
    {"ends in the magic", "E0202", [](RawGguf& f) { f.no_tensors(), f.cut = 21; }},
    {"ends after the magic", "E0202", [](RawGguf& f) { f.no_tensors(), f.cut = 20; }},
    {"ends in the counts", "E0202", [](RawGguf& f) { f.no_tensors(), f.cut = 1; }},
    {"wrong magic", "E0201", [](RawGguf& f) { f.magic = 0x46554746; }},
    {"big-endian magic", "E0201", [](RawGguf& f) { f.magic = 0x47475546; }},
    {"version 0", "E0201", [](RawGguf& f) { f.version = 0; }},
    {"version 1", "E0201", [](RawGguf& f) { f.version = 1; }},
    {"version 4", "E0201", [](RawGguf& f) { f.version = 4; }},
    {"big-endian version", "E0201", [](RawGguf& f) { f.version = 3u << 24; }},
    {"2^63 tensors", "E0209", [](RawGguf& f) { f.extra_tensors = INT64_MIN; }},
    {"65,538 tensors", "E0209", [](RawGguf& f) { f.extra_tensors = 65'536; }},
    {"one tensor too many", "E0202", [](RawGguf& f) { f.data_bytes = 0, f.extra_tensors = 1; }},
    {"2^63 keys", "E0209", [](RawGguf& f) { f.extra_keys = INT64_MIN; }},
    {"-1 keys", "E0209", [](RawGguf& f) { f.extra_keys = -1; }},
    {"65,537 keys", "E0209", [](RawGguf& f) { f.extra_keys = 65'537; }},
    {"one key too many", "E0202", [](RawGguf& f) { f.no_tensors(), f.extra_keys = 1; }},
};

// A value of `type` of which `bytes` are there.
Damage cut_value(const char* name, uint32_t type, size_t bytes) {
  return {name, "E0202", [=](RawGguf& f) {
            f.no_tensors();
            f.key("k", type, [=](ByteSink& out) { out.bytes.resize(out.bytes.size() + bytes); });
          }};
}

Damage value(const char* name, const char* code, uint32_t type, std::function<void(ByteSink&)> write) {
  return {name, code, [=](RawGguf& f) { f.key("k", type, write); }};
}

Damage array(const char* name, const char* code, uint32_t element, uint64_t n) {
  return value(name, code, Array, [=](ByteSink& out) { out.number(element).number(n); });
}

const std::vector<Damage> kMetadata = {
    cut_value("ends in a u8", U8, 0),
    cut_value("ends in an i8", I8, 0),
    cut_value("ends in a u16", U16, 1),
    cut_value("ends in an i16", I16, 1),
    cut_value("ends in a u32", U32, 3),
    cut_value("ends in an i32", I32, 3),
    cut_value("ends in an f32", F32, 3),
    cut_value("ends in a bool", Bool, 0),
    cut_value("ends in a string's length", String, 7),
    cut_value("ends in an array's type", Array, 3),
    cut_value("ends in an array's length", Array, 11),
    cut_value("ends in a u64", U64, 7),
    cut_value("ends in an i64", I64, 7),
    cut_value("ends in an f64", F64, 7),
    value("value type 13", "E0206", 13, [](ByteSink&) {}),
    value("value type -1", "E0206", 0xffffffff, [](ByteSink&) {}),
    value("boolean 2", "E0206", Bool, [](ByteSink& out) { out.number<uint8_t>(2); }),
    value("string longer than the file", "E0202", String, [](ByteSink& out) { out.number<uint64_t>(100'000); }),
    value("string of 2^63 bytes", "E0202", String, [](ByteSink& out) { out.number(kHuge); }),
    value("string of 2^64-1 bytes", "E0202", String, [](ByteSink& out) { out.number(UINT64_MAX); }),
    array("array of type 13", "E0206", 13, 1),
    array("array of type -1", "E0206", 0xffffffff, 1),
    array("array of arrays", "E0206", Array, 1),
    array("u8 array longer than the file", "E0202", U8, 100'000),
    array("f64 array whose size overflows", "E0209", F64, (uint64_t{1} << 61) + 1),
    array("array of 2^63", "E0209", U32, kHuge),
    array("array of 2^24+1", "E0209", U8, (1 << 24) + 1),
    array("string array longer than the file", "E0202", String, 10'000),
    value("string array with a cut element", "E0202", Array,
          [](ByteSink& out) { out.number<uint32_t>(String).number<uint64_t>(2).string("x").number(kHuge); }),
    value("boolean array with a 7", "E0206", Array,
          [](ByteSink& out) { out.number<uint32_t>(Bool).number<uint64_t>(1).number<uint8_t>(7); }),
    {"key without a name", "E0206", [](RawGguf& f) { f.key("", U8, [](ByteSink& out) { out.number<uint8_t>(1); }); }},
    {"key of 65,536 bytes", "E0206",
     [](RawGguf& f) { f.key(std::string(65'536, 'k'), U8, [](ByteSink& out) { out.number<uint8_t>(1); }); }},
    {"key longer than the file", "E0202",
     [](RawGguf& f) { f.keys.push_back(ByteSink().number<uint64_t>(1 << 20).bytes); }},
    {"key of 2^63 bytes", "E0202", [](RawGguf& f) { f.keys.push_back(ByteSink().number(kHuge).bytes); }},
    {"key without a type", "E0202", [](RawGguf& f) { f.no_tensors(), f.keys.push_back(ByteSink().string("k").bytes); }},
    {"key twice", "E0206",
     [](RawGguf& f) {
       for (int i = 0; i < 2; ++i) f.key("k", U8, [](ByteSink& out) { out.number<uint8_t>(1); });
     }},
    {"metadata of 65 MiB", "E0209",
     [](RawGguf& f) { f.key("k", String, [](ByteSink& out) { out.string(std::string(65 << 20, 'x')); }); }},
    {"metadata of 65 MiB in an array", "E0209",
     [](RawGguf& f) {
       f.key("pad", String, [](ByteSink& out) { out.string(std::string((64 << 20) - 100, 'x')); });
       f.key("k", Array,
             [](ByteSink& out) { out.number<uint32_t>(String).number<uint64_t>(1).string(std::string(1 << 20, 'x')); });
     }},
};

template <class T>
Damage alignment(const char* name, uint32_t type, T n) {
  return {name, "E0206", [=](RawGguf& f) { f.key("general.alignment", type, [=](ByteSink& out) { out.number(n); }); }};
}

Damage tensor(const char* name, const char* code, std::function<void(RawTensor&)> change) {
  return {name, code, [=](RawGguf& f) { change(f.tensors[1]); }};
}

const std::vector<Damage> kTensors = {
    alignment<int32_t>("alignment as i32", I32, 32),
    alignment<uint64_t>("alignment as u64", U64, 32),
    alignment<float>("alignment as f32", F32, 32),
    alignment<uint32_t>("alignment 0", U32, 0),
    alignment<uint32_t>("alignment 4", U32, 4),
    alignment<uint32_t>("alignment 48", U32, 48),
    alignment<uint32_t>("alignment 2 MiB", U32, 2 << 20),
    alignment<uint32_t>("alignment 2^31", U32, 1u << 31),
    alignment<uint32_t>("alignment 2^32-1", U32, UINT32_MAX),
    tensor("no name", "E0207", [](RawTensor& t) { t.name = ""; }),
    tensor("name of 64 bytes", "E0207", [](RawTensor& t) { t.name = std::string(64, 'n'); }),
    tensor("same name twice", "E0207", [](RawTensor& t) { t.name = "a"; }),
    tensor("no dimensions", "E0207", [](RawTensor& t) { t.dims = {}; }),
    tensor("5 dimensions", "E0207",
           [](RawTensor& t) {
             t.dims = {32, 1, 1, 1, 1};
           }),
    tensor("2^32-1 dimensions", "E0207", [](RawTensor& t) { t.n_dims = UINT32_MAX; }),
    tensor("first dimension 0", "E0207",
           [](RawTensor& t) {
             t.dims = {0, 4};
           }),
    tensor("second dimension 0", "E0207",
           [](RawTensor& t) {
             t.dims = {32, 0};
           }),
    tensor("dimension 2^63", "E0207",
           [](RawTensor& t) {
             t.dims = {32, kHuge};
           }),
    tensor("dimension -1", "E0207", [](RawTensor& t) { t.dims = {UINT64_MAX}; }),
    tensor("product of dimensions overflows", "E0207",
           [](RawTensor& t) {
             t.dims = {1u << 31, 1u << 31, 1u << 31};
           }),
    tensor("product of dimensions wraps to 0", "E0207",
           [](RawTensor& t) {
             t.dims = {uint64_t{1} << 32, uint64_t{1} << 32};
           }),
    tensor("bytes beyond the file by far", "E0202", [](RawTensor& t) { t.dims = {uint64_t{1} << 61}; }),
    tensor("byte size overflows", "E0207", [](RawTensor& t) { t.dims = {uint64_t{1} << 62}, t.type = 0; }),
    tensor("removed type", "E0205", [](RawTensor& t) { t.type = 4; }),
    tensor("unsupported type", "E0205", [](RawTensor& t) { t.type = 16; }),
    tensor("type of an activation", "E0205", [](RawTensor& t) { t.type = 9; }),
    tensor("another project's type", "E0205", [](RawTensor& t) { t.type = 139; }),
    tensor("type -1", "E0205", [](RawTensor& t) { t.type = UINT32_MAX; }),
    tensor("row of 31 in blocks of 32", "E0207",
           [](RawTensor& t) {
             t.dims = {31, 4};
           }),
    tensor("row of 32 in blocks of 256", "E0207", [](RawTensor& t) { t.type = 12; }),
    tensor("offset not aligned", "E0207", [](RawTensor& t) { t.offset = 513; }),
    tensor("offset one step too far", "E0202", [](RawTensor& t) { t.offset = 544; }),
    tensor("offset 2^63", "E0202", [](RawTensor& t) { t.offset = kHuge; }),
    tensor("offset that wraps", "E0202", [](RawTensor& t) { t.offset = UINT64_MAX - 31; }),
    tensor("overlap by one step", "E0207", [](RawTensor& t) { t.offset = 480; }),
    tensor("same place", "E0207", [](RawTensor& t) { t.offset = 0; }),
    {"data cut by a byte", "E0202", [](RawGguf& f) { f.cut = 1; }},
    {"no data", "E0202", [](RawGguf& f) { f.data_bytes = 0; }},
    {"ends in an offset", "E0202", [](RawGguf& f) { f.data_bytes = 0, f.cut = 1; }},
    {"ends in a type", "E0202", [](RawGguf& f) { f.data_bytes = 0, f.cut = 9; }},
    {"ends in a dimension", "E0202", [](RawGguf& f) { f.data_bytes = 0, f.cut = 13; }},
    {"ends in the number of dimensions", "E0202", [](RawGguf& f) { f.data_bytes = 0, f.cut = 29; }},
    {"ends in a name", "E0202", [](RawGguf& f) { f.data_bytes = 0, f.cut = 33; }},
};

void expect_refused(const std::vector<Damage>& kinds) {
  for (const Damage& damage : kinds) {
    RawGguf file;
    damage.apply(file);
    const std::vector<uint8_t> bytes = file.finish();
    try {
      Gguf::parse(bytes, "m.gguf");
      ADD_FAILURE() << damage.name << ": opened";
    } catch (const Error& e) {
      EXPECT_EQ(e.code, damage.code) << damage.name << ": " << e.what();
      EXPECT_EQ(e.exit_code(), Exit::malformed) << damage.name;
      EXPECT_EQ(e.where.find("m.gguf, byte "), 0u) << damage.name << ": " << e.where;
      EXPECT_FALSE(e.hint.empty()) << damage.name;
    }
  }
}

TEST(GgufCorruption, TheUndamagedFileOpens) {
  EXPECT_EQ(Gguf::parse(RawGguf().finish(), "m.gguf").tensors().size(), 2u);
}
TEST(GgufCorruption, HeadersAreRefused) { expect_refused(kHeader); }
TEST(GgufCorruption, MetadataIsRefused) { expect_refused(kMetadata); }
TEST(GgufCorruption, TensorTablesAreRefused) { expect_refused(kTensors); }

TEST(GgufCorruption, AnUnsupportedTypeIsNamed) {
  RawGguf file;
  file.tensors[1].type = 16;
  try {
    Gguf::parse(file.finish(), "m.gguf");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(e.problem.find("tensor \"b\" has type IQ2_XXS"), std::string::npos) << e.problem;
  }
}

TEST(GgufCorruption, NamesCannotReachTheTerminalRaw) {
  RawGguf file;
  file.tensors[1].name = "\x1b[2J";
  file.tensors[1].dims = {0};
  try {
    Gguf::parse(file.finish(), "m.gguf");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(e.problem.find("\\x1b[2J"), std::string::npos) << e.problem;
  }
}

// ---- Random damage ----

enum class Outcome { opened, refused };

// Opens and touches everything that can be reached; only Error may come out.
Outcome survive(const std::vector<uint8_t>& bytes) {
  try {
    const Gguf file = Gguf::parse(bytes, "m.gguf");
    file.check_finite();
    file.u64("llama.block_count", 0);
    file.strings("tokenizer.ggml.tokens");
    file.integers("tokenizer.ggml.token_type");
    uint64_t sum = 0;
    for (const Tensor& t : file.tensors()) sum += t.data[0] + t.data[t.bytes - 1] + t.rows();
    return sum == UINT64_MAX ? Outcome::refused : Outcome::opened;
  } catch (const Error& e) {
    EXPECT_EQ(e.code.substr(0, 3), "E02") << e.what();
    return Outcome::refused;
  }
}

TEST(GgufCorruption, RandomBytesNeverCrash) {
  constexpr uint64_t kSeed = 20261121;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  SplitMix64 random(kSeed);
  const std::vector<uint8_t> good = tiny_model({.n_layers = 1, .n_embd = 32, .n_head = 2, .n_ff = 32, .vocab = 300});
  const size_t header = static_cast<size_t>(Gguf::parse(good, "good").tensors().front().offset);
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::vector<uint8_t> bad = good;
    bad[random.below(i % 4 ? header : good.size())] = static_cast<uint8_t>(random.next());
    refused += survive(bad) == Outcome::refused;
  }
  EXPECT_GT(refused, 5'000);
  EXPECT_LT(refused, 19'000);
}

TEST(GgufCorruption, EveryTruncationIsRefused) {
  const std::vector<uint8_t> good = RawGguf().finish();
  for (size_t n = 0; n < good.size(); ++n)
    EXPECT_EQ(survive({good.begin(), good.begin() + static_cast<ptrdiff_t>(n)}), Outcome::refused) << n;
}

}  // namespace
}  // namespace samebits
