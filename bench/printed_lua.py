# SPDX-License-Identifier: Apache-2.0
"""Printed Lua against Lua that is written by hand, both on Redis: CPU time of a call by EVALSHA.

The scripts are those whose goal is set: compare-and-delete, and redipy's filter of a list of 100 elements. Each call is
preceded by what makes its data, whose own cost is measured and taken off. graph_tool prints the Lua.
"""

import json
import socket
import statistics
import subprocess
from pathlib import Path

from report import Table, number, progress, verdict
from servers import Failed

NAME = "printed_lua"
SUMMARY = "scripts printed as Lua, through the same written by hand"
GOAL = 1.15
ROOT = Path(__file__).resolve().parent.parent

COMPARE_AND_DELETE = """
if redis.call("get", KEYS[1]) == ARGV[1] then
  return redis.call("del", KEYS[1])
else
  return 0
end
"""
FILTER = """
local limit = tonumber(ARGV[1])
local value = redis.call("lpop", KEYS[1])
while value do
  if tonumber(value) < limit then
    redis.call("rpush", KEYS[2], value)
  else
    redis.call("rpush", KEYS[3], value)
  end
  value = redis.call("lpop", KEYS[1])
end
return nil
"""


def call(*words):
    literals = [{"kind": "val", "type": "str", "value": words[0]}]
    return {"kind": "call", "name": "redis.call", "no_adjust": False, "args": literals + list(words[1:])}


def compare_and_delete():
    """As redipy compiles it."""
    key = {"kind": "key", "name": "key_0", "readable": "lock"}
    token = {"kind": "arg", "name": "arg_0", "readable": "token"}
    done = {"kind": "var", "name": "var_0"}
    whole = lambda value: {"kind": "val", "type": "int", "value": value}
    taken = [{"kind": "stmt", "expr": call("del", key)}, {"kind": "assign", "assign": done, "value": whole(1)}]
    return {"kind": "script", "argv": ["token"], "keyv": ["lock"], "cmds": [
        {"kind": "declare", "assign": token, "value": {"kind": "load_json_arg", "index": 0}},
        {"kind": "declare", "assign": key, "value": {"kind": "load_key_arg", "index": 0}},
        {"kind": "declare", "assign": done, "value": whole(0)},
        {"kind": "branch", "condition": {"kind": "binary", "op": "eq", "left": call("get", key), "right": token},
         "then": {"kind": "seq", "cmds": taken}, "else": {"kind": "seq", "cmds": []}},
        {"kind": "return", "value": done}]}


def filter_list():
    cases = json.loads((ROOT / "tests/scripts/vectors/scripts.json").read_text())
    return next(case["graph"] for case in cases if case["name"] == "readme-filter-list-all-left")


TOKEN = "2f1b8e0e-0a4b-4d6c-9f5e-7a1b2c3d4e5f"
SCRIPTS = {  # name: (graph, by hand, keys, its argument, printed's argument, what makes the data, calls a round)
    "compare-and-delete, equal": (compare_and_delete, COMPARE_AND_DELETE, ["lock"], TOKEN, TOKEN, ["SET", "lock", TOKEN], 20000),
    "compare-and-delete, unequal": (compare_and_delete, COMPARE_AND_DELETE, ["lock"], TOKEN, TOKEN, ["SET", "lock", "other"], 20000),
    "filter of 100": (filter_list, FILTER, ["in", "left", "right"], "50", "=50;", ["RPUSH", "in", *map(str, range(100))], 1000),
}


def add_options(parser):
    parser.add_argument("--graph-tool", help="what prints the Lua; graph_tool in the folder of the programs by default")


def run(bench):
    rounds = bench.options.rounds or (3 if bench.options.quick else 15)
    table = Table(f"CPU per call of a script, on Redis (median of {rounds})",
                  ["script", "printed µs", "by hand µs", "ratio", "rounds from–to", "goal", ""])
    with bench.server("redis") as redis:
        for name, (graph, by_hand, keys, hand_argument, argument, data, calls) in SCRIPTS.items():
            calls //= 4 if bench.options.quick else 1
            sha = {"hand": redis.command("SCRIPT", "LOAD", by_hand), "printed": redis.command("SCRIPT", "LOAD", printed(bench, graph()))}
            argument_of = {"hand": hand_argument, "printed": argument}
            requests = {kind: ["EVALSHA", sha[kind], str(len(keys)), *keys, argument_of[kind]] for kind in sha}
            found = {"hand": [], "printed": []}
            for at in range(rounds):
                progress(f"printed_lua: {name}, round {at + 1} of {rounds}")
                alone = cpu_of(redis, [data], calls)
                for kind in ("hand", "printed") if at % 2 else ("printed", "hand"):
                    found[kind].append((cpu_of(redis, [data, requests[kind]], calls) - alone) / calls / 1000)
            ratios = [ours / theirs for ours, theirs in zip(found["printed"], found["hand"])]
            ratio = round(statistics.median(ratios), 2)
            table.add(name, number(statistics.median(found["printed"])), number(statistics.median(found["hand"])), f"{ratio:.2f}",
                      f"{min(ratios):.2f}–{max(ratios):.2f}", f"{GOAL}", verdict(ratio, GOAL, min(ratios)))
    progress("")
    return [table]


def printed(bench, graph):
    try:
        tool = bench.options.graph_tool or bench.build / "graph_tool"
        done = subprocess.run([tool, "lua"], input=json.dumps(graph).encode(), capture_output=True)
    except OSError as why:
        raise Failed(f"graph_tool: {why}") from None
    if done.returncode != 0:
        raise Failed(done.stderr.decode())
    return done.stdout.decode()


def cpu_of(server, requests, calls):
    """Nanoseconds of the server for so many times these requests, pipelined; each of them has a reply of one line or two."""
    server.command("FLUSHALL")
    once = b"".join(encoded(request) for request in requests)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(120)
        connection.connect(str(server.path))
        replies = connection.makefile("rb")
        before = server.cpu_ns()
        for start in range(0, calls, 100):
            size = min(100, calls - start)
            connection.sendall(once * size)
            for _ in range(size * len(requests)):
                reply = replies.readline()
                if reply.startswith(b"-"):
                    raise Failed(reply.decode())
                if reply.startswith(b"$") and reply != b"$-1\r\n":
                    replies.readline()
        return server.cpu_ns() - before


def encoded(words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words)
