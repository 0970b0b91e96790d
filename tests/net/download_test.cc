#include "harness/net/download.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "harness/core/error.h"
#include "tests/support/errors.h"
#include "tests/support/loopback_server.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

using std::chrono::milliseconds;

std::string body_of(size_t n) {
  std::string out;
  for (size_t i = 0; i < n; ++i) out += static_cast<char>('a' + i * 7 % 26);
  return out;
}

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

// The first byte that a request's Range asks for; 0 without a Range.
size_t range_start(const std::string& request) {
  const size_t at = request.find("Range: bytes=");
  return at == std::string::npos ? 0 : std::stoul(request.substr(at + 13));
}

std::string partial(const std::string& body, size_t from, size_t until) {
  const std::string range = "Content-Range: bytes " + std::to_string(from) + "-" + std::to_string(body.size() - 1) +
                            "/" + std::to_string(body.size()) + "\r\n";
  const std::string length = "Content-Length: " + std::to_string(body.size() - from) + "\r\n";
  return http_response(from ? 206 : 200, (from ? range : "") + length, body.substr(from, until - from));
}

class Download : public testing::Test {
 protected:
  Download() {
    options_.backoff = milliseconds(1);
    options_.max_attempts = 3;
  }
  std::string destination() const { return dir_ / "model.gguf"; }
  std::string part() const { return destination() + ".part"; }
  Error error(const std::string& url) {
    const Error e = error_of([&] { download(url, destination(), options_); });
    EXPECT_FALSE(std::filesystem::exists(destination())) << "an error left a file under the final name";
    return e;
  }
  TempDir dir_;
  DownloadOptions options_;
};

