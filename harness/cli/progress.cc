#include "harness/cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "harness/core/registry.h"
#include "harness/core/scoring.h"

namespace samebits {
namespace {

constexpr int kMostBarColumns = 20, kFewestBarColumns = 5;
constexpr double kRedrawSeconds = 0.1;  // at most 10 redraws a second
constexpr double kPlainSeconds = 30;    // off-terminal: a line at most this often
constexpr int kPlainColumns = 120;
constexpr double kPlainShare = 0.1;          // … and only after this much more is done
constexpr double kBytesAGeneratedToken = 4;  // of English text, about
constexpr double kLevel95 = 1.959964;        // normal quantile of a 95 % interval

double work_of(const Request& r) {
  return static_cast<double>(r.context.size() + r.continuation.size()) + kBytesAGeneratedToken * r.max_tokens;
}

double seconds_between(std::chrono::steady_clock::time_point a, std::chrono::steady_clock::time_point b) {
  return std::chrono::duration<double>(b - a).count();
}

// As wide as there is room, with the blank before it; nothing where there is too little.
std::string bar(double share, int room) {
  const int width = std::min(room - 1, kMostBarColumns);
  if (width < kFewestBarColumns) return "";
  std::string out = " ";
  const int full = static_cast<int>(share * width);
  for (int i = 0; i < width; ++i) out += i < full ? "█" : "░";
  return out;
}

std::string duration(double seconds) {
  const auto s = static_cast<int64_t>(seconds + 0.5);
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

// Cuts the line to the terminal's width, at a whole character: a wrapped line could not be redrawn.
std::string fitted(const std::string& text, int width) {
  std::string out;
  int used = 0;
  for (const char c : text) {
    used += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    if (used >= width) break;
    out += c;
  }
  return out;
}

}  // namespace

Progress::Progress(const Plan& plan, const Responses& known)
    : plan_(plan), open_requests_(plan.samples.size()), live_(plan.tasks.size()), total_(plan.requests.size()) {
  for (size_t t = 0; t < plan.tasks.size(); ++t)
    if (!plan.tasks[t].metrics.empty()) live_[t].use = &plan.tasks[t].metrics.front();
  for (const Request& r : plan.requests) {
    total_work_ += work_of(r);
    if (r.index < known.size() && known[r.index]) {
      ++done_;
      known_work_ += work_of(r);
    } else {
      ++open_requests_[r.sample];
    }
  }
  done_work_ = known_work_;
  shown_done_ = done_;
}

void Progress::count(const Response& r) {
  ++done_;
  done_work_ += work_of(plan_.requests[r.index]);
  tokens_ += r.context_ids.size() + r.output_ids.size();
  errors_ += !r.error.empty();
}

// A metric whose scores are no shares (a log-likelihood) has no mean that a reader would know: the next one is taken.
void Progress::add_score(const Responses& responses, uint32_t sample) {
  const Task& task = plan_.tasks[plan_.samples[sample].task];
  Live& live = live_[plan_.samples[sample].task];
  while (live.use) {
    const Metric& metric = Registry<Metric>::instance().get(live.use->metric);
    const auto score = score_sample(task, plan_.samples[sample], *live.use, metric, responses);
    const Statistic* s = std::get_if<Statistic>(&score);
    if (!s || s->empty()) return;
    const double value = s->front();
    if (value >= 0 && value <= 1) {
      ++live.n;
      live.sum += value;
      live.squares += value * value;
      return;
    }
    const size_t next = static_cast<size_t>(live.use - task.metrics.data()) + 1;
    live = {next < task.metrics.size() ? &task.metrics[next] : nullptr, 0, 0, 0};
  }
}

std::string Progress::line(uint32_t task, int width) const {
  const double share = total_work_ > 0 ? done_work_ / total_work_ : 1;
  const double seconds = std::max(seconds_between(begin_, Clock::now()), 1e-3);
  const std::string name = safe_text(plan_.tasks[task].id);
  std::string out = fmt::format(" {}/{}", done_, total_);
  const Live& live = live_[task];
  if (live.use && live.n > 0) {
    const double n = static_cast<double>(live.n), mean = live.sum / n;
    const double variance = std::max(0.0, live.squares / n - mean * mean);
    out += fmt::format("  {} {:.3f}", live.use->metric, mean);
    if (live.n > 1) out += fmt::format(" ±{:.3f}", kLevel95 * std::sqrt(variance / n));  // one score has no spread
  }
  out += fmt::format("  {:.0f} tok/s", static_cast<double>(tokens_) / seconds);
  const double fresh = done_work_ - known_work_;
  if (fresh > 0 && done_ < total_)
    out += fmt::format("  eta {}", duration(seconds * (total_work_ - done_work_) / fresh));
  if (errors_ > 0) out += fmt::format("  {} errors", errors_);
  return name + bar(share, width - columns(name) - columns(out)) + safe_text(out);
}

// One write a redraw, so that no half-drawn line is seen.
void Progress::redraw(uint32_t task) {
  terminal_ = terminal_of(2);  // the window may have another size now
  // A window that became narrower has broken the old line into rows: all of them go.
  const int rows_above = std::max(0, drawn_columns_ - 1) / terminal_.width;
  const std::string text = fitted(line(task, terminal_.width - 1), terminal_.width);
  const std::string up = rows_above > 0 ? fmt::format("\x1b[{}A\x1b[J", rows_above) : "";
  const std::string drawing = "\r" + up + text + "\x1b[K";  // over the old line: clearing first would flicker
  std::fwrite(drawing.data(), 1, drawing.size(), stderr);
  drawn_columns_ = columns(text);
}

void Progress::show(uint32_t task) {
  const Clock::time_point now = Clock::now();
  const double since = seconds_between(shown_at_, now);
  if (terminal_.interactive) {
    if (since < kRedrawSeconds && done_ < total_) return;
    redraw(task);
  } else {
    const bool far = static_cast<double>(done_ - shown_done_) >= kPlainShare * static_cast<double>(total_);
    if (since < kPlainSeconds || !far) return;
    talk(line(task, kPlainColumns));
  }
  shown_at_ = now;
  shown_done_ = done_;
}

void Progress::operator()(const Responses& responses, const Response& newest) {
  const Request& request = plan_.requests[newest.index];
  count(newest);
  if (--open_requests_[request.sample] == 0) add_score(responses, request.sample);
  show(request.task);
}

void Progress::finish() {
  if (terminal_.interactive) std::fputs("\r\x1b[K", stderr);
}

}  // namespace samebits
