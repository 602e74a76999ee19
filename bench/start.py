# SPDX-License-Identifier: Apache-2.0
"""From starting the program to its first PONG over a Unix socket, and the memory it has then."""

import statistics
import time

from report import Table, number, progress, verdict
from servers import memory_of

NAME = "start"
SUMMARY = "time from start to the first PONG, memory of an empty server"

START_GOAL_MS = 10
MEMORY_GOAL_MB = 12
MB = 1024 * 1024


def add_options(parser):
    parser.add_argument("--starts", type=int, help="start: how many; 20 by default")


def run(bench):
    starts = bench.options.starts or (5 if bench.options.quick else 20)
    found = {"ours": [], "redis": []}
    for turn in range(starts):
        progress(f"start: {turn + 1} of {starts}")
        for kind, all_starts in found.items():
            all_starts.append(one_start(bench, kind))
    progress("")

    table = Table(f"Start and idle memory (median of {starts})", ["what", "ours", "Redis", "goal", ""])
    ours, redis = (min(one["start_ms"] for one in found[kind]) for kind in ("ours", "redis"))
    table.add("the fastest start, ms", number(ours), number(redis), "", "")
    for what, key, goal in (("start to first PONG, ms", "start_ms", START_GOAL_MS),
                            ("resident memory (RSS), MB", "rss", MEMORY_GOAL_MB),
                            ("shared pages by share (PSS), MB", "pss", None)):
        ours, redis = (statistics.median(one[key] for one in found[kind]) for kind in ("ours", "redis"))
        table.add(what, number(ours), number(redis), goal or "", verdict(ours, goal) if goal else "")
    return [table]


def one_start(bench, kind):
    path = bench.new_path("socket")
    server = bench.command_line(kind, 0, path)
    with bench.held_load("start", ["--unix", str(path)], server, core=bench.server_core) as found:
        time.sleep(0.03)  # what it does right after the first PONG belongs to its memory
        memory = memory_of(found["pid"])
        return {"start_ms": found["start_ms"], "rss": memory["rss"] / MB, "pss": memory["pss"] / MB}
