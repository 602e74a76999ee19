#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Tries the image without Docker: runs the steps of the Dockerfile in two plain Debian roots (scripts/debian-root.sh),
# then starts the server as the image would, as PID 1 and as its own user, and tests that it is healthy, answers, keeps
# its hands off the root and ends cleanly. Needs to be root. The steps stand here as in the Dockerfile.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/install.sh
need roots
source scripts/debian-root.sh

stage=$roots/image-build
image=$roots/image
failures=0

not() { ! "$@" >/dev/null 2>&1; }

check() {
  local what=$1
  shift
  if "$@"; then echo "ok      $what"; else echo "FAILED  $what"; failures=$((failures + 1)); fi
}

echo "== first stage: build"
new_root "$stage"
mkdir "$stage/source"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --target-directory="$stage/source"
in_root "$stage" /source/docker/build-steps.sh /source /install

echo "== second stage: image"
new_root "$image"
mkdir -p "$image/tmp/steps"
cp scripts/packages scripts/install.sh docker/runtime-steps.sh "$image/tmp/steps"
in_root "$image" /tmp/steps/runtime-steps.sh /tmp/steps
rm -r "$image/tmp/steps"
cp -a "$stage/install/." "$image"

echo "== run"
# Networks and processes of its own, so that its port is free and it is PID 1, as in a container.
cat >"$roots/start" <<'END'
mount -t proc proc "$1/proc"
ip link set lo up
cd "$1"
exec chroot --userspec=redipy:redipy "$1" /bin/sh -c 'cd /var/lib/redipy && exec redipy-server /etc/redipy/container.conf'
END
unshare --mount --net --pid --fork --kill-child bash "$roots/start" "$image" >"$roots/server.log" 2>&1 &
outside=$!
trap 'kill $outside 2>/dev/null || true' EXIT
server() { pgrep --parent "$outside"; }
inside() { nsenter --target "$(server)" --net --pid "$@"; }
as_user() { inside chroot --userspec=redipy:redipy "$image" "$@"; }
healthy() { as_user redipy-server /etc/redipy/container.conf --healthcheck >/dev/null 2>&1; }
answers() { [[ $(inside redis-cli "$@" 2>&1) == "$answer" ]]; }

for _ in {1..100}; do ! healthy || break; sleep 0.1; done
check "--healthcheck says that it is healthy" healthy
answer=PONG check "redis-cli gets PONG" answers ping
check "it is PID 1" test "$(awk '/^NSpid/ { print $NF }' "/proc/$(server)/status")" = 1
check "it is one process" test "$(pgrep --count --parent "$(server)" || true)" = 0
check "it runs as redipy" test "$(stat --format %u "/proc/$(server)")" = "$(awk -F: '$1 == "redipy" { print $3 }' "$image/etc/passwd")"
check "nothing but its folder is its own" test -z "$(in_root "$image" find / -xdev -user redipy -not -path /var/lib/redipy)"

kill -TERM "$(server)"
status=0
wait "$outside" || status=$?
check "SIGTERM ends it with status 0" test "$status" = 0
check "without it, --healthcheck says that it is not healthy" \
  not in_root "$image" redipy-server --port 1 --healthcheck

if [[ $failures -gt 0 ]]; then
  cat "$roots/server.log"
  exit 1
fi
rm -rf --one-file-system "$stage" "$image"
