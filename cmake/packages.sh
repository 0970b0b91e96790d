# What samebits needs from the system: sourced by demo, check and .ci/run.
#
# need_packages NAME… installs what is missing, says which, and asks nothing. Without apt it prints what to install
# with dnf or brew and goes on: CMake names the library that is really missing.

# Debian's names. Every library here is in vcpkg.json too.
SAMEBITS_BUILD_PACKAGES="g++ cmake ninja-build pkg-config ccache libfmt-dev nlohmann-json3-dev libssl-dev libtbb-dev
  libyaml-cpp-dev libcurl4-openssl-dev zlib1g-dev libzstd-dev libpcre2-dev libcli11-dev libgtest-dev
  libbenchmark-dev ca-certificates"
# What a test would be skipped for: bench/regression counts instructions with valgrind, tests/exact reads machine code
# with objdump, tests/cli forges bundles in Python.
SAMEBITS_CHECK_PACKAGES="valgrind binutils python3"
SAMEBITS_PULL_PACKAGES="python3-pip"  # `samebits model pull` gets packages with pip
SAMEBITS_CLANG_PACKAGES="clang-14"
SAMEBITS_AARCH64_PACKAGES="g++-aarch64-linux-gnu qemu-user-static"
# Of Debian's ARM64 port; cmake/aarch64_sysroot.sh unpacks them.
SAMEBITS_AARCH64_LIBRARIES="libc6-dev libstdc++-12-dev libtbb-dev libfmt-dev nlohmann-json3-dev libssl-dev libpcre2-dev
  libyaml-cpp-dev libcurl4-openssl-dev zlib1g-dev libzstd-dev libcli11-dev libgtest-dev"

samebits_print_equivalents() {
  echo "No apt here. Install the equivalent of: $(echo $*)"
  echo "  dnf:  sudo dnf install gcc-c++ cmake ninja-build pkgconf-pkg-config ccache fmt-devel json-devel openssl-devel" \
    "tbb-devel yaml-cpp-devel libcurl-devel zlib-devel libzstd-devel pcre2-devel cli11-devel gtest-devel" \
    "google-benchmark-devel valgrind binutils python3-pip"
  echo "  brew: brew install cmake ninja pkgconf ccache fmt nlohmann-json openssl@3 tbb yaml-cpp curl zlib zstd pcre2" \
    "cli11 googletest google-benchmark binutils python"
  echo "Going on with what is here."
}

samebits_as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Waits for another apt (a fresh machine updates itself), and prints errors only.
samebits_apt() {
  samebits_as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@" >/dev/null
}

need_packages() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    samebits_print_equivalents "$@"
    return 0
  fi
  local package missing=""
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "install ok installed" || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  echo "Installing with apt:$missing"
  if ! samebits_as_root true 2>/dev/null; then
    echo "error: this needs root, and sudo is not here or asks for a password. Run this, then start again:" >&2
    echo "  sudo apt-get install -y --no-install-recommends$missing" >&2
    return 1
  fi
  samebits_apt update && samebits_apt install -y --no-install-recommends $missing && return 0
  echo "error: apt could not install them (its reason stands above)" >&2
  return 1
}

# step "title" command…: runs it and prints the time it took.
SAMEBITS_STARTED=$SECONDS
step() {
  local title=$1 begin=$SECONDS
  shift
  echo "== $title"
  "$@" || return $?
  echo "== $title: $((SECONDS - begin)) s"
}
