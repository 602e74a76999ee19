#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Tries what README promises a new user, on a fresh Debian 12: in a plain root (scripts/debian-root.sh) with nothing but
# git's clone of what is committed here, ./dev run serves redis-cli, and ./dev test passes. Takes as long as building
# everything several times does; run by hand, as root. With the argument run, only the first of the two.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/install.sh
need roots
source scripts/debian-root.sh

root=$roots/fresh
port=$((20000 + RANDOM % 10000))

echo "== a fresh Debian root, and a clone"
new_root "$root"
git clone --quiet --no-hardlinks . "$root/root/redipy-server"

echo "== ./dev run"
in_root "$root" /root/redipy-server/dev run --port "$port" >"$roots/fresh-run.log" 2>&1 &
outside=$!
unsharing() { pgrep --parent "$outside"; }
trap 'kill "$(unsharing)" 2>/dev/null || true' EXIT
until [[ $(redis-cli -p "$port" ping 2>/dev/null) == PONG ]]; do
  kill -0 "$outside" 2>/dev/null || { tail -n 30 "$roots/fresh-run.log"; echo "FAILED  ./dev run"; exit 1; }
  sleep 1
done
echo "ok      redis-cli gets PONG"

# ./dev has become the server by now, so this is what Ctrl-C would reach.
kill -INT "$(pgrep --parent "$(unsharing)")"
status=0
wait "$outside" || status=$?
[[ $status == 0 ]] || { echo "FAILED  SIGINT ends it with status $status"; exit 1; }
echo "ok      SIGINT ends it with status 0"
[[ ${1:-} != run ]] || exit 0

echo "== ./dev test"
in_root "$root" env CI=true /root/redipy-server/dev test </dev/null
rm -rf --one-file-system "$root"
