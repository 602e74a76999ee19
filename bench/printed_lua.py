# SPDX-License-Identifier: Apache-2.0
"""Scripts printed as Lua (scripting/lua_printer.h) beside the same work as Lua, written by hand, both on Redis."""

import statistics
import subprocess

from report import Table, number, progress, verdict
from scripts import CASES, PIPELINE
from servers import Failed

NAME = "printed_lua"
SUMMARY = "CPU time per call of scripts printed as Lua, against hand-written Lua"
GOAL = 1.15
WRITTEN, PRINTED = 0, 1


def add_options(parser):
    parser.add_argument("--graph-tool", help="what prints the Lua; by default graph_tool in the folder of the programs")


def run(bench):
    rounds = bench.options.rounds or (2 if bench.options.quick else 7)
    found = {}
    with bench.server("redis") as redis:
        for done in range(rounds):
            for case in CASES:
                progress(f"printed_lua: round {done + 1} of {rounds}, {case.name}")
                for which in (WRITTEN, PRINTED) if done % 2 else (PRINTED, WRITTEN):
                    found.setdefault((case.name, which), []).append(measure(bench, redis, case, which, done))
    progress("")
    table = Table(f"Printed Lua on Redis, CPU per call, pipeline {PIPELINE} (median of {rounds})",
                  ["script", "printed ns", "by hand ns", "ratio", "rounds from–to", "goal", ""])
    for case in CASES:
        by_hand, printed_out = found[case.name, WRITTEN], found[case.name, PRINTED]
        ratios = [one / other for one, other in zip(printed_out, by_hand)]
        ratio = round(statistics.median(ratios), 2)
        table.add(case.name, number(statistics.median(printed_out)), number(statistics.median(by_hand)), f"{ratio:.2f}",
                  f"{min(ratios):.2f}–{max(ratios):.2f}", f"{GOAL:.2f}", verdict(ratio, GOAL, min(ratios)))
    return [table]


def measure(bench, redis, case, which, seed):
    calls = case.calls // (8 if bench.options.quick else 2) // PIPELINE * PIPELINE
    warm_up = calls // 20
    redis.command("FLUSHALL")
    if case.fill:
        bench.load("send", redis, list(case.fill), requests=calls + warm_up, pipeline=64, connections=4, seed=seed)
    sha = redis.command("SCRIPT", "LOAD", printed(bench, case.graph) if which == PRINTED else case.lua)
    words = case.after_sha.replace("TOKEN", "0123456789abcdef").split()
    if which == PRINTED and words[-1] == "50":
        words[-1] = "=50;"  # a number; other texts travel as they are
    reply = case.replies[0 if which == PRINTED else 1]  # JSON, as this server gives it
    return bench.load("send", redis, ["EVALSHA", sha, *words], requests=calls, warm_up=warm_up, pipeline=PIPELINE,
                      connections=1, pid=redis.pid, seed=seed, expect=reply)["cpu_ns"]


def printed(bench, graph):
    tool = bench.options.graph_tool or bench.build / "graph_tool"
    try:
        done = subprocess.run([tool, "lua"], input=graph.encode(), capture_output=True, check=False)
    except OSError as why:
        raise Failed(f"graph_tool: {why}") from None
    if done.returncode != 0:
        raise Failed(done.stderr.decode())
    return done.stdout.decode()
