# SPDX-License-Identifier: Apache-2.0
"""Our server as a proxy to a Redis, beside nutcracker (twemproxy) and beside a relay that only copies bytes.

The proxy has one core, its Redis and the load the other. What counts is the proxy's CPU time per request; the latency it
adds is its median less that of the same Redis asked directly. All proxies stand before one Redis and take turns, and who
goes first changes. The relay (relay.cpp) has a connection to Redis for each client and does not know where a request
ends, so it is the floor for unpipelined requests only, and of those that are not gathered.
"""

import contextlib
import statistics
import time
from dataclasses import dataclass

from report import Table, number, progress, verdict
from servers import Failed, memory_of

NAME = "proxy"
SUMMARY = "our server as a proxy: CPU time and latency against nutcracker and a byte relay, idle clients"
NEEDS = ("nutcracker", "redipy-relay")

KINDS = ("ours", "nutcracker", "relay")
KEYSPACE = 100_000
CONNECTIONS = 50  # unless a request says otherwise
RELAY_GOAL = 1.15
IDLE_GOAL_KB = 20
DIRECT = "direct"  # the Redis itself, for latency


@dataclass(frozen=True)
class Request:
    request: str
    reply: str
    value: int       # bytes of {v}
    pipeline: int
    operations: int
    goal: float | None  # ours through nutcracker's CPU per request
    connections: int = CONNECTIONS


# Each size of value has keys of its own, so that what GET reads stays as it was.
REQUESTS = {
    "GET": Request("GET key:{k}", "$100", 100, 1, 60_000, 0.85),
    "SET": Request("SET key:{k} {v}", "+OK", 100, 1, 60_000, 0.85),
    "GET, one client": Request("GET key:{k}", "$100", 100, 1, 5_000, None, connections=1),
    "GET, pipeline 16": Request("GET key:{k}", "$100", 100, 16, 240_000, 0.6),
    "SET, pipeline 16": Request("SET key:{k} {v}", "+OK", 100, 16, 240_000, 0.6),
    "SET of 1 kB": Request("SET large:{k} {v}", "+OK", 1024, 1, 60_000, 0.7),
    "SET of 1 kB, pipeline 16": Request("SET large:{k} {v}", "+OK", 1024, 16, 160_000, 0.7),
}

NUTCRACKER = """upstream:
  listen: 127.0.0.1:{port}
  redis: true
  hash: fnv1a_64
  distribution: modula
  preconnect: true
  auto_eject_hosts: false
  tcpkeepalive: true
  backlog: 511
  server_connections: 1
  servers:
   - 127.0.0.1:{upstream}:1
"""


def add_options(parser):
    parser.add_argument("--proxies", default=",".join(KINDS), help="which; all by default")
    parser.add_argument("--proxy-url-options", default="", help="behind our backend's URL, as ?pool=2")
    parser.add_argument("--proxy-idle", type=int, default=10_000, help="idle clients")


def run(bench):
    kinds = bench.options.proxies.split(",")
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise Failed(f"no such proxy here: {', '.join(unknown)}")
    rounds = bench.options.rounds or (1 if bench.options.quick else 7)
    found = {}   # (request, kind): measurements
    with bench.server("redis", core=bench.load_core) as redis, contextlib.ExitStack() as stack:
        bench.load("send", redis, "SET key:{n} {v}".split(), requests=KEYSPACE, pipeline=64, connections=4, value=100)
        servers = {kind: stack.enter_context(proxy(bench, kind, redis)) for kind in kinds}
        servers[DIRECT] = redis
        for turn in range(rounds):
            for name, request in REQUESTS.items():
                progress(f"proxy: round {turn + 1} of {rounds}, {name}")
                order = list(servers)
                for kind in order[turn % len(order):] + order[:turn % len(order)]:
                    found.setdefault((name, kind), []).append(measure(bench, servers[kind], request, turn + 1))
    tables = [cpu_table(kinds, found, rounds), latency_table(kinds, found, rounds)]
    if bench.options.proxy_idle:
        tables.append(idle_table(bench, [kind for kind in kinds if kind != "relay"]))
    progress("")
    return tables


def proxy(bench, kind, redis, extra=()):
    """That kind of proxy, before this Redis."""
    if kind == "ours":
        url = f"main redis://127.0.0.1:{redis.port}{bench.options.proxy_url_options}"
        return bench.server("ours", ["--backend", url, *extra])
    if kind == "relay":
        return bench.server("relay", [str(redis.port)])
    return bench.server("nutcracker", [NUTCRACKER.replace("{upstream}", str(redis.port))])