TEST_F(Download, GivesTheBodyAndReportsProgress) {
  const std::string body = body_of(300'000);
  LoopbackServer server([&](const std::string&) { return http_response(200, "", body); });
  uint64_t done = 0, total = 0;
  options_.progress = [&](uint64_t d, uint64_t t) { done = d, total = t; };
  options_.expected_bytes = body.size();
  download(server.url("/m"), destination(), options_);
  EXPECT_EQ(read(destination()), body);
  EXPECT_EQ(done, body.size());
  EXPECT_EQ(total, body.size());
  EXPECT_FALSE(std::filesystem::exists(part()));
}

TEST_F(Download, ContinuesAfterEveryCut) {
  const std::string body = body_of(100'000);
  LoopbackServer server([&](const std::string& request) {
    const size_t from = range_start(request);
    return partial(body, from, std::min(body.size(), from + 30'000));  // promises all, then hangs up
  });
  download(server.url("/m"), destination(), options_);
  EXPECT_EQ(read(destination()), body);
  EXPECT_EQ(server.requests().size(), 4u);
  EXPECT_EQ(range_start(server.requests().back()), 90'000u);
}

TEST_F(Download, ContinuesWhatAnEarlierCallLeft) {
  const std::string body = body_of(50'000);
  write(part(), body.substr(0, 20'000));
  LoopbackServer server([&](const std::string& request) { return partial(body, range_start(request), body.size()); });
  download(server.url("/m"), destination(), options_);
  EXPECT_EQ(read(destination()), body);
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(range_start(server.requests()[0]), 20'000u);
}

TEST_F(Download, StartsAgainWhenTheServerIgnoresRanges) {
  const std::string body = body_of(5'000);
  write(part(), "something else");
  LoopbackServer server([&](const std::string&) { return http_response(200, "", body); });
  download(server.url("/m"), destination(), options_);
  EXPECT_EQ(read(destination()), body);
}

TEST_F(Download, StartsAgainWhenThePartIsLongerThanTheFile) {
  const std::string body = body_of(1'000);
  write(part(), body_of(2'000));
  LoopbackServer server([&](const std::string& request) {
    return range_start(request) >= body.size() ? http_response(416, "", "") : http_response(200, "", body);
  });
  download(server.url("/m"), destination(), options_);
  EXPECT_EQ(read(destination()), body);
}

TEST_F(Download, ACompletePartNeedsNoServer) {
  write(part(), "whole");
  options_.expected_bytes = 5;
  download("http://127.0.0.1:1/nobody-listens", destination(), options_);
  EXPECT_EQ(read(destination()), "whole");
}

TEST_F(Download, WaitsAsLongAsTheServerAsks) {
  int n = 0;
  LoopbackServer server([&](const std::string&) {
    return n++ == 0 ? http_response(429, "Retry-After: 1\r\n", "") : http_response(200, "", "ok");
  });
  const auto start = std::chrono::steady_clock::now();
  download(server.url("/m"), destination(), options_);
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(1000));
  EXPECT_EQ(read(destination()), "ok");
}

TEST_F(Download, WillNotWaitForHours) {
  LoopbackServer server([&](const std::string&) { return http_response(503, "Retry-After: 7200\r\n", ""); });
  EXPECT_EQ(error(server.url("/m")).code, "E0802");
}

TEST_F(Download, GivesUpAfterFailuresInARow) {
  LoopbackServer server([&](const std::string&) { return http_response(500, "", "oops"); });
  const Error e = error(server.url("/m"));
  EXPECT_EQ(e.code, "E0803");
  EXPECT_EQ(e.exit_code(), Exit::incomplete);
  EXPECT_NE(e.problem.find("500"), std::string::npos) << e.problem;
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST_F(Download, AnAbsentFileIsNotRetried) {
  LoopbackServer server([&](const std::string&) { return http_response(404, "", "<html>not found</html>"); });
  const Error e = error(server.url("/m"));
  EXPECT_EQ(e.code, "E0802");
  EXPECT_EQ(e.where, server.url("/m"));
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(part())) << "an error page is no part of a model";
}

TEST_F(Download, AWrongSizeIsRefused) {
  LoopbackServer server([&](const std::string&) { return http_response(200, "", body_of(1'000)); });
  for (const uint64_t expected : {999u, 1'001u}) {
    options_.expected_bytes = expected;
    EXPECT_EQ(error(server.url("/m")).code, "E0805") << expected;
    EXPECT_FALSE(std::filesystem::exists(part()));
  }
}

TEST_F(Download, RedirectsAreFollowedToHttpOnly) {
  const std::string secret = dir_ / "secret";
  write(secret, "secret");
  LoopbackServer server([&](const std::string& request) {
    if (request.find("GET /file ") == 0) return http_response(302, "Location: file://" + secret + "\r\n", "");
    if (request.find("GET /there ") == 0) return http_response(200, "", "there");
    return http_response(302, "Location: /there\r\n", "");
  });
  EXPECT_EQ(error(server.url("/file")).code, "E0801");
  download(server.url("/here"), destination(), options_);
  EXPECT_EQ(read(destination()), "there");
}

TEST_F(Download, FilesAndOtherSchemes) {
  write(dir_ / "source", "local");
  download("file://" + dir_ / "source", destination(), options_);
  EXPECT_EQ(read(destination()), "local");
  std::filesystem::remove(destination());
  EXPECT_EQ(error("file://" + dir_ / "absent").code, "E0802");
  EXPECT_EQ(error("ftp://127.0.0.1/x").code, "E0801");
  EXPECT_EQ(error("no url").code.substr(0, 3), "E08");
}

TEST_F(Download, NobodyListeningIsANetworkError) { EXPECT_EQ(error("http://127.0.0.1:1/m").code, "E0803"); }

TEST_F(Download, AFolderThatIsNotThereIsADiskError) {
  LoopbackServer server([&](const std::string&) { return http_response(200, "", "body"); });
  try {
    download(server.url("/m"), dir_ / "no/such/folder/m", options_);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code, "E0804");
  }
}

}  // namespace
}  // namespace samebits
