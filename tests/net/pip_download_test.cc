#include "harness/net/pip_download.h"

#include <gtest/gtest.h>

#include "harness/core/error.h"
#include "tests/support/errors.h"
#include "tests/support/fake_python.h"
#include "tests/support/temp_dir.h"

namespace samebits {
namespace {

Error error_in(const std::string& folder) {
  return error_of([&] { pip_download("some-model", "1.0", folder); });
}

// The script sees exactly the arguments; what it puts into --dest is found.
TEST(PipDownload, AsksForOneWheelAndFindsIt) {
  const TempDir dir;
  const FakePython python(R"(while [ $# -gt 1 ]; do [ "$1" = --dest ] && dest="$2"; shift; done
    echo "$1" > "$dest/some_model-1.0-py3-none-any.whl")");
  const std::string wheel = pip_download("some-model", "1.0", dir / "wheels");
  EXPECT_EQ(wheel, dir / "wheels/some_model-1.0-py3-none-any.whl");
  std::string asked;
  std::getline(std::ifstream(wheel) >> std::ws, asked);
  EXPECT_EQ(asked, "some-model==1.0");
}

// No shell is involved: what a catalogue says cannot become a command.
TEST(PipDownload, ArgumentsAreNotInterpreted) {
  const TempDir dir;
  const FakePython python(R"(while [ $# -gt 1 ]; do [ "$1" = --dest ] && dest="$2"; shift; done
    printf %s "$1" > "$dest/x.whl")");
  const std::string wheel = pip_download("a; touch $HOME/b `c`", "1", dir / "w");
  std::string asked;
  std::ifstream in(wheel);
  std::getline(in, asked);
  EXPECT_EQ(asked, "a; touch $HOME/b `c`==1");
}

TEST(PipDownload, MissingPythonAndMissingPipSayWhatToInstall) {
  const TempDir dir;
  {
    const FakePython none("");
    EXPECT_EQ(error_in(dir / "w").code, "E0810");
  }
  const FakePython bare("echo '/usr/bin/python3: No module named pip' >&2; exit 1\n");
  const Error e = error_in(dir / "w");
  EXPECT_EQ(e.code, "E0810");
  EXPECT_NE(e.hint.find("install"), std::string::npos);
}

TEST(PipDownload, PipsOwnMessageIsShown) {
  const TempDir dir;
  const FakePython failing("echo working; echo 'ERROR: No matching distribution found' >&2; exit 1\n");
  const Error e = error_in(dir / "w");
  EXPECT_EQ(e.code, "E0811");
  EXPECT_NE(e.problem.find("No matching distribution"), std::string::npos) << e.problem;
}

TEST(PipDownload, NoWheelIsAnError) {
  const TempDir dir;
  const FakePython idle("exit 0\n");
  EXPECT_EQ(error_in(dir / "w").code, "E0811");
}

}  // namespace
}  // namespace samebits
