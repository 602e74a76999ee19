#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Random scripts, run by this server as graphs and by a real Redis as the Lua that is printed for them: the result, the
# error up to what Redis adds to it, and all data have to be the same. The Lua is printed for one backend or another
# (lua.TARGETS): a prefix must make no difference. Where some keys are another backend's (lua.CROSSING) the interpreter
# is run by the tool.
#
#   random_scripts.py --tool build/dev/graph_tool --cases 20000 --seed 7 \
#     --server 'build/dev/redipy-server --port 0 --unixsocket {socket} --dir {dir}' \
#     --judge "redis-server --save '' --port 0 --unixsocket {socket} --dir {dir}"
#
# A difference is shown with its seed and number and made as short as it still shows; --forever goes on with the next
# seeds. What Lua cannot keep, integers beyond 2^53, is left out when it comes up.

import argparse
import copy
import itertools
import json
import random
import re
import sys

from scripts import grid_graphs, lua
from scripts.random_graphs import Generator, compact
from scripts.vectors.check_vectors import ErrorReply, Mismatch
from transcripts.server import Server

TARGETS = lua.TARGETS + lua.CROSSING
LONG_NUMBER = re.compile(r"(?<![\d.])\d{16}")
LONGEST_SHRUNK = 20000
LONGEST_IN_ORDER = 64  # bytes: hash-max-listpack-value
LEAK = re.compile(r"attempt to|bad argument|stack overflow|control structure|too many|user_script|Error compiling|not enough memory")


class Pair:
    """This server and the judge."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.start()

    def start(self):
        self.tool = lua.GraphTool(self.arguments.tool)
        self.servers = [Server(self.arguments.server, "ours", []), Server(self.arguments.judge, "judge", [])]
        self.clients = [lua.SocketClient(server.socket) for server in self.servers]

    def stop(self):
        self.tool.close()
        for server in self.servers:
            server.stop()

    def restart(self):
        """One of them runs a script that does not end."""
        for server in self.servers:
            server.process.kill()
        self.stop()
        self.start()

    def run(self, case):
        """What each answers: ((result or error, data), …)."""
        graph = compact(case["graph"])
        ours, judge = self.clients
        for client in self.clients:
            client.call("FLUSHALL")
            for words in case["setup"]:
                client.call(*words)
        arguments = [compact(each) for each in case["args"]]
        in_lua = [self.tool.ask("argument", each) for each in arguments]
        target = TARGETS[case["target"]]
        printed = target.lua(self.tool, graph)
        second = answer(judge, lambda: target.run(judge, printed, case["keys"], in_lua))
        if target in lua.CROSSING:  # by the interpreter alone; what it has done is not asked
            return (answer(ours, lambda: target.interpreted(self.tool, case)), {}), (second, {})
        first = answer(ours, lambda: lua.Target().run(ours, graph, case["keys"], arguments))
        return (first, data(ours)), (second, data(judge))


def answer(client, run):
    try:
        return "result", run()
    except ErrorReply as error:
        return "error", re.sub(r"( on line \d+)? script: .*", "", str(error), flags=re.DOTALL).replace("\n", " ")
    except Mismatch as mismatch:
        return "mismatch", str(mismatch)
    finally:
        client.call("SCRIPT", "FLUSH")


def data(client):
    found = {}
    for key in sorted(client.call("KEYS", "*")):
        kind = client.call("TYPE", key)
        found[key] = kind, content(client, kind, key), client.call("TTL", key) >= 0
    return found


def content(client, kind, key):
    if kind == "string":
        return client.call("GET", key)
    if kind == "list":
        return client.call("LRANGE", key, 0, -1)
    if kind == "set":
        return sorted(client.call("SMEMBERS", key))
    if kind == "hash":
        return client.call("HGETALL", key)
    flat = client.call("ZRANGE", key, 0, -1, "WITHSCORES")
    return [(member, float(score)) for member, score in zip(flat[::2], flat[1::2])]


def exempt(ours, judge):
    """Integers that Lua cannot keep have come up, or a hash so large that its order is open."""
    if LONG_NUMBER.search(repr(ours) + repr(judge)) or ours[0][1] == "ERR integer overflow":
        return True
    return any(kind == "hash" and max(len(word.encode()) for word in value) > LONGEST_IN_ORDER
               for kind, value, _ in judge[1].values())


def differs(pair, case):
    try:
        ours, judge = pair.run(case)
    except ErrorReply:  # the tool refuses the graph or an argument
        return None
    if judge[0][0] == "error" and LEAK.search(judge[0][1]) and not judge[0][1].startswith("ERR unknown function"):
        return ours, judge
    if ours == judge or exempt(ours, judge):
        return None
    return ours, judge


# --- making a failing case short

def blocks(node):
    if isinstance(node, dict):
        if isinstance(node.get("cmds"), list):
            yield node["cmds"]
        for child in node.values():
            yield from blocks(child)
    elif isinstance(node, list):
        for child in node:
            yield from blocks(child)


def places(node):
    """Where expressions stand: (holder, key)."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in list(pairs):
        if key in ("assign", "index", "var") and not (key == "index" and isinstance(child, dict) and child.get("kind") == "val"):
            continue
        if isinstance(child, dict) and "kind" in child and child["kind"] != "seq":
            yield node, key
        yield from places(child)


