# SPDX-License-Identifier: Apache-2.0
"""Bytes per key and per small collection: how much a fresh server's resident memory grows while it is filled.

A hash table's cost per key depends on how full it happens to be, so the growth is read at several counts, and the worst
is told beside the one at a million.
"""

from report import Table, progress, verdict
from servers import Failed

NAME = "memory"
SUMMARY = "bytes per key, and per small hash, list, set and sorted set"

KEY_GOAL = 80  # bytes, for a key of 16 with a value of 32
STEPS = (1.0, 1.1, 1.25, 1.5, 1.75, 2.0)

TEN = range(10)
SMALL = {
    "hash": ["HSET", "hash:{n}", *(word for i in TEN for word in (f"field:{i}", f"value:{i:010}"))],
    "list": ["RPUSH", "list:{n}", *(f"value:{i:010}" for i in TEN)],
    "set": ["SADD", "set:{n}", *(f"value:{i:010}" for i in TEN)],
    "set of integers": ["SADD", "ints:{n}", *(str(1000 + i) for i in TEN)],
    "sorted set": ["ZADD", "zset:{n}", *(word for i in TEN for word in (str(i * 10), f"value:{i:010}"))],
}


def add_options(parser):
    parser.add_argument("--full", action="store_true", help="memory: 10 million keys too")


def run(bench):
    options = bench.options
    counts = [200_000] if options.quick else [1_000_000] + ([10_000_000] if options.full else [])
    small = 20_000 if options.quick else 100_000
    table = Table("Memory, bytes each", ["what", "ours", "Redis", "ratio", "goal", ""],
                  ["growth of the resident memory (RSS) of a fresh server, through the number of keys"])
    for count in counts:
        progress(f"memory: {count} keys")
        ours, redis = (growth(bench, kind, ["SET", "key:{n}", "{v}"], [int(count * step) for step in STEPS])
                       for kind in ("ours", "redis"))
        what = f"{count:,} keys of 16 + 32 bytes"
        add(table, what, ours[0], redis[0], KEY_GOAL)
        add(table, f"the worst of {count:,} to {2 * count:,} keys", max(ours), max(redis), KEY_GOAL)
    for name, request in SMALL.items():
        progress(f"memory: {name}")
        try:
            ours, redis = (growth(bench, kind, request, [small])[0] for kind in ("ours", "redis"))
        except Failed as why:
            table.add(name, "failed", "", "", "", "")
            table.notes.append(f"{name} failed: {why}")
            continue
        add(table, f"{small:,} × {name} of 10", ours, redis, None)
    progress("")
    return [table]


def add(table, what, ours, redis, goal):
    ours, redis = round(ours), round(redis)
    table.add(what, ours, redis, f"{ours / redis:.2f}", goal or redis, verdict(ours, goal or redis))


def growth(bench, kind, request, counts):
    """Bytes per key at each of the counts."""
    with bench.server(kind) as server:
        server.come_to_rest()
        before = server.memory()["rss"]
        per_key, filled = [], 0
        for count in counts:
            bench.load("send", server, request, first=filled, requests=count - filled, connections=2, pipeline=32)
            filled = count
            if (keys := int(server.command("DBSIZE"))) != count:
                raise Failed(f"{kind} has {keys} keys instead of {count}")
            server.come_to_rest()
            per_key.append((server.memory()["rss"] - before) / count)
        return per_key
