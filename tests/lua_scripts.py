#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Every case of the vectors (scripts/vectors, described in their README) and of our own (scripts/cases.json), printed as
# Lua and run on a real Redis.
#
#   lua_scripts.py --tool build/dev/graph_tool --judge "redis-server --save '' --port 0 --unixsocket {socket} --dir {dir}"
#
# --only TEXT   the cases whose name has the text
#
# Each runs as it is, and for backends with a prefix and with routes: that a script could tell none from the other is
# what is tested.

import argparse
import itertools
import json
import pathlib
import sys

from scripts import lua
from scripts.vectors import check_vectors
from transcripts.server import Server

CASES = pathlib.Path(__file__).resolve().parent / "scripts"
FILES = ["vectors/scripts.json", "vectors/ruled.json", "cases.json"]

# What Lua cannot keep, and why.
EXCEPTIONS = {
    "incrby-larger": "an integer beyond 2^53: Lua has doubles alone",
    "arg-power_53": "an integer beyond 2^53: Lua has doubles alone",
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--judge", required=True)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    tool = lua.GraphTool(arguments.tool)
    server = Server(arguments.judge, "judge", [])
    failed = []
    passed = 0
    try:
        client = lua.SocketClient(server.socket)
        for name, target in itertools.product(FILES, lua.TARGETS):
            check_vectors.run_script = lua.runner(tool, target)
            cases = [case for case in json.loads((CASES / name).read_text()) if arguments.only in case["name"]]
            failures = dict(check_vectors.check_file(client, cases))
            passed += len(cases) - len(failures)
            failed += [(name, f"{case} {target.said}", reason) for case, reason in failures.items() if case not in EXCEPTIONS]
            if not arguments.only:
                kept = {case["name"] for case in cases} & EXCEPTIONS.keys() - failures.keys()
                failed += [(name, case, "is listed as one that Lua cannot keep, yet passed") for case in kept]
    finally:
        tool.close()
        server.stop()
    print(f"passed {passed} failed {len(failed)}")
    for name, case, reason in failed:
        print(f"  {name}: {case}: {reason}")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
