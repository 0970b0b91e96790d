#!/usr/bin/env bash
# samebits for ARM64, under qemu, makes the claims that samebits makes here, digests of all logits included. Not on the
# scalar tier, which takes more than ten minutes there: kernels_test and engine_test compare it with the others.
#   aarch64_digests.sh SAMEBITS SAMEBITS_FOR_ARM64
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
work=(-m smollm2-135m-instruct -t arc_easy --limit 2 --logits-digest)

# name, command…: prints the claims digest of a run.
claims() {
  "${@:2}" run --json "${work[@]}" -o "$scratch/$1" 2>"$scratch/talk" | sed -n 's/.*"claims_digest":"\([0-9a-f]*\)".*/\1/p' ||
    { cat "$scratch/talk" >&2; exit 1; }
}

"$1" model pull smollm2-135m-instruct >/dev/null
expected=$(claims here "$1")
[ -n "$expected" ] || { echo "the run here printed no claims digest" >&2; exit 1; }
echo "$expected  this machine"
different=0
for tier in neon neon_i8mm; do
  digest=$(SAMEBITS_ISA=$tier claims "$tier" qemu-aarch64-static -cpu max -L build/aarch64-sysroot "$2")
  echo "$digest  aarch64 $tier"
  [ "$digest" = "$expected" ] || different=$((different + 1))
done
echo "$different of 2 tiers with another digest"
[ $different = 0 ]
