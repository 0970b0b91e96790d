#include "runners/energy.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

namespace samebits {
namespace fs = std::filesystem;
namespace {

// First line of a small file; empty when it cannot be read.
std::string read_line(const fs::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

std::optional<uint64_t> read_counter(const fs::path& path) {
  const std::string line = read_line(path);
  uint64_t value = 0;
  const auto [end, failed] = std::from_chars(line.data(), line.data() + line.size(), value);
  if (failed != std::errc() || line.empty() || end != line.data() + line.size()) return std::nullopt;
  return value;
}

// Zones whose name is "package-N", in the order of their paths.
std::vector<fs::path> package_zones(const std::string& root) {
  std::vector<fs::path> zones;
  std::error_code failed;
  for (fs::directory_iterator it(root, failed), end; !failed && it != end; it.increment(failed))
    if (read_line(it->path() / "name").starts_with("package-")) zones.push_back(it->path());
  std::ranges::sort(zones);
  return zones;
}

}  // namespace

RaplMeter::RaplMeter(const std::string& root) {
  for (const fs::path& zone : package_zones(root)) {
    const fs::path counter = zone / "energy_uj";
    const std::optional<uint64_t> now = read_counter(counter);
    const std::optional<uint64_t> range = read_counter(zone / "max_energy_range_uj");
    if (!now || !range) {
      absent_ = counter.string() + " cannot be read (only root may, by default)";
      return;
    }
    packages_.push_back({counter.string(), *range, *now, 0});
  }
  if (packages_.empty()) absent_ = "there is no RAPL package domain under " + root + " (a virtual machine?)";
}

void RaplMeter::sample() {
  for (Package& package : packages_) {
    const std::optional<uint64_t> now = read_counter(package.counter);
    if (!now || *now > package.range_uj) {
      absent_ = package.counter + " stopped being readable";
      return;
    }
    const bool wrapped = *now < package.last_uj;
    package.total_uj += wrapped ? *now + (package.range_uj - package.last_uj) : *now - package.last_uj;
    package.last_uj = *now;
  }
}

nlohmann::json RaplMeter::report() {
  if (absent_.empty()) sample();
  uint64_t total_uj = 0;
  for (const Package& package : packages_) {
    total_uj += package.total_uj;
    // Guests of a hypervisor see counters that stand still: that is no measurement of 0 J.
    if (package.total_uj == 0 && absent_.empty()) absent_ = package.counter + " did not advance during the run";
  }
  if (!absent_.empty()) return {{"kind", "absent"}, {"value_uj", nullptr}, {"reason", absent_}};
  return {{"kind", "measured"},
          {"method", "rapl"},
          {"boundary", "package"},
          {"value_uj", total_uj},
          {"packages", packages_.size()}};
}

}  // namespace samebits
