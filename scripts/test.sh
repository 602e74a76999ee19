# SPDX-License-Identifier: Apache-2.0
#
# The whole of ./dev test, to be sourced by it. In this order, because the quickest to fail comes first: optimised with
# assertions; AddressSanitizer with UndefinedBehaviorSanitizer; ThreadSanitizer on the tests that have threads; lint.
# The first failure ends it. At the end stands how each part closed, ctest's lines of the first one last.

# The sanitizers of g++ 12 cannot map their shadow memory where a kernel randomises addresses widely.
fixed_addresses=()
if setarch --addr-no-randomize true 2>/dev/null; then fixed_addresses=(setarch --addr-no-randomize); fi

export ASAN_OPTIONS=${ASAN_OPTIONS:-strict_string_checks=1:detect_stack_use_after_return=1:check_initialization_order=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-second_deadlock_stack=1}
export TRANSCRIPT_TIMEOUT=${TRANSCRIPT_TIMEOUT:-20}  # seconds for a reply, on a busy machine, with a sanitizer

# test_preset PRESET "TARGET..." [ctest options]: builds these and runs the tests.
test_preset() {
  local preset=$1 targets=$2
  shift 2
  echo "== $preset: build"
  build "$preset" $targets
  echo "== $preset: tests"
  # What a sanitizer adds to each call must not be what ends a walk over a graph that is nested a thousand deep.
  ulimit -S -s 65536 2>/dev/null || true
  "${fixed_addresses[@]}" ctest --test-dir "build/$preset" --parallel "$jobs" --output-on-failure --no-tests=error "$@" |
    tee "build/$preset/ctest.log"
}

# closing_lines PRESET: the summary that ctest printed.
closing_lines() {
  sed -n '/tests passed/,$p' "build/$1/ctest.log"
}

test_all() {
  test_preset dev all
  test_preset asan 'redipy-server unit_tests graph_tool'
  # Its tests with threads are clients of the server; `all` once there are unit tests named …Threads.
  test_preset tsan redipy-server --label-regex threads
  echo "== lint"
  scripts/lint.py

  local preset
  for preset in tsan asan dev; do
    echo "== $preset"
    closing_lines "$preset"
  done
}

# soak_all [SECONDS]: random commands from many clients, under each of the sanitizers.
soak_all() {
  local preset
  for preset in asan tsan; do
    echo "== $preset"
    build "$preset" redipy-server
    "${fixed_addresses[@]}" tests/soak.py --server "build/$preset/redipy-server" --seconds "${1:-60}"
  done
}
