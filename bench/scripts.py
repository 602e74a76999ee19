# SPDX-License-Identifier: Apache-2.0
"""Scripts: the server's CPU time per call, beside the same work as Lua, written by hand, on Redis.

Each case is a graph and the Lua that does the same. The last row compares a script of one command with that command
itself, both on this server.
"""

import json
import statistics
from dataclasses import dataclass

from report import Table, number, progress, verdict

NAME = "scripts"
SUMMARY = "CPU time per call of scripts, against hand-written Lua on Redis"

ONE_COMMAND_GOAL = 0.8  # of the plain command's rate
PIPELINE = 16
ONE_COMMAND_PIPELINES = (1, 16)


def add_options(_parser):
    pass


# --- graphs, in the forms that redipy's symbolic API gives them

def variable(name):
    return {"kind": name.split("_")[0], "name": name}


def literal(value):
    kinds = {str: "str", int: "int", type(None): "none"}
    return {"kind": "val", "type": kinds[type(value)], "value": value}


def call(name, *arguments):
    return {"kind": "call", "name": name, "args": list(arguments), "no_adjust": False}


def command(name, *arguments):
    return call("redis.call", literal(name), *arguments)


def binary(operation, left, right):
    return {"kind": "binary", "op": operation, "left": left, "right": right}


def set_to(name, value, declare=False):
    return {"kind": "declare" if declare else "assign", "assign": variable(name), "value": value}


def sequence(*statements):
    return {"kind": "seq", "cmds": list(statements)}


def script(keys, arguments, *statements):
    loads = [set_to(f"arg_{i}", {"kind": "load_json_arg", "index": i}, declare=True) for i in range(len(arguments))]
    loads += [set_to(f"key_{i}", {"kind": "load_key_arg", "index": i}, declare=True) for i in range(len(keys))]
    return json.dumps({"kind": "script", "keyv": keys, "argv": arguments, "cmds": loads + list(statements)})


def result(value):
    return {"kind": "return", "value": value}


def filter_graph():
    pop = command("lpop", variable("key_0"))
    push = [{"kind": "stmt", "expr": command("rpush", variable(f"key_{i}"), variable("var_0"))} for i in (1, 2)]
    smaller = binary("lt", call("tonumber", variable("var_0")), variable("arg_0"))
    return script(
        ["inp", "left", "right"], ["cmp"], set_to("var_0", pop, declare=True),
        {"kind": "while", "condition": binary("ne", variable("var_0"), literal(None)), "body": sequence(
            {"kind": "branch", "condition": smaller, "then": sequence(push[0]), "else": sequence(push[1])},
            set_to("var_0", pop))},
        result(None))


def compare_and_delete_graph():
    same = binary("eq", command("get", variable("key_0")), variable("arg_0"))
    return script(
        ["key"], ["token"], set_to("var_0", literal(0), declare=True),
        {"kind": "branch", "condition": same, "then": sequence(set_to("var_0", command("del", variable("key_0")))),
         "else": sequence()},
        result(variable("var_0")))


def counting_graph():
    return script(
        [], [], set_to("var_0", literal(0), declare=True),
        {"kind": "while", "condition": binary("lt", variable("var_0"), literal(1000)),
         "body": sequence(set_to("var_0", binary("add", variable("var_0"), literal(1))))},
        result(variable("var_0")))


def get_graph():
    return script(["key"], [], result(command("get", variable("key_0"))))


FILTER_LUA = """
local limit = tonumber(ARGV[1])
local value = redis.call('lpop', KEYS[1])
while value do
  if tonumber(value) < limit then
    redis.call('rpush', KEYS[2], value)
  else
    redis.call('rpush', KEYS[3], value)
  end
  value = redis.call('lpop', KEYS[1])
end
"""
COMPARE_AND_DELETE_LUA = """
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('del', KEYS[1])
end
return 0
"""
COUNTING_LUA = """
local i = 0
while i < 1000 do
  i = i + 1
end
return i
"""


@dataclass(frozen=True)
class Case:
    name: str
    goal: float
    graph: str
    lua: str
    after_sha: str    # what follows EVALSHA's digits on Redis; "TOKEN" is an argument, a JSON document on this server
    calls: int
    replies: tuple    # how ours and Redis's replies begin
    fill: tuple = ()  # sent once per call before


