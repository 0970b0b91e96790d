// The progress line on a real (pseudo-)terminal: it never wraps, shows what a reader wants, and leaves nothing behind.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <cstdlib>
#include <functional>

#include "tests/cli/tiny.h"

namespace samebits {
namespace {

// As much of a terminal as samebits uses: text, \r, \n, "ESC [ n A" (up), "ESC [ J" and "ESC [ K" (erase), colours.
class Screen {
 public:
  explicit Screen(size_t width) : width_(width) {}

  void write(std::string_view bytes) {
    for (size_t i = 0; i < bytes.size();) {
      if (bytes[i] == '\x1b') {
        size_t end = i + 2;
        while (end < bytes.size() && !std::isalpha(static_cast<unsigned char>(bytes[end]))) ++end;
        control(bytes.substr(i + 2, end - i - 2), end < bytes.size() ? bytes[end] : 'm');
        i = end + 1;
        continue;
      }
      size_t n = 1;
      while (i + n < bytes.size() && (static_cast<unsigned char>(bytes[i + n]) & 0xC0) == 0x80) ++n;
      put(std::string(bytes.substr(i, n)));
      i += n;
    }
  }

  bool wrapped() const { return wrapped_; }
  bool coloured() const { return coloured_; }
  std::string row(size_t i) const {
    std::string out;
    for (const std::string& cell : rows_[i]) out += cell;
    return out.substr(0, out.find_last_not_of(' ') + 1);
  }
  size_t rows() const { return rows_.size(); }

 private:
  void put(const std::string& c) {
    if (c == "\r") {
      column_ = 0;
    } else if (c == "\n") {
      next_row();
    } else {
      if (column_ == width_) wrapped_ = true, next_row(), column_ = 0;
      if (rows_[row_].size() <= column_) rows_[row_].resize(column_ + 1, " ");
      rows_[row_][column_++] = c;
    }
  }
  void next_row() {
    if (++row_ == rows_.size()) rows_.emplace_back();
  }
  void control(std::string_view argument, char what) {
    if (what == 'm') coloured_ = true;
    if (what == 'A') row_ -= std::min(row_, static_cast<size_t>(std::stoi(std::string(argument))));
    if (what == 'K' || what == 'J') rows_[row_].resize(std::min(rows_[row_].size(), column_));
    if (what == 'J') rows_.resize(row_ + 1);
  }

  size_t width_, row_ = 0, column_ = 0;
  std::vector<std::vector<std::string>> rows_ = std::vector<std::vector<std::string>>(1);
  bool wrapped_ = false, coloured_ = false;
};

struct Session {
  int exit = -1;
  std::string bytes;  // of the terminal
};

// Runs a shell line with stdin and stderr on a terminal of `width` columns and stdout in a file. `react` sees what came
// so far and returns what the user types next.
Session on_terminal(const Scratch& scratch, unsigned short width, const std::string& line,
                    const std::function<std::string(const std::string&)>& react = {}) {
  winsize size{};
  size.ws_row = 24;
  size.ws_col = width;
  int master = -1;
  const pid_t child = forkpty(&master, nullptr, nullptr, &size);
  if (child == 0) {
    setenv("TERM", "xterm-256color", 1);
    const std::string whole = "exec " + line + " >" + quoted(scratch / "stdout");
    execl("/bin/sh", "sh", "-c", whole.c_str(), nullptr);
    _exit(127);
  }
  Session session;
  char buffer[4096];
  for (ssize_t n; (n = read(master, buffer, sizeof buffer)) > 0;) {
    session.bytes.append(buffer, static_cast<size_t>(n));
    const std::string typed = react ? react(session.bytes) : "";
    if (!typed.empty()) {
      EXPECT_EQ(write(master, typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  close(master);
  session.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return session;
}

class ProgressLine : public testing::Test {
 protected:
  void SetUp() override {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal == -1) GTEST_SKIP() << "needs pseudo-terminals: mount -t devpts devpts /dev/pts";
    close(terminal);
  }
  std::string run(int limit) const {
    return quoted(SAMEBITS_PROGRAM) + " run -m " + quoted(write_tiny_model(scratch_)) +
           " -t arc_easy --isa scalar -j 2 --limit " + std::to_string(limit) + " -o " + quoted(scratch_ / "bundle");
  }
  const Scratch scratch_;
};

TEST_F(ProgressLine, FitsEveryWidthAndLeavesNothingBehind) {
  for (const unsigned short width : {20, 60, 80, 120, 200}) {
    std::filesystem::remove_all(scratch_ / "bundle");
    const Session session = on_terminal(scratch_, width, run(60));
    ASSERT_EQ(session.exit, 0) << session.bytes;
    Screen screen(width);
    screen.write(session.bytes.substr(0, session.bytes.rfind("\r\x1b[K")));
    EXPECT_FALSE(screen.wrapped()) << width;
    const std::string last = screen.row(0);
    screen.write(session.bytes.substr(session.bytes.rfind("\r\x1b[K")));
    EXPECT_TRUE(last.starts_with("arc_easy")) << width << ": " << last;
    for (const char* part : {" acc 0.", " ±0.", " tok/s", "█"}) {
      if (width >= 60) { EXPECT_NE(last.find(part), std::string::npos) << last; }
    }
    for (size_t i = 0; i < screen.rows(); ++i) {
      EXPECT_EQ(screen.row(i).find("tok/s"), std::string::npos) << width << ": left over: " << screen.row(i);
      EXPECT_EQ(screen.row(i).find("█"), std::string::npos) << width << ": left over: " << screen.row(i);
    }
    EXPECT_TRUE(screen.row(0).starts_with("bundle  ")) << screen.row(0);
  }
}

TEST_F(ProgressLine, OneScoreHasNoInterval) {
  const std::string bytes = on_terminal(scratch_, 120, run(1)).bytes;
  EXPECT_NE(bytes.find(" acc "), std::string::npos) << bytes;
  EXPECT_EQ(bytes.substr(0, bytes.rfind("\r\x1b[K")).find("±"), std::string::npos) << bytes;
}

TEST_F(ProgressLine, NoColorMeansNone) {
  Screen screen(80);
  screen.write(on_terminal(scratch_, 80, "env NO_COLOR=1 " + run(20)).bytes);
  EXPECT_FALSE(screen.coloured());
}

TEST_F(ProgressLine, CtrlCEndsWithExit3AndTheResumeLine) {
  bool typed = false;
  const Session stopped = on_terminal(scratch_, 80, run(2000), [&](const std::string& bytes) -> std::string {
    if (typed || bytes.find("eta") == std::string::npos) return "";
    typed = true;
    return "\x03";
  });
  EXPECT_EQ(stopped.exit, 3) << stopped.bytes;
  Screen screen(1000);  // the resume line may be longer than the terminal
  screen.write(stopped.bytes);
  bool resume = false;
  for (size_t i = 0; i < screen.rows(); ++i) {
    resume = resume || screen.row(i).starts_with("resume: ");
    EXPECT_EQ(screen.row(i).find("tok/s"), std::string::npos) << "left over: " << screen.row(i);
  }
  EXPECT_TRUE(resume) << stopped.bytes;
}

}  // namespace
}  // namespace samebits
