#!/usr/bin/env bash
# Applies every edit of mutations.txt, one at a time, to a scratch copy of the tree; builds the test program that it
# names, and demands that the test fails (`fails`) or still passes (`same`). Writes the table of all to MUTATIONS.md.
# The copy is built as on a processor that has the scalar tier alone: the kernels' bodies are the same text for every
# tier, and that the tiers agree is what other tests say.
#   tests/exact/mutate.sh          all of them
#   tests/exact/mutate.sh REGEX    those whose title matches; no table is written
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

only=${1:-}
list=tests/exact/mutations.txt table=tests/exact/MUTATIONS.md
# As deep as the tree and its own build folder, so that ccache knows what is not mutated.
source=build/mutations build=build/mutations/build/release log=build/mutations/log
jobs=$(nproc)
survived=0 applied=0
mkdir -p "$source"

# Files that already have the right content keep their times, so a second run builds little.
copy_tree() {
  local file
  while IFS= read -r -d '' file; do
    cmp -s "$file" "$source/$file" || install -D -m "$(stat -c %a "$file")" "$file" "$source/$file"
  done < <(git ls-files -z --cached --others --exclude-standard)
}

compile() { cmake --build "$build" -j "$jobs" --target "$1" >"$log" 2>&1 || { tail -n 30 "$log"; return 1; }; }

# program, filter -> the names of the tests that failed, one a line; status 2 when none ran.
failed_tests() {
  local program
  program=$(find "$build" -name "$1" -type f -perm -u+x)
  timeout 600 "$program" --gtest_filter="$2" --gtest_brief=1 >"$log" 2>&1
  local status=$?
  grep -q '^\[==========\] [1-9]' "$log" || [ $status -gt 1 ] || return 2
  grep -oE '^\[  FAILED  \] [^ ,]+' "$log" | awk '{print $4}' | sort -u
  [ $status -le 1 ] || echo "(ended with status $status)"  # an assertion of the program itself
}

replace() {  # file, old, new: exactly one occurrence
  local text
  text=$(cat "$1"; printf x)
  text=${text%x}
  local without=${text/"$2"/}
  [ "$without" != "$text" ] || { echo "not found in $1: $2"; return 1; }
  [ "${without/"$2"/}" = "$without" ] || { echo "more than one in $1: $2"; return 1; }
  printf '%s' "${text/"$2"/"$3"}" >"$source/$1"
}

# title, file, old, new, verdict, program, filter
mutate() {
  local title=$1 file=$2 old=$3 new=$4 verdict=$5 program=$6 filter=$7 caught
  replace "$file" "$old" "$new" || return 1
  if ! compile "$program"; then
    echo "$title: does not compile"
    return 1
  fi
  caught=$(failed_tests "$program" "$filter") || { echo "$title: no test matches $filter"; return 1; }
  if [ "$verdict" = fails ] && [ -z "$caught" ]; then
    echo "SURVIVED: $title ($program $filter passes)"
    return 1
  fi
  if [ "$verdict" = same ] && [ -n "$caught" ]; then
    echo "CHANGED A BIT: $title: $caught"
    return 1
  fi
  echo "$title: $(result "$verdict" "$program" "$caught")"
  rows+="| $title | \`$file\` | $(show "$old") | $(show "$new") | $(result "$verdict" "$program" "$caught") |"$'\n'
}

# The edit as one Markdown cell.
show() { echo "\`\` $(echo "$1" | sed -E 's/^ +//; s/\|/\\|/g' | paste -sd' ') \`\`"; }
result() {
  if [ "$1" = same ]; then echo "no bit changes (\`$2\` passes)"; return; fi
  local names
  mapfile -t names <<<"$3"
  echo "\`${names[0]}\`$([ ${#names[@]} = 1 ] || echo " and $((${#names[@]} - 1)) more")"
}

flush() {
  if [ -n "$title" ] && [[ $title =~ $only ]]; then
    applied=$((applied + 1))
    mutate "$title" "$file" "${old%$'\n'}" "${new%$'\n'}" "$verdict" "$program" "$filter" || survived=$((survived + 1))
    cmp -s "$file" "$source/$file" || cp "$file" "$source/$file"
  fi
  title= file= old= new=
}

scalar_only() {  # and little optimised, so that each edit is compiled in seconds
  sed -i 's/x86_64|AMD64/none/; s/aarch64|arm64|ARM64/none/; s/set(speed -O3)/set(speed -O1)/' \
    "$source/inference/CMakeLists.txt"
  sed -i 's/defined(__x86_64__)/0/; s/defined(__aarch64__)/0/' "$source/inference/kernels/dispatch.cc"
}

rows=
copy_tree
scalar_only
cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSAMEBITS_BENCH=OFF \
  >"$log" 2>&1 || { cat "$log"; exit 1; }
for program in $(awk '/^(fails|same) / { print $2 }' "$list" | sort -u); do
  [ -n "$only" ] && ! awk -v only="$only" 'NF == 0 { hit = 0 } $0 ~ only { hit = 1 } hit && /^(fails|same) / { print $2 }' \
    "$list" | grep -qx "$program" && continue
  compile "$program" || exit 1
  filters=$(awk -v p="$program" '/^(fails|same) / && $2 == p { print $3 }' "$list" | sort -u | paste -sd:)
  failing=$(failed_tests "$program" "$filters") || exit 1
  [ -z "$failing" ] || { echo "fails without any mutation: $failing"; exit 1; }
done

title= file= old= new=
while IFS= read -r line; do
  case $line in
    '#'*) ;;
    '') flush ;;
    'file '*) file=${line#file } ;;
    '- '*) old+=${line#- }$'\n' ;;
    '+ '*) new+=${line#+ }$'\n' ;;
    'fails '* | 'same '*) read -r verdict program filter <<<"$line" ;;
    *) title=$line ;;
  esac
done < <(cat "$list"; echo)

echo "$applied mutations, $survived not as demanded"
if [ -z "$only" ] && [ $survived = 0 ]; then
  { echo "# Mutations of the contract"
    echo
    echo "Written by \`tests/exact/mutate.sh\` from \`mutations.txt\`: for each rule of"
    echo "[NUMERICS.md](../../inference/NUMERICS.md) an edit of the code, and a test of \`./check\` that then fails; at the"
    echo "end edits that must not change a bit, and do not."
    echo
    echo "| rule | file | instead of | write | outcome |"
    echo "|---|---|---|---|---|"
    printf '%s' "$rows"
  } >"$table"
fi
[ $survived = 0 ]
