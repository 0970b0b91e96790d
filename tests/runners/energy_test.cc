#include "runners/energy.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

namespace fs = std::filesystem;

// A powercap folder as Linux lays it out.
class Powercap {
 public:
  void zone(const std::string& folder, const std::string& name, const std::string& range) {
    fs::create_directories(dir_ / folder);
    write(folder + "/name", name);
    write(folder + "/max_energy_range_uj", range);
  }
  void counter(const std::string& folder, const std::string& value) { write(folder + "/energy_uj", value); }
  void remove(const std::string& file) { fs::remove(dir_ / file); }
  std::string root() const { return dir_ / ""; }

 private:
  void write(const std::string& file, const std::string& text) { std::ofstream(dir_ / file) << text << "\n"; }
  TempDir dir_;
};

TEST(Rapl, SumsPackagesAndNothingThatNestsInThem) {
  Powercap host;
  for (const auto& [folder, name] : {std::pair{"intel-rapl:0", "package-0"},
                                     {"intel-rapl:1", "package-1"},
                                     {"intel-rapl:0:0", "core"},
                                     {"intel-rapl:0:1", "dram"},
                                     {"intel-rapl:2", "psys"}}) {
    host.zone(folder, name, "1000000");
    host.counter(folder, "100");
  }
  RaplMeter meter(host.root());
  for (const char* folder : {"intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0", "intel-rapl:0:1", "intel-rapl:2"})
    host.counter(folder, "350");
  EXPECT_EQ(
      meter.report(),
      (nlohmann::json{
          {"kind", "measured"}, {"method", "rapl"}, {"boundary", "package"}, {"value_uj", 500}, {"packages", 2}}));
}

TEST(Rapl, CountersWrapAround) {
  Powercap host;
  host.zone("intel-rapl:0", "package-0", "1000");
  host.counter("intel-rapl:0", "900");
  RaplMeter meter(host.root());
  host.counter("intel-rapl:0", "50");  // 100 to the end, 50 after it
  meter.sample();
  host.counter("intel-rapl:0", "950");  // 900
  meter.sample();
  host.counter("intel-rapl:0", "10");  // 60
  EXPECT_EQ(meter.report()["value_uj"], 1110);
}

TEST(Rapl, WhatCannotBeMeasuredIsNullWithAReason) {
  const auto reason = [](RaplMeter meter) {
    const nlohmann::json report = meter.report();
    EXPECT_EQ(report["kind"], "absent");
    EXPECT_TRUE(report["value_uj"].is_null());
    return report["reason"].get<std::string>();
  };
  Powercap host;
  EXPECT_NE(reason(RaplMeter(host.root())).find("no RAPL package domain"), std::string::npos);
  EXPECT_NE(reason(RaplMeter(host.root() + "/nowhere")).find("no RAPL package domain"), std::string::npos);
  host.zone("intel-rapl:0", "package-0", "1000");
  EXPECT_NE(reason(RaplMeter(host.root())).find("cannot be read"), std::string::npos);
  host.counter("intel-rapl:0", "12 J");
  EXPECT_NE(reason(RaplMeter(host.root())).find("cannot be read"), std::string::npos);
  host.counter("intel-rapl:0", "77");
  EXPECT_NE(reason(RaplMeter(host.root())).find("did not advance"), std::string::npos);
}

TEST(Rapl, ACounterThatVanishesMakesTheRunUnmeasured) {
  Powercap host;
  host.zone("intel-rapl:0", "package-0", "1000");
  host.counter("intel-rapl:0", "10");
  RaplMeter meter(host.root());
  host.counter("intel-rapl:0", "60");
  meter.sample();
  host.remove("intel-rapl:0/energy_uj");
  EXPECT_EQ(meter.report()["kind"], "absent");
}

}  // namespace
}  // namespace samebits