def measure(bench, server, request, seed):
    operations = request.operations // (4 if bench.options.quick else 1) // request.pipeline * request.pipeline
    return bench.load("send", server, request.request.split(), requests=operations, warm_up=operations // 10,
                      pipeline=request.pipeline, connections=request.connections, pid=server.pid, keyspace=KEYSPACE, seed=seed,
                      value=request.value, expect=request.reply)


def cpu_table(kinds, found, rounds):
    columns = ["request", *kinds]
    if "ours" in kinds:
        columns += ["of nutcracker's", "rounds from–to", "goal", "", "of the relay's", "goal", ""]
    table = Table(f"CPU of a proxy per request, ns (median of {rounds})", columns)
    for name, request in REQUESTS.items():
        runs = {kind: [run["cpu_ns"] for run in found[name, kind]] for kind in kinds}
        medians = {kind: statistics.median(each) for kind, each in runs.items()}
        cells = [name, *(number(medians[kind]) for kind in kinds)]
        if "ours" in kinds:
            cells += compared(runs, "nutcracker", request.goal)
            ratio, _, *rest = compared(runs, "relay", RELAY_GOAL if request.pipeline == 1 and request.goal else None)
            cells += [ratio, *rest]
        table.add(*cells)
    return table


def compared(runs, with_whom, goal):
    """Ratio of the medians, the least and largest of single rounds, the goal, the verdict."""
    if with_whom not in runs:
        return [""] * 4
    ratio = round(statistics.median(runs["ours"]) / statistics.median(runs[with_whom]), 2)
    each = sorted(mine / theirs for mine, theirs in zip(runs["ours"], runs[with_whom]))
    return [f"{ratio:.2f}", f"{each[0]:.2f}–{each[-1]:.2f}", f"{goal:.2f}" if goal else "",
            verdict(ratio, goal, best=each[0]) if goal else ""]


def latency_table(kinds, found, rounds):
    """Medians over all requests of a run, and of those over the rounds."""
    columns = ["request", "direct p50 µs", *(f"{kind} adds" for kind in kinds)]
    judged = "ours" in kinds and "nutcracker" in kinds
    table = Table(f"Latency that a proxy adds, unpipelined, p50 in µs (median of {rounds})", columns + [""] * judged)
    for name in (name for name, request in REQUESTS.items() if request.pipeline == 1):
        p50 = {kind: statistics.median(run["p50_us"] for run in found[name, kind]) for kind in (*kinds, DIRECT)}
        added = {kind: p50[kind] - p50[DIRECT] for kind in kinds}
        cells = [name, number(p50[DIRECT]), *(number(added[kind]) for kind in kinds)]
        table.add(*cells, *([verdict(added["ours"], added["nutcracker"])] if judged else []))
    table.notes.append(f"{CONNECTIONS} clients unless it says one. Redis and the load share a core: with many clients it is "
                       "mostly waiting for that.")
    return table


def idle_table(bench, kinds):
    count = bench.options.proxy_idle
    table = Table(f"{count:,} idle clients of a proxy", ["what", *kinds, "goal for ours", ""])
    found = {}
    for kind in kinds:
        progress(f"proxy: idle clients of {kind}")
        found[kind] = idle(bench, kind, count)
    table.add("kB each", *(number(found[kind][0]) for kind in kinds), IDLE_GOAL_KB,
              verdict(found["ours"][0], IDLE_GOAL_KB) if "ours" in found else "")
    table.add("connections to Redis before", *(found[kind][1] for kind in kinds), "", "")
    table.add("and with them", *(found[kind][2] for kind in kinds), "as before",
              verdict(found["ours"][2], found["ours"][1]) if "ours" in found else "")
    return table


def idle(bench, kind, count):
    """kB of the proxy for each client that has asked once, and its connections to Redis without and with them."""
    with bench.server("redis", core=bench.load_core) as redis, \
            proxy(bench, kind, redis, ["--maxclients", str(count + 100)]) as server:
        bench.load("send", server, ["GET", "key:{k}"], requests=1000, pipeline=1, connections=CONNECTIONS)
        server.come_to_rest()
        memory, connections = memory_of(server.pid)["rss"], connections_of(redis)
        with bench.held_load("idle", bench.target(server), [], connections=count):
            time.sleep(0.5 if bench.options.quick else 2)
            return (memory_of(server.pid)["rss"] - memory) / count / 1024, connections, connections_of(redis)


def connections_of(redis):
    """Without the one that asks."""
    line = next(line for line in redis.command("INFO", "clients").splitlines() if line.startswith("connected_clients:"))
    return int(line.partition(":")[2]) - 1
