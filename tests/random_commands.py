#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Random commands on this server and on a real Redis: every reply has to be the same, and in the end all data.
#
#   random_commands.py --server 'redipy-server --port 0 --unixsocket {socket} --dir {dir}' --steps 200000 --seed 7
#
# The commands come from templates (randomised/commands.py) over a small pool of keys, valid and invalid ones, in
# several databases, half of the steps in RESP2 and half in RESP3. A difference is shown with its seed and step and the
# shortest history that still leads to it. --seed 0 takes a new seed; --forever goes on with seed after seed; --events
# compares keyspace notifications too. With --upstream our server is a proxy in front of a real Redis; with --cluster in
# front of three, where steps are left out that a cluster refuses (so --prefix '{one}:' brings all keys into one slot).
#
# The pieces: randomised/grammar.py reads templates, words.py makes words, session.py runs a step on both servers,
# compare.py and data.py and events.py compare, shrink.py shortens.

import argparse
import random
import sys
import time

from randomised.commands import FAMILIES, Generator
from randomised.data import compare_data
from randomised.events import Events
from randomised.session import Pair, line
from randomised.shrink import shrink
from transcripts.server import Client, Closed, NoReply, Server
from transcripts.upstream import add_options, start_server

CHECK_EVERY = 500
RESET_EVERY = 2500  # from then on with empty servers, so that a failing history is not too long to be shortened


def fails(pair, history):
    """What goes wrong when this history runs on empty servers; None if nothing does."""
    pair.reset()
    for step in history:
        found = pair.run(step)
        if found:
            return found
    return compare_data(pair, exchange=True)


def run(pair, generator, steps, label):
    """Runs so many steps; None, or a report of the first difference."""
    history = []
    for number in range(1, steps + 1):
        if number % RESET_EVERY == 1:
            pair.reset()
            history = []
        step = generator.step()
        history.append(step)
        try:
            found = pair.run(step)
        except (NoReply, Closed) as gone:
            return "\n".join([f"{label}, step {number}: {type(gone).__name__}", *shown(history[-20:])])
        if not found and (number % CHECK_EVERY == 0 or number == steps):
            found = compare_data(pair, exchange=number % RESET_EVERY == 0 or number == steps)
            history.append([([b"SELECT", b"0"], "exact")])
        if found:
            return report(pair, history, f"{label}, step {number}: {found}")
    return None


def report(pair, history, headline):
    short = shrink(history, lambda steps: fails(pair, steps) is not None)
    again = fails(pair, short)
    lines = [headline, "", f"The shortest history found, {len(short)} of {len(history)} steps:"]
    if again is None:
        lines = [headline, "", "It did not happen again. The steps before it:"]
        short = history[-20:]
    return "\n".join(lines + shown(short) + ["", again or ""])


def shown(history):
    lines = []
    for step in history:
        commands = [line(words) for words, _ in step]
        lines += ["MULTI", *commands, "EXEC"] if len(step) > 1 else commands
    return ["  " + one for one in lines]


def main():
    parser = argparse.ArgumentParser(description="Compares this server with a real Redis by random commands.")
    parser.add_argument("--server", required=True, help="how to start it; {socket} and {dir} are replaced")
    parser.add_argument("--judge", default="redis-server --port 0 --unixsocket {socket} --dir {dir} --save ''",
                        help="how to start the real Redis")
    parser.add_argument("--seed", type=int, default=1, help="0: a new one")
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--families", default=",".join(FAMILIES), help="the default: all, " + ", ".join(FAMILIES))
    parser.add_argument("--events", action="store_true", help="compare keyspace notifications too")
    parser.add_argument("--forever", action="store_true", help="one seed after the other, until something differs")
    add_options(parser)
    arguments = parser.parse_args()

    options = ["--notify-keyspace-events", "KEA"] if arguments.events else []
    ours = start_server(arguments, options=options)
    judge = Server(arguments.judge, "judge", options)
    seed = arguments.seed or random.randrange(1, 10**9)
    found = None
    try:
        while not found:
            began = time.monotonic()
            for resp in (2, 3):
                label = f"seed {seed}, RESP{resp}"
                pair = Pair(Client(ours.socket, resp), Client(judge.socket, resp), judge.version,
                            arguments.cluster)
                if arguments.events:
                    pair.events = Events(Client(ours.socket), Client(judge.socket))
                generator = Generator(random.Random(seed * 2 + resp), arguments.families.split(","))
                found = run(pair, generator, arguments.steps // 2, label)
                pair.ours.close()
                pair.judge.close()
                if found:
                    break
            print(found or f"seed {seed}: {arguments.steps} steps without a difference, "
                  f"{time.monotonic() - began:.1f} s", flush=True)
            if not arguments.forever:
                break
            seed += 1
    finally:
        alive = ours.process.poll() is None
        clean = ours.stop()
        judge.stop()
    if not clean:
        print("our server " + ("did not stop cleanly" if alive else "has died") + ":\n" + ours.last_words)
    return 1 if found or not clean else 0


if __name__ == "__main__":
    sys.exit(main())
