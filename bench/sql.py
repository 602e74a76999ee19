# SPDX-License-Identifier: Apache-2.0
"""Our server on SQLite, PostgreSQL and MariaDB, beside Redis that syncs its append-only file at each write, beside our
own memory, and beside a bare loop of prepared statements on the same library (raw_sql/).

What is compared are rates (of 50 clients, wall time) where the goal is a rate, for there the disk and the database are
part of the matter, and CPU time where the goal is CPU time. The database runs on the load's core.
"""

import contextlib
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from report import Table, number, progress, verdict
from servers import Failed

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import databases  # noqa: E402  (the tests' way to start one)

NAME = "sql"
SUMMARY = "our server on SQLite, PostgreSQL and MariaDB against Redis with appendfsync always and bare statements"
NEEDS = ("redipy-raw-sql",)

DATABASES = ("sqlite", "postgresql", "mariadb")
KEYSPACE = 100_000
VALUE = 100
CLIENTS = 50
GET, SET, HSET = "GET key:{k}", "SET key:{k} {v}", "HSET hash:{c} field:{k} {v}"

# On collections of so many elements, and of ten times as many: CPU µs per command.
ELEMENTS = 100_000
FLAT = 2.0        # as much more may it cost with ten times the elements
COLLECTION_GOAL = 50
FILLS = {"RPUSH big:list": "el:{n}", "HSET big:hash": "f:{n} {v}", "ZADD big:zset": "{k} m:{n}"}
COLLECTIONS = {
    "LINDEX": ("LINDEX big:list {middle}", "$"),
    "LRANGE 10": ("LRANGE big:list {middle} {middle+9}", "*10"),
    "LPUSH": ("LPUSH big:list el:{k}", ":"),
    "LPOP": ("LPOP big:list", "$"),
    "HGET": ("HGET big:hash f:{k}", "$"),
    "ZRANK": ("ZRANK big:zset m:{k}", ":"),
    "ZRANGE 10": ("ZRANGE big:zset -10 -1", "*10"),
    "ZADD": ("ZADD big:zset {k} m:{k}", ":"),
}


def add_options(parser):
    parser.add_argument("--databases", default=",".join(DATABASES), help="which; all that are installed by default")
    parser.add_argument("--sql-options", default="", help="further options of our server, as '--sql-cache-size 0'")


def run(bench):
    names = bench.options.databases.split(",")
    if unknown := [name for name in names if name not in DATABASES]:
        raise Failed(f"no such database here: {', '.join(unknown)}")
    tables = []
    if "sqlite" in names:
        tables += [sqlite_table(bench), collection_table(bench)]
    for name in names:
        if name == "sqlite":
            continue
        try:
            tables.append(server_table(bench, name))
        except databases.NotInstalled as why:
            progress("")
            print(f"sql: left out: {why}", file=sys.stderr)
    progress("")
    return tables


def rounds_of(bench):
    return bench.options.rounds or (1 if bench.options.quick else 5)


