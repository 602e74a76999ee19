#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Random scripts, checked and then run: what SCRIPT CHECK claims must not be disproved by the run.
#
#   random_checks.py --cases 20000 --seed 7 \
#     --server "$PWD/build/dev/redipy-server --port 0 --unixsocket {socket} --dir {dir}"
#
# It claims: this fails whenever it is reached (an error); this condition is always true, or always false; nothing is
# written; these are all the keys that are touched. It may know less than there is to know, so a script that fails
# disproves nothing.

import argparse
import itertools
import json
import random
import re
import sys

from random_scripts import content
from scripts import grid_graphs, lua
from scripts.random_graphs import Generator, compact
from scripts.vectors.check_vectors import ErrorReply
from transcripts.server import Server

ALWAYS = re.compile(r"the condition is always (true|false)")
STEPS = re.compile(r"[a-z_]+|\[\d+\]")


def set_up(client, case):
    client.call("FLUSHALL")
    for words in case["setup"]:
        client.call(*words)


def data(client):
    return {key: content(client, client.call("TYPE", key), key) for key in client.call("KEYS", "*")}


def run(client, case, graph):
    """(whether it ended well, its value)"""
    arguments = [compact(each) for each in case["args"]]
    try:
        return True, client.call("EVAL", compact(graph), len(case["keys"]), *case["keys"], *arguments)
    except ErrorReply:
        return False, None


def surely_reached(graph, path):
    """Every run that ends well has come by there."""
    node = graph
    for step in STEPS.findall(path):
        if step in ("then", "else", "body"):
            return False
        if step == "right" and node.get("op") in ("and", "or"):
            return False
        node = node[int(step[1:-1]) if step[0] == "[" else step]
    return True


def conditions(said, graph):
    """Claims about conditions at the top: (graph that gives the truth of the condition, what is claimed)."""
    for warning in said["warnings"]:
        place = re.fullmatch(r"cmds\[(\d+)\]\.condition", warning["path"])
        claim = ALWAYS.match(warning["message"])
        if place and claim:
            at = int(place.group(1))
            negated = {"kind": "unary", "op": "not", "arg": graph["cmds"][at]["condition"]}
            twice = {"kind": "unary", "op": "not", "arg": negated}
            yield dict(graph, cmds=graph["cmds"][:at] + [{"kind": "return", "value": twice}]), claim.group(1)


def disproved(client, case):
    """What is claimed and not so; None if nothing is."""
    graph = case["graph"]
    try:
        client.call("SCRIPT", "EXPLAIN", compact(graph))
    except ErrorReply:  # no graph
        return None
    said = json.loads(client.call("SCRIPT", "CHECK", compact(graph)))
    set_up(client, case)
    before = data(client)
    fine, _ = run(client, case, graph)
    after = data(client)
    if fine:
        for error in said["errors"]:
            if surely_reached(graph, error["path"]):
                return f"it ran, but is said to fail: {error}"
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    if said["writes"] is False and changed:
        return f"it is said to write nothing, but has changed {changed}"
    keys = said["keys"]
    if keys["exact"] and len(case["keys"]) == len(graph["keyv"]):
        known = {key for name, key in zip(graph["keyv"], case["keys"]) if name in keys["names"]} | set(keys["literals"])
        if not changed <= known:
            return f"it is said to touch {known} only, but has changed {changed}"
    for shortened, claim in conditions(said, graph):
        set_up(client, case)
        fine, value = run(client, case, shortened)
        if fine and value != claim:
            return f"a condition is said to be always {claim}: {compact(shortened)}"
    return None


def main():
    sys.setrecursionlimit(100000)
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    server = Server(arguments.server, "ours", [])
    try:
        client = lua.SocketClient(server.socket)
        client.call("CONFIG", "SET", "script-max-steps", 1000000)
        drawn = (Generator(random.Random(f"{arguments.seed}.{number}")).case() for number in range(arguments.cases))
        tried = 0
        for case in itertools.chain(grid_graphs.cases(), drawn):
            tried += 1
            found = disproved(client, case)
            if found:
                print(f"case {tried}, seed {arguments.seed}: {found}\n{compact(case)}")
                sys.exit(1)
            if tried % 1000 == 0:
                client.call("SCRIPT", "FLUSH")
    finally:
        server.stop()
    print(f"{tried} scripts checked and run, and no claim disproved")


if __name__ == "__main__":
    main()
