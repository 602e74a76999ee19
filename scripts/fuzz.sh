#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# scripts/fuzz.sh [TARGET|all [SECONDS]]: runs the fuzz targets built in build/fuzz, one after the other, each on all
# cores, and fails when one finds something. The input that did it is then kept in build/fuzz/findings/<target>/; to try
# it again: build/fuzz/fuzz/fuzz_<target> FILE. What a run learns is kept in build/fuzz/corpus/<target>/, so that the
# next one goes on from there; a finding once fixed belongs into fuzz/corpus/<target>/, for good.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

only=${1:-all}
seconds=${2:-60}
failed=()
ran=0

export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}

for program in build/fuzz/fuzz/fuzz_*; do
  [[ -x $program && -f $program ]] || continue
  target=${program##*/fuzz_}
  [[ $only == all || $only == "$target" ]] || continue
  ran=$((ran + 1))

  learned=build/fuzz/corpus/$target
  findings=build/fuzz/findings/$target
  mkdir -p "$learned" "$findings"
  begin=("$learned")
  [[ -d fuzz/corpus/$target ]] && begin+=("fuzz/corpus/$target")
  dictionary=()
  [[ -f fuzz/$target.dict ]] && dictionary=(-dict="fuzz/$target.dict")

  echo "== $target: $seconds s"
  log=build/fuzz/$target.log
  if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -fork="$(nproc)" \
    -artifact_prefix="$findings/" "${dictionary[@]}" "${begin[@]}" >"$log" 2>&1; then
    tail -n 2 "$log"
  else
    grep -A 40 -m 1 -E 'ERROR: |runtime error' "$log" || tail -n 40 "$log"
    failed+=("$target")
  fi
done

if [[ $ran -eq 0 ]]; then
  echo "there is no fuzz target '$only'" >&2
  exit 2
fi
echo "fuzz: $ran targets, $seconds s each: ${#failed[@]} with findings ${failed[*]}"
[[ ${#failed[@]} -eq 0 ]]
