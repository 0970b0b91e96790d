#!/usr/bin/env bash
# One claims digest over threads, tiers, compilers, batches, and a run that was killed and resumed, on real models.
#   determinism_matrix.sh SAMEBITS [OTHER_BUILD_OF_SAMEBITS …]
# Takes the models from the cache (fetches the default one; gemma-3-270m only when it is there). Exit 1 on a difference.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
first=$1
different=0 runs=0

digest_in() { sed -n 's/.*"claims_digest":"\([0-9a-f]*\)".*/\1/p'; }

# expected, program, model, tasks, flags…: runs, prints the digest, and compares it unless `expected` is empty.
run() {
  local expected=$1 program=$2 model=$3 tasks=$4 digest
  shift 4
  runs=$((runs + 1))
  digest=$("$program" run --json -m "$model" -t "$tasks" -o "$scratch/run$runs" "$@" 2>"$scratch/talk" | digest_in) ||
    { cat "$scratch/talk" >&2; exit 1; }
  echo "$digest  $model  $*  ($program)"
  if [ -n "$expected" ] && [ "$digest" != "$expected" ]; then different=$((different + 1)); fi
  last=$digest
}

# The same, but killed once the journal holds some answers.
run_killed() {
  local program=$2 model=$3 tasks=$4 dir=$scratch/run$((runs + 1))
  "$program" run --json -m "$model" -t "$tasks" -o "$dir" "${@:5}" >/dev/null 2>&1 &
  local pid=$!
  while kill -0 $pid 2>/dev/null && [ "$(stat -c %s "$dir/samebits.journal" 2>/dev/null || echo 0)" -lt 20000 ]; do sleep 0.05; done
  kill -9 $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
  run "$@"
}

tiers() {
  grep -qw avx2 /proc/cpuinfo && echo avx2
  grep -qw avx512bw /proc/cpuinfo && echo avx512
  grep -qw avx512_vnni /proc/cpuinfo && echo avx512vnni
}

matrix() {  # model, tasks
  run "" "$first" "$1" "$2" -j 1 --limit 100
  local expected=$last
  for threads in 2 3; do run "$expected" "$first" "$1" "$2" -j $threads --limit 100; done
  for tier in $(tiers); do run "$expected" "$first" "$1" "$2" --isa "$tier" --limit 100; done
  for batch in 32 512; do run "$expected" "$first" "$1" "$2" --batch-tokens $batch --limit 100; done
  for program in "${others[@]}"; do run "$expected" "$program" "$1" "$2" --limit 100; done
  run_killed "$expected" "$first" "$1" "$2" --limit 100
  run "" "$first" "$1" "$2" --limit 5
  run "$last" "$first" "$1" "$2" --isa scalar --limit 5
}

others=("${@:2}")
"$first" model pull smollm2-135m-instruct >/dev/null
matrix smollm2-135m-instruct arc_easy,hellaswag,piqa,lambada_openai,gsm8k,safety_smoke
if "$first" model info gemma-3-270m >/dev/null 2>&1; then matrix gemma-3-270m arc_easy; fi
echo "$runs runs, $different with another digest"
[ $different = 0 ]
