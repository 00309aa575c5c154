#!/usr/bin/env bash
# Fuzzes every parser for a while, two at a time: tools/fuzz.sh 5m
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
time=${1:-5m}

fuzz() {
  local said
  if said=$(go test "./$2" -run '^$' -fuzz "^$3\$" -fuzztime "$1" -parallel 1 2>&1); then
    echo "$3 in $2: nothing found in $1, $(grep -oE 'execs: [0-9]+' <<<"$said" | tail -n 1)"
  else
    echo "$3 in $2 found something:"
    echo "$said"
    return 1
  fi
}
export -f fuzz

grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . |
  sed -E 's|^\./(.*)/[^/]+:[0-9]+:func (.*)$|\1 \2|' |
  sort -u | xargs -P 2 -L 1 bash -c 'fuzz "$0" "$1" "$2"' "$time"
