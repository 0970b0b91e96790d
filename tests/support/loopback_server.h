// A tiny HTTP server on the loopback device, one connection after another, answered by a function of the test.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace samebits {

class LoopbackServer {
 public:
  // `answer`: the request's head -> the raw bytes to send before the connection is closed.
  explicit LoopbackServer(std::function<std::string(const std::string& request)> answer);
  ~LoopbackServer();

  std::string url(const std::string& path) const;  // "http://127.0.0.1:PORT/path"
  std::vector<std::string> requests() const;       // heads so far

 private:
  void serve();

  std::function<std::string(const std::string&)> answer_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

// "HTTP/1.1 200 OK", the headers (each ending with \r\n), Content-Length of `body` unless given otherwise, and `body`.
std::string http_response(int status, const std::string& headers, const std::string& body);

}  // namespace samebits