def parts(node):
    for key, child in node.items():
        if isinstance(child, dict) and "kind" in child and child["kind"] not in ("seq", "var"):
            yield child
        if isinstance(child, list):
            yield from (one for one in child if isinstance(one, dict) and "kind" in one)


def smaller(case):
    count = len(list(blocks(case["graph"])))
    for number in range(count):
        for at in range(len(list(blocks(case["graph"]))[number])):
            made = copy.deepcopy(case)
            block = list(blocks(made["graph"]))[number]
            gone = block.pop(len(block) - 1 - at)
            yield made
            for inner in ("then", "else", "body"):
                if inner in gone:
                    again = copy.deepcopy(made)
                    target = list(blocks(again["graph"]))[number]
                    target[len(block) - at:len(block) - at] = copy.deepcopy(gone[inner]["cmds"])
                    yield again
    for number, (holder, key) in enumerate(list(places(case["graph"]))):
        node = holder[key]
        statement = "cmds" in node or node["kind"] in ("declare", "assign", "stmt", "branch", "for", "while", "return", "assign_at", "assign_key")
        if statement:
            continue
        options = [*parts(node)] + ([{"kind": "val", "type": "int", "value": 1}] if node["kind"] != "val" else [])
        for option in options:
            made = copy.deepcopy(case)
            inner, place = list(places(made["graph"]))[number]
            inner[place] = copy.deepcopy(option)
            yield made
    for at in range(len(case["setup"])):
        made = copy.deepcopy(case)
        del made["setup"][at]
        yield made


def shrink(pair, case):
    tries = 0
    again = True
    while again and tries < 3000:
        again = False
        for candidate in smaller(case):
            tries += 1
            if tries >= 3000:
                break
            try:
                if differs(pair, candidate):
                    case, again = candidate, True
                    break
            except OSError:
                pair.restart()
    return case


def report(pair, case, headline):
    short = shrink(pair, case) if len(compact(case["graph"])) < LONGEST_SHRUNK else case
    ours, judge = differs(pair, short) or ("?", "?")
    shown = json.dumps(short, ensure_ascii=False, default=repr)[:LONGEST_SHRUNK]
    return "\n".join([headline, f"  ours  {ours}", f"  judge {judge}", f"  case  {shown}"])


def run_grid(pair):
    for number, case in enumerate(grid_graphs.cases()):
        case = {**case, "target": number % len(TARGETS)}
        found = differs(pair, case)
        if found:
            yield report(pair, case, f"grid, case {number}:")


def run(pair, arguments, seed):
    for number in range(arguments.cases):
        if arguments.only is not None and number != arguments.only:
            continue
        chance = random.Random(f"{seed}.{number}")
        case = {**Generator(chance).case(), "target": number % len(TARGETS)}
        try:
            found = differs(pair, case)
        except OSError as error:
            yield f"seed {seed}, case {number}: {error!r}"
            pair.restart()
            continue
        if found:
            yield report(pair, case, f"seed {seed}, case {number}:")


def main():
    sys.setrecursionlimit(100000)
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--server", required=True)
    parser.add_argument("--judge", required=True)
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="the case of that number alone")
    parser.add_argument("--most", type=int, default=3, help="differences to show")
    parser.add_argument("--grid", action="store_true", help="also every function and operator with every kind of value")
    parser.add_argument("--forever", action="store_true")
    arguments = parser.parse_args()
    pair = Pair(arguments)
    shown = 0
    try:
        seed = arguments.seed
        grid = run_grid(pair) if arguments.grid else ()
        while True:
            for difference in itertools.chain(grid, run(pair, arguments, seed)):
                print(difference, flush=True)
                shown += 1
                if shown >= arguments.most:
                    sys.exit(1)
            grid = ()
            if not arguments.forever:
                break
            seed += 1
    finally:
        pair.stop()
    print(f"{arguments.cases} scripts, {shown} differences")
    sys.exit(1 if shown else 0)


if __name__ == "__main__":
    main()
