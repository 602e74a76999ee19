#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks: bench/run.py [BENCHMARK...] [--quick] [--markdown]; README.md says how to read the figures.

A benchmark is a module beside this one: NAME, SUMMARY, add_options(parser), and run(bench), which returns tables
(report.py) of what it found with the servers that `bench` (servers.py) starts; perhaps NEEDS, programs that no other
benchmark needs. List it in BENCHMARKS and it is run.
"""

import argparse
import resource
import shutil
import signal
import sys
from pathlib import Path

import idle
import memory
import printed_lua
import proxy
import scripts
import sql
import start
import stalls
import throughput
from report import machine
from servers import Failed, bench, default_cores

BENCHMARKS = {module.NAME: module for module in (throughput, scripts, printed_lua, memory, stalls, start, idle, proxy, sql)}


def options_from(arguments):
    parser = argparse.ArgumentParser(prog="bench", formatter_class=argparse.RawDescriptionHelpFormatter,
                                     description="Compares redipy-server with Redis on this machine.",
                                     epilog="\n".join(f"  {name:11} {module.SUMMARY}"
                                                      for name, module in BENCHMARKS.items()))
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK", help="of those below; all by default")
    parser.add_argument("--quick", action="store_true", help="all within a minute: for a first look, not for a verdict")
    parser.add_argument("--rounds", type=int, help="how often each thing is measured")
    parser.add_argument("--markdown", action="store_true", help="print tables as README.md has them")
    build = Path(__file__).resolve().parent.parent / "build" / "release"
    parser.add_argument("--build", default=build, help="folder of the programs; build/release by default")
    parser.add_argument("--ours", help="the server to measure instead of the one in that folder")
    parser.add_argument("--redis", default="redis-server", help="the server to compare with")
    parser.add_argument("--cores", type=cores, default=default_cores(), help="the server's and the load's, as 0,1")
    for module in BENCHMARKS.values():
        module.add_options(parser.add_argument_group(module.NAME))
    options = parser.parse_args(arguments)
    for name in options.benchmarks:
        if name not in (*BENCHMARKS, "all"):
            parser.error(f"no such benchmark: {name}")
    return options


def cores(text):
    server, _, load = text.partition(",")
    return int(server), int(load)


def main():
    options = options_from(sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    names = list(BENCHMARKS) if not options.benchmarks or "all" in options.benchmarks else options.benchmarks
    others = [program for name in names for program in getattr(BENCHMARKS[name], "NEEDS", ())]
    failed = False
    with bench(options) as shared:
        for program in shared.needed_programs(others):
            if shutil.which(program) is None:
                sys.exit(f"bench: {program} is not there: build or install it, or see --build, --ours and --redis")
        print(machine(shared) + "\n")
        for name in names:
            try:
                tables = BENCHMARKS[name].run(shared)
            except (Failed, OSError) as why:
                print(f"bench {name}: {why}\n", file=sys.stderr)
                failed = True
                continue
            for table in tables:
                print(table.markdown() if options.markdown else table.text(), flush=True)
                failed |= any("failed" in row for row in table.rows)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
