# SPDX-License-Identifier: Apache-2.0
"""The longest that a server keeps others waiting while something large happens to it.

A connection of its own PINGs all the time. The longest round trip is told raw, and net of what the kernel made the
threads wait for a CPU (load/probe.cpp says how), for the raw figure of a shared machine is mostly about its
neighbours. Of several rounds the least counts: what the server does by itself it does in every round.
"""

import time

from report import Table, number, progress, verdict
from servers import Failed

NAME = "stalls"
SUMMARY = "longest wait while a table grows, a large value is deleted, FLUSHALL runs"

GOAL_MS = 5.0
PER_FILL = 100

LARGE = {
    "hash": ["HSET", "large", *["val:{n}", "1"] * PER_FILL],
    "list": ["RPUSH", "large", *["val:{n}"] * PER_FILL],
    "set": ["SADD", "large", *["val:{n}"] * PER_FILL],
    "zset": ["ZADD", "large", *["{n}", "val:{n}"] * PER_FILL],
}


def add_options(parser):
    parser.add_argument("--elements", type=int, help="stalls: keys, and elements of the value; 10 million by default")
    parser.add_argument("--kinds", default="set",
                        help=f"stalls: large values to delete, of {','.join(LARGE)}; set by default")
    parser.add_argument("--stalls-budget", type=int, help="stalls: seconds after which no further round begins")


def run(bench):
    options = bench.options
    count = options.elements or (500_000 if options.quick else 10_000_000)
    kinds = options.kinds.split(",")
    if unknown := [kind for kind in kinds if kind not in LARGE]:
        raise Failed(f"no such large value here: {', '.join(unknown)}")
    rounds = options.rounds or (1 if options.quick else 3)
    budget = options.stalls_budget or (15 if options.quick else 200 if options.benchmarks == [NAME] else 80)
    until = time.monotonic() + budget

    # Redis once: it is the measure, not the measured, and takes its seconds every time.
    found = {"redis": [one_round(bench, "redis", count, kinds)], "ours": []}
    while len(found["ours"]) < rounds and (not found["ours"] or time.monotonic() < until):
        found["ours"].append(one_round(bench, "ours", count, kinds))
    progress("")

    table = Table(f"Longest wait of a PING, ms, with {count:,} keys or elements (least of {len(found['ours'])})",
                  ["meanwhile", "ours net", "ours raw", "Redis net", "Redis raw", "goal", ""],
                  ["net: without the time for which the kernel gave the CPU to other programs"])
    for what in found["redis"][0]:
        net, raw = {}, {}
        for kind, all_rounds in found.items():
            net[kind] = min(one[what]["longest_net_ms"] for one in all_rounds)
            raw[kind] = min(one[what]["longest_ms"] for one in all_rounds)
        table.add(what, number(net["ours"]), number(raw["ours"]), number(net["redis"]), number(raw["redis"]),
                  f"{GOAL_MS:.0f}", verdict(net["ours"], GOAL_MS))
    return [table]


def one_round(bench, kind, count, kinds):
    """What the probe found, by what happened meanwhile."""
    found = {}
    with bench.server(kind) as server:
        def probed(what, request, **settings):
            progress(f"stalls: {kind}, {what}")
            load = bench.load_command("send", bench.target(server), request, **settings)
            found[what] = bench.load("probe", server, load, limit=180, pid=server.pid)

        probed("a table grows", ["SET", "key:{n}", "{v}"], requests=count, connections=4, pipeline=32)
        if (keys := int(server.command("DBSIZE"))) != count:
            raise Failed(f"{kind} has {keys} keys instead of {count}")
        probed("FLUSHALL", ["FLUSHALL"], requests=1, connections=1, expect="+OK")
        for large in kinds:
            server.come_to_rest()
            progress(f"stalls: {kind}, fills a {large}")
            bench.load("send", server, LARGE[large], requests=count // PER_FILL, connections=4, pipeline=4, limit=180)
            probed(f"DEL of a {large}", ["DEL", "large"], requests=1, connections=1, expect=":1")
    return found