ELEMENTS = tuple(str(element) for element in range(100))
CASES = [
    Case("filter, 100 elements", 0.25, filter_graph(), FILTER_LUA, "3 in:{n} left right 50", 4_000,
         ("$-1", "$-1"), ("RPUSH", "in:{n}", *ELEMENTS)),
    Case("compare-and-delete", 0.45, compare_and_delete_graph(), COMPARE_AND_DELETE_LUA, "1 key:{n} TOKEN", 160_000,
         ("$1", ":1"), ("SET", "key:{n}", "0123456789abcdef")),
    Case("loop of 1,000 turns", 1.0, counting_graph(), COUNTING_LUA, "0", 32_000, ("$4", ":1000")),
]


def run(bench):
    options = bench.options
    rounds = options.rounds or (1 if options.quick else 5)
    share = 4 if options.quick else 1
    found = {}
    one_command = {}
    with bench.server("ours") as ours, bench.server("redis") as redis:
        for done in range(rounds):
            for case in CASES:
                progress(f"scripts: round {done + 1} of {rounds}, {case.name}")
                for server in (ours, redis) if done % 2 == 0 else (redis, ours):
                    found.setdefault((case.name, server.kind), []).append(measure(bench, server, case, share, done))
            progress(f"scripts: round {done + 1} of {rounds}, one command")
            for depth in ONE_COMMAND_PIPELINES:
                for sha in (None, ours.command("SCRIPT", "LOAD", get_graph())):
                    one_command.setdefault((depth, sha is None), []).append(
                        measure_one_command(bench, ours, share, done, sha, depth))
    progress("")
    table = Table(f"Scripts, CPU per call, pipeline {PIPELINE} (median of {rounds})",
                  ["script", "ours ns", "Redis ns", "ratio", "goal", ""])
    for case in CASES:
        cpu = [statistics.median(found[case.name, kind]) for kind in ("ours", "redis")]
        ratio = round(cpu[0] / cpu[1], 2)
        table.add(case.name, *map(number, cpu), f"{ratio:.2f}", f"{case.goal:.2f}", verdict(ratio, case.goal))
    commands = Table("A script of one command (GET), rate against the command itself, both on this server",
                     ["pipeline", "script ns", "command ns", "rate", "goal", ""])
    for depth in ONE_COMMAND_PIPELINES:
        cpu = [statistics.median(one_command[depth, plain]) for plain in (False, True)]
        rate = round(cpu[1] / cpu[0], 2)
        commands.add(depth, *map(number, cpu), f"{rate:.2f}", f"{ONE_COMMAND_GOAL:.2f}",
                     verdict(-rate, -ONE_COMMAND_GOAL))
    return [table, commands]


def measure(bench, server, case, share, seed):
    is_ours = server.kind == "ours"
    calls = case.calls // share // PIPELINE * PIPELINE
    warm_up = calls // 20
    server.command("FLUSHALL")
    if case.fill:
        bench.load("send", server, list(case.fill), requests=calls + warm_up, pipeline=64, connections=4, seed=seed)
    sha = server.command("SCRIPT", "LOAD", case.graph if is_ours else case.lua)
    token = '"0123456789abcdef"' if is_ours else "0123456789abcdef"
    request = ["EVALSHA", sha, *case.after_sha.replace("TOKEN", token).split()]
    return bench.load("send", server, request, requests=calls, warm_up=warm_up, pipeline=PIPELINE, connections=50,
                      pid=server.pid, seed=seed, expect=case.replies[0 if is_ours else 1])["cpu_ns"]


def measure_one_command(bench, server, share, seed, sha, depth):
    server.command("FLUSHALL")
    bench.load("send", server, ["SET", "key:{n}", "{v}"], requests=100_000, pipeline=64, connections=4, seed=seed)
    calls = (160_000 if depth > 1 else 40_000) // share // depth * depth
    request = ["EVALSHA", sha, "1", "key:{k}"] if sha else ["GET", "key:{k}"]
    return bench.load("send", server, request, requests=calls, warm_up=calls // 20, pipeline=depth, connections=50,
                      pid=server.pid, keyspace=100_000, seed=seed, expect="$")["cpu_ns"]
