# SPDX-License-Identifier: Apache-2.0
"""What 10,000 connections that do nothing cost: memory each, and CPU time while nothing happens.

Each connection sends one PING first, as a connection from a pool has been used once. Only the server's own memory
is counted; the kernel's, for its sockets, is the same for both.
"""

import time

from report import Table, number, progress

NAME = "idle"
SUMMARY = "memory and CPU of 10,000 idle connections"


def add_options(parser):
    parser.add_argument("--idle-connections", type=int, default=10_000)


def run(bench):
    count = bench.options.idle_connections
    found = {}
    for kind in ("ours", "redis"):
        progress(f"idle: {kind}")
        found[kind] = one_run(bench, kind, count)
    progress("")
    table = Table(f"{count:,} idle connections", ["what", "ours", "Redis", "ratio"])
    for what in found["ours"]:
        ours, redis = found["ours"][what], found["redis"][what]
        table.add(what, number(ours), number(redis), f"{ours / redis:.2f}" if redis > 0 else "")
    return [table]


def one_run(bench, kind, count):
    with bench.server(kind, ["--maxclients", str(count + 100)]) as server:
        server.come_to_rest()
        before = server.memory()["rss"]
        with bench.held_load("idle", bench.target(server), [], connections=count):
            used_once = server.memory()["rss"] - before
            time.sleep(1 if bench.options.quick else 4)
            settled = server.memory()["rss"] - before
            cpu = server.cpu_ns()
            time.sleep(1)
            cpu = server.cpu_ns() - cpu
        return {"kB each, just used": used_once / count / 1024, "kB each, seconds later": settled / count / 1024,
                "CPU while idle, ms a second": cpu / 1e6}