def send(bench, server, request, expect, operations, pipeline=1, connections=CLIENTS, seed=1):
    operations = max(operations // (4 if bench.options.quick else 1) // pipeline, 1) * pipeline
    return bench.load("send", server, request.split(), requests=operations, warm_up=operations // 20, pipeline=pipeline,
                      connections=connections, pid=server.pid, keyspace=KEYSPACE, value=VALUE, seed=seed, expect=expect)


def fill(bench, server):
    bench.load("send", server, "SET key:{n} {v}".split(), requests=KEYSPACE, pipeline=64, connections=4, value=VALUE)
    bench.load("send", server, "HSET hash:{c} field:{n} {v}".split(), requests=KEYSPACE, pipeline=64, connections=4, value=VALUE)


def raw(bench, database, where, **settings):
    """A bare loop on the servers' core."""
    line = ["taskset", "-c", str(bench.server_core), str(bench.build / "redipy-raw-sql"), database, "--where", where,
            "--keyspace", str(KEYSPACE), "--value", str(VALUE)]
    for name, value in settings.items():
        line += [f"--{name}", str(value)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise Failed(f"{database}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def rate(run):
    return 1e9 / run["wall_ns"]


class Goals(Table):
    """Rows: what, ours, beside what, ratio, goal. A goal may be a least (for rates) or a most (for costs)."""

    def __init__(self, title):
        super().__init__(title, ["what", "ours", "beside it", "ratio", "rounds from–to", "goal", ""])

    def compare(self, what, ours, other, least=None, most=None):
        """`ours` and `other` are lists, a figure per round."""
        ratio = round(statistics.median(ours) / statistics.median(other), 2)
        each = sorted(mine / theirs for mine, theirs in zip(ours, other))
        if least is not None:
            goal, judged = f"≥ {least}", verdict(-ratio, -least, best=-each[-1])
        else:
            goal, judged = f"≤ {most}", verdict(ratio, most, best=each[0])
        self.add(what, number(statistics.median(ours)), number(statistics.median(other)), f"{ratio:.2f}",
                 f"{each[0]:.2f}–{each[-1]:.2f}", goal, judged)


def ours_on(bench, url, extra=()):
    return bench.server("ours", ["--backend", f"main {url}", "--sql-durability", "always", *extra,
                                 *bench.options.sql_options.split()])


def always_synced(bench):
    folder = bench.new_path("aof")
    folder.mkdir()
    # The options of servers.PLAIN stand before these.
    return bench.server("redis", ["--appendonly", "yes", "--appendfsync", "always", "--dir", str(folder)])


def sqlite_table(bench):
    rounds = rounds_of(bench)
    found = {}
    with ours_on(bench, f"sqlite://{bench.new_path('db')}") as ours, always_synced(bench) as redis, \
            bench.server("ours") as memory:
        for server in (ours, redis, memory):
            fill(bench, server)
        for turn in range(rounds):
            progress(f"sql: sqlite, round {turn + 1} of {rounds}")
            kinds = {"ours": ours, "redis": redis, "memory": memory}
            order = list(kinds)
            for kind in order[turn % 3:] + order[:turn % 3]:
                for name, request, expect in (("SET", SET, "+OK"), ("HSET", HSET, ":"), ("GET", GET, "$")):
                    if kind == "memory" and name != "GET":
                        continue
                    operations = 100_000 if name == "GET" else 40_000
                    found.setdefault((name, kind), []).append(
                        send(bench, kinds[kind], request, expect, operations, seed=turn + 1))
            raw_file = str(bench.new_path("raw"))
            found.setdefault("batched", []).append(
                raw(bench, "sqlite", raw_file, batch=CLIENTS, operations=40_000, seed=turn + 1))
            found.setdefault("single", []).append(raw(bench, "sqlite", raw_file, batch=1, operations=4_000, seed=turn + 1))
    rates = {key: [rate(run) for run in runs] for key, runs in found.items()}
    cpu = {key: [run["cpu_ns"] for run in runs] for key, runs in found.items()}
    table = Goals(f"SQLite, sql-durability always, {CLIENTS} clients (median of {rounds})")
    for name in ("SET", "HSET"):
        table.compare(f"{name} a second, Redis with appendfsync always", rates[name, "ours"], rates[name, "redis"], least=0.5)
    table.compare("SET a second, one commit per write", rates["SET", "ours"], rates["single"], least=4)
    table.compare("GET a second, our memory", rates["GET", "ours"], rates["GET", "memory"], least=0.8)
    table.compare("CPU ns per SET, bare UPSERT in batches of 50", cpu["SET", "ours"], cpu["batched"], most=1.6)
    table.notes.append("The CPU of a SET holds the request and the reply, too; the bare loop has none.")
    return table


def collection_table(bench):
    operations = 2_000 if bench.options.quick else 10_000
    cost = {}
    gone = {}
    for elements in (ELEMENTS, ELEMENTS * 10):
        with ours_on(bench, f"sqlite://{bench.new_path('db')}", ["--sql-durability", "everysec"]) as ours:
            for begin, element in FILLS.items():
                progress(f"sql: {begin} of {elements}")
                bench.load("send", ours, f"{begin} {element}".split(), requests=elements, pipeline=64, connections=1, value=20)
            ours.command("ZRANK", "big:zset", "m:1")
            time.sleep(2)  # until the log of the filling is in the file: it is not what is measured
            for name, (request, expect) in COLLECTIONS.items():
                middle = elements // 2
                request = request.replace("{middle}", str(middle)).replace("{middle+9}", str(middle + 9))
                cost[name, elements] = bench.load(
                    "send", ours, request.split(), requests=operations, warm_up=operations // 10, pipeline=1,
                    connections=CLIENTS, pid=ours.pid, keyspace=ELEMENTS, expect=expect)["cpu_ns"] / 1e3
            gone[elements] = deletion_ms(ours)
    table = Table("SQLite, collections, CPU µs per command with request and reply",
                  ["command", "100k elements", "goal", "", "1M elements", "ratio", ""])
    for name in COLLECTIONS:
        small, large = cost[name, ELEMENTS], cost[name, ELEMENTS * 10]
        table.add(name, number(small), COLLECTION_GOAL, verdict(small, COLLECTION_GOAL), number(large),
                  f"{large / small:.2f}", verdict(large / small, FLAT))
    table.add("DEL of all three, ms", number(gone[ELEMENTS]), "", "", number(gone[ELEMENTS * 10]), "≤ 5 ms",
              verdict(gone[ELEMENTS * 10], 5))
    return table


def deletion_ms(server):
    """How long the longest of the DELs takes to be answered."""
    longest = 0.0
    for key in ("big:list", "big:hash", "big:zset"):
        began = time.monotonic()
        server.command("DEL", key)
        longest = max(longest, time.monotonic() - began)
    return longest * 1e3


SYNCED = {"postgresql": ["-c", "fsync=on", "-c", "shared_buffers=512MB"],
          "mariadb": ["--innodb-flush-method=fsync", "--innodb-buffer-pool-size=512M"]}


@contextlib.contextmanager
def database_server(bench, name):
    """A database server on the load's core that syncs what it commits."""
    server = databases.KINDS[name]()
    server.extra = SYNCED[name]
    try:
        server.start()
        subprocess.run(["taskset", "-a", "-c", "-p", str(bench.load_core), str(server.process.pid)], check=True,
                       stdout=subprocess.DEVNULL)
        yield server
    finally:
        server.stop()


def server_table(bench, name):
    rounds = rounds_of(bench)
    found = {}
    with database_server(bench, name) as database, \
            ours_on(bench, database.create("ours"), ["--sql-cache-size", "0"]) as ours, always_synced(bench) as redis:
        database.create("raw")
        raw_place = database.address("raw")
        for server in (ours, redis):
            fill(bench, server)
        for turn in range(rounds):
            progress(f"sql: {name}, round {turn + 1} of {rounds}")
            for kind, server in (("ours", ours), ("redis", redis))[::1 if turn % 2 else -1]:
                for command, request, expect in (("SET", SET, "+OK"), ("GET", GET, "$")):
                    for pipeline, operations in ((1, 20_000), (16, 60_000)):
                        found.setdefault((command, kind, pipeline), []).append(
                            send(bench, server, request, expect, operations, pipeline=pipeline, seed=turn + 1))
            found.setdefault("alone", []).append(
                send(bench, ours, GET, "$", 2_000, connections=1, seed=turn + 1))
            for command in ("set", "get"):
                # As many in a statement as 50 clients of pipeline 16 bring together.
                found.setdefault((command, "raw"), []).append(
                    raw(bench, name, raw_place, statement=command, batch=CLIENTS * 16, operations=40_000, seed=turn + 1))
            found.setdefault("trip", []).append(
                raw(bench, name, raw_place, statement="get", batch=1, operations=2_000, seed=turn + 1))
    rates = {key: [rate(run) for run in runs] for key, runs in found.items()}
    table = Goals(f"{name}, cache off, {CLIENTS} clients (median of {rounds})")
    for command, least in (("GET", 0.6), ("SET", 0.4)):
        table.compare(f"{command} a second, Redis with appendfsync always", rates[command, "ours", 1],
                      rates[command, "redis", 1], least=least)
    for command in ("GET", "SET"):
        table.compare(f"{command} a second at pipeline 16, bare array statements", rates[command, "ours", 16],
                      rates[command.lower(), "raw"], least=0.25)
    table.compare("GET of a single client, p50 µs, one round trip", [run["p50_us"] for run in found["alone"]],
                  [run["p50_us"] for run in found["trip"]], most=1.5)
    return table
