#!/usr/bin/env bash
# Builds samebits by every compiler and optimisation that is here and runs the whole matrix over the builds: hours.
#   tests/matrix/full.sh REPORT.md
# Needs the release build (./check), which brings the matrix program. Takes build/aarch64 (under qemu) and build/debug
# (sanitizers) where they are. $SAMEBITS_CLANG: the newest clang++ here. Exit 1 when a cell differs.
set -euo pipefail
report=$(realpath -m "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

builds=() slow=() not_run=()

# compiler, optimisation: builds, and puts it on its list; without optimisation the real models take too long.
build() {
  local title="$1 $2" dir=build/matrix/$1$2
  if ! command -v "$1" >/dev/null; then
    not_run+=(--not-run "$title: $1 is not installed here")
    return
  fi
  cmake -S . -B "$dir" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$1" -DSAMEBITS_OPTIMISE="$2" \
    -DSAMEBITS_TESTS=OFF -DSAMEBITS_BENCH=OFF >/dev/null
  cmake --build "$dir" --target samebits >"$dir/build.log" || { tail -n 40 "$dir/build.log"; exit 1; }
  local named="$title=$dir/harness/cli/samebits"
  if [ "$2" = -O0 ]; then slow+=("$named"); else builds+=("$named"); fi
}

# title, file, command…: a build that others made.
take() {
  local title=$1 file=$2
  shift 2
  if [ -x "$file" ]; then slow+=("$title=$*"); else not_run+=(--not-run "$title: there is no $file"); fi
}

for optimisation in -O3 -O2 -O0; do
  for compiler in g++-12 clang++-14 "${SAMEBITS_CLANG:-clang++-19}"; do build "$compiler" $optimisation; done
done
take "sanitizers" build/debug/harness/cli/samebits build/debug/harness/cli/samebits
take "aarch64 (qemu)" build/aarch64/harness/cli/samebits qemu-aarch64-static -cpu max -L build/aarch64-sysroot build/aarch64/harness/cli/samebits
build/release/tests/matrix/matrix full --out "$report" "${not_run[@]}" "release=build/release/harness/cli/samebits" \
  "${builds[@]}" --slow "${slow[@]}"
