# SPDX-License-Identifier: Apache-2.0
"""The server's CPU time per operation, command by command, beside Redis's and beside the floor.

Each measurement is a fixed number of operations on fresh data. Ours and Redis take turns, and a round goes through all
commands before the next begins: so a disturbance of the machine meets both, and no command alone. The figures are
medians. To measure one more command, add a row to COMMANDS.
"""

import statistics
import time
from dataclasses import dataclass

from report import Table, number, progress, verdict
from servers import Failed

NAME = "throughput"
SUMMARY = "CPU time per operation against Redis and the floor, unpipelined latency"

GOALS = {1: 1.0, 16: 0.6, 128: 0.45}  # by pipeline depth: ours through Redis's CPU per operation
P99_TOLERANCE = 1.05                  # two runs of one server differ by that much
OPERATIONS = {1: 40_000, 16: 320_000, 128: 320_000}
KEYSPACE = 100_000
PER_FILL = 100                        # elements in one request that fills a collection


@dataclass(frozen=True)
class Command:
    """`request` is a pattern (load/pattern.h), `reply` how each reply must begin. `fill` is sent `keys` times before; one
    that holds an ellipsis repeats the argument ahead of it, so that it brings PER_FILL elements, and is sent as often as
    the pops need. `share`: the part of the operations that is enough for a slow command."""

    request: str
    reply: str
    fill: str = ""
    share: float = 1.0
    elements: int = 0  # per collection, where the operations do not decide


COMMANDS = {
    "GET": Command("GET key:{k}", "$32", "SET key:{n} {v}"),
    "SET": Command("SET key:{k} {v}", "+OK", "SET key:{n} {v}"),
    "INCR": Command("INCR key:{k}", ":", "SET key:{n} 1000"),
    "LPUSH": Command("LPUSH list:{c} val:{k}", ":"),
    "RPOP": Command("RPOP list:{c}", "$16", "RPUSH list:{c} val:{n} ..."),
    "SADD": Command("SADD set:{c} val:{k}", ":"),
    "HSET": Command("HSET hash:{c} val:{k} {v}", ":"),
    "ZADD": Command("ZADD zset:{c} {k} val:{k}", ":"),
    "SPOP": Command("SPOP set:{c}", "$16", "SADD set:{c} val:{n} ..."),
    "MSET": Command("MSET" + " key:{k} {v}" * 10, "+OK", "SET key:{n} {v}", share=0.25),
    "LRANGE": Command("LRANGE list:{c} 0 99", "*100", "RPUSH list:{c} val:{n} ...", share=0.1, elements=200),
}


def add_options(parser):
    parser.add_argument("--commands", help=f"of {','.join(COMMANDS)}; all by default")
    parser.add_argument("--pipelines", default="1,16,128", help="depths; 1,16,128 by default")
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--collections", type=int, default=1,
                        help="how many lists, sets … the commands go round; 1 by default, as redis-benchmark has it")
    parser.add_argument("--unix", action="store_true", help="over a Unix socket instead of TCP")
    parser.add_argument("--budget", type=int, help="seconds after which no further round begins")


def run(bench):
    options = bench.options
    names = options.commands.upper().split(",") if options.commands else list(COMMANDS)
    if unknown := [name for name in names if name not in COMMANDS]:
        raise Failed(f"no such command here: {', '.join(unknown)}")
    depths = [int(depth) for depth in options.pipelines.split(",")]
    rounds = options.rounds or (1 if options.quick else 5)
    until = time.monotonic() + (options.budget or (25 if options.quick else 150))

    found = {}   # (depth, name, kind): measurements
    failed = {}  # (depth, name): why
    with bench.server("ours") as ours, bench.server("redis") as redis, bench.server("floor") as floor:
        done = 0
        while done < rounds and (done == 0 or time.monotonic() < until):
            for depth in depths:
                for name in names:
                    progress(f"throughput: round {done + 1} of {rounds}, pipeline {depth}, {name}")
                    # Who goes first changes, for the second finds the machine as the first left it.
                    for server in (ours, redis, floor) if done % 2 == 0 else (redis, ours, floor):
                        try:
                            measured = measure(bench, server, COMMANDS[name], depth, seed=done + 1)
                            found.setdefault((depth, name, server.kind), []).append(measured)
                        except Failed as why:
                            failed[depth, name] = str(why)
            done += 1
    progress("")
    return [table_of(depth, names, found, failed, done) for depth in depths]


def measure(bench, server, command, depth, seed):
    options = bench.options
    operations = OPERATIONS.get(depth, OPERATIONS[128]) * command.share / (4 if options.quick else 1)
    operations = max(int(operations) // depth, 1) * depth
    warm_up = operations // 20
    if server.kind != "floor":
        server.command("FLUSHALL")
        if command.fill:
            request, times = fill_of(command, operations + warm_up, options.collections)
            bench.load("send", server, request, requests=times, pipeline=64, connections=4, seed=seed,
                       collections=options.collections)
    return bench.load("send", server, command.request.split(), requests=operations, warm_up=warm_up, pipeline=depth,
                      connections=options.connections, pid=server.pid, keyspace=KEYSPACE, seed=seed,
                      collections=options.collections, expect="+OK" if server.kind == "floor" else command.reply)


def fill_of(command, pops, collections):
    """The request that fills, as arguments, and how often to send it."""
    words = command.fill.split()
    if words[-1] != "...":
        return words, KEYSPACE
    elements = command.elements or -(-pops // collections)
    return words[:-2] + [words[-2]] * PER_FILL, -(-elements // PER_FILL) * collections


def table_of(depth, names, found, failed, rounds):
    goal = GOALS.get(depth)
    columns = ["command", "ours ns", "Redis ns", "floor ns", "ratio", "rounds from–to", "goal", ""]
    if depth == 1:
        columns += ["ours p99 µs", "Redis p99 µs", "p99 ratio", ""]
    title = "CPU per operation, " + ("unpipelined" if depth == 1 else f"pipeline {depth}") + f" (median of {rounds})"
    table = Table(title, columns)
    for name in names:
        if (depth, name) in failed:
            table.add(name, *["failed"] + [""] * (len(columns) - 2))
            table.notes.append(f"{name} failed: {failed[depth, name]}")
            continue
        ours, redis, floor = (found[depth, name, kind] for kind in ("ours", "redis", "floor"))
        cpu = [statistics.median(run["cpu_ns"] for run in runs) for runs in (ours, redis, floor)]
        each = sorted(mine["cpu_ns"] / theirs["cpu_ns"] for mine, theirs in zip(ours, redis))
        ratio = round(cpu[0] / cpu[1], 2)
        cells = [name, *map(number, cpu), f"{ratio:.2f}", f"{each[0]:.2f}–{each[-1]:.2f}",
                 f"{goal:.2f}" if goal else "", verdict(ratio, goal, best=each[0]) if goal else ""]
        if depth == 1:
            p99 = [statistics.median(run["p99_us"] for run in runs) for runs in (ours, redis)]
            slower = round(p99[0] / p99[1], 2)
            cells += [*map(number, p99), f"{slower:.2f}", verdict(slower, P99_TOLERANCE)]
        table.add(*cells)
    return table
