#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Kills the server, or the database behind it, or cuts the network between them, again and again while clients write, and
# looks whether everything is there afterwards: what was acknowledged exactly once, what was refused not at all, what was
# under way at the kill (one request per client) whole or not at all; MULTI blocks and scripts in one piece.
#
#   crash.py --kind sqlite|postgresql|mariadb --kill server|database|network --rounds 100 --seed 7
#            --server "redipy-server --backend 'main {database}' --port 0 --unixsocket {socket} --dir {dir}"
#
# --running FILE   not a database server of its own, but the one that with_database.py has started; only with --kill server
#
# A client knows its own keys to the last element, so it can tell. A seed draws the same requests, not the same moments.

import argparse
import collections
import json
import os
import random
import sys
import threading
import time

from breaking.sites import Relay
from databases import KINDS, NotInstalled
from transcripts.replies import text
from transcripts.server import Client, Closed, NoReply, Server
from with_database import folder_of

LONGEST = 3000      # elements, before a client begins anew
ANSWERED = 20.0     # seconds within which a request is answered, or its connection closed


def call(*words):
    return {"kind": "call", "name": "redis.call", "no_adjust": False, "args": list(words)}


def word(value):
    return {"kind": "val", "value": value, "type": "str"}


PUSH = {"kind": "key", "name": "key_0", "readable": "log"}
LAST = {"kind": "key", "name": "key_1", "readable": "last"}
NUMBER = {"kind": "arg", "name": "arg_0", "readable": "number"}
GRAPH = json.dumps({
    "kind": "script", "argv": ["number"], "keyv": ["log", "last"], "cmds": [
        {"kind": "declare", "assign": PUSH, "value": {"kind": "load_key_arg", "index": 0}},
        {"kind": "declare", "assign": LAST, "value": {"kind": "load_key_arg", "index": 1}},
        {"kind": "declare", "assign": NUMBER, "value": {"kind": "load_json_arg", "index": 0}},
        {"kind": "declare", "assign": {"kind": "var", "name": "var_0", "readable": "length"},
         "value": call(word("rpush"), PUSH, NUMBER)},
        {"kind": "declare", "assign": {"kind": "var", "name": "var_1", "readable": "done"},
         "value": call(word("hset"), LAST, word("number"), NUMBER)},
        {"kind": "return", "value": {"kind": "var", "name": "var_0", "readable": "length"}}]}).encode()


class Wrong(Exception):
    """Something is there that must not be, or is not there."""


class Refused(Exception):
    """The request was not carried out, for a reason that is excused."""


class Unknown(Exception):
    """Whether it was carried out is not known."""


class Worker(threading.Thread):
    """A client: writes, and knows what must be there. `state`: by the kind of request, what its keys hold."""

    def __init__(self, world, number, seed):
        super().__init__(daemon=True)
        self.world = world
        self.number = number
        self.chance = random.Random(f"{seed}.{number}")
        self.client = None
        self.sequence = 0
        self.in_doubt = None   # (kind, what its keys hold if it was carried out)
        self.acknowledged = 0  # since the last kill
        self.look = False      # at everything, before the next request
        self.kinds = [name[3:] for name in sorted(dir(self)) if name.startswith("do_")]
        self.state = {kind: [] for kind in self.kinds}

    def key(self, name):
        return f"{name}:{self.number}".encode()

    def run(self):
        try:
            while not self.world.stopped.is_set():
                try:
                    self.work()
                except Refused:
                    self.world.counts["refused"] += 1
                    self.world.stopped.wait(0.02)
                except Unknown:
                    self.world.counts["unknown"] += 1
            self.check_at_the_end()
        except Wrong as found:
            self.world.fail(f"client {self.number}: {found}")
        except Exception as error:  # a fault of this program must not look like success
            self.world.fail(f"client {self.number}: {type(error).__name__}: {error}")
            raise

    def check_at_the_end(self):
        deadline = time.monotonic() + ANSWERED
        while time.monotonic() < deadline:
            try:
                return self.check()
            except (Refused, Unknown):
                self.client = None
        raise Wrong("errors to the end")

    # ---- asking

    def ask(self, *words):
        return self.ask_all([words])[0]

    def ask_all(self, commands):
        """Sends the commands in one go; gives the replies."""
        if not self.client:
            self.connect()
        try:
            for words in commands:
                self.client.send(*words)
            said = [self.client.reply(ANSWERED) for _ in commands]
        except NoReply:
            raise Wrong(f"no answer to {commands} within {ANSWERED} s") from None
        except (Closed, OSError):
            self.client = None
            raise Unknown from None
        for reply in said:
            if reply.kind == "error":
                words = text(reply)
                if "BACKEND" not in words and "EXECABORT" not in words:
                    raise Wrong(f"{commands} gave {words}")
                if self.world.options.kill == "server":
                    raise Wrong(f"{commands} gave {words}, though the database was there all the time")
                if "EXECABORT" not in words:
                    self.world.note_refusal(words)
                if any("may have been" in text(each) for each in said if each.kind == "error"):
                    raise Unknown
                raise Refused
        return said

    def connect(self):
        deadline = time.monotonic() + ANSWERED
        while True:
            try:
                self.client = Client(self.world.server.socket)
                self.client.socket.settimeout(ANSWERED)
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise Wrong("the server cannot be reached") from None
                time.sleep(0.01)  # it is being started anew

    # ---- working

    def work(self):
        self.check()
        while not self.world.stopped.is_set():
            if self.look:
                self.look = False
                self.check()
            kind = self.chance.choice(self.kinds)
            if len(self.state[kind]) > LONGEST:
                self.begin_anew(kind)
            self.sequence += 1
            after = self.state[kind] + [self.sequence]
            self.in_doubt = kind, after
            try:
                getattr(self, "do_" + kind)(self.sequence, len(after))
            except Refused:
                self.in_doubt = None
                self.check()  # really not
                raise
            self.state[kind] = after
            self.in_doubt = None
            self.acknowledged += 1
            self.world.counts["acknowledged"] += 1

    def begin_anew(self, kind):
        self.in_doubt = kind, []
        try:
            self.ask(b"DEL", *self.keys_of(kind))
        except Refused:
            self.in_doubt = None
            raise
        self.state[kind], self.in_doubt = [], None

    def keys_of(self, kind):
        parts = {"multi": ("multi.log", "multi.last", "multi.count"), "script": ("script.log", "script.last")}
        return [self.key(part) for part in parts.get(kind, (kind,))]

    def check(self):
        """Compares all that is there with what has to be; settles what was in doubt."""
        for kind, state in self.state.items():
            found = getattr(self, "read_" + kind)()
            wanted = [state]
            if self.in_doubt and self.in_doubt[0] == kind:
                wanted.append(self.in_doubt[1])
            seen = [getattr(self, "view_" + kind)(each) for each in wanted]
            if found not in seen:
                raise Wrong(f"{kind}: found {tail(found)}, expected {' or '.join(tail(each) for each in seen)}")
            if seen.index(found) == 1 and seen[0] != seen[1]:
                self.state[kind] = wanted[1]
        self.in_doubt = None

    def expect(self, kind, got, wanted):
        if got != wanted:
            raise Wrong(f"{kind} number {self.sequence} gave {got}, not {wanted}")

    # ---- the kinds of requests: done, read back, and what has to be read

    def do_counter(self, number, count):
        self.expect("INCR", self.ask(b"INCR", self.key("counter")).value, count)

    def read_counter(self):
        return number_of(self.ask(b"GET", self.key("counter")))

    def view_counter(self, state):
        return len(state)

    def do_list(self, number, count):
        self.expect("LPUSH", self.ask(b"LPUSH", self.key("list"), b"%d" % number).value, count)

    def read_list(self):
        return numbers_of(self.ask(b"LRANGE", self.key("list"), b"0", b"-1"))[::-1]

    def view_list(self, state):
        return state

    def do_hash(self, number, count):
        self.expect("HSET", self.ask(b"HSET", self.key("hash"), b"field %d" % number, b"%d" % number).value, 1)

    def read_hash(self):
        return sorted(numbers_of(self.ask(b"HVALS", self.key("hash"))))

    def view_hash(self, state):
        return state

    def do_zset(self, number, count):
        self.expect("ZADD", self.ask(b"ZADD", self.key("zset"), b"%d" % number, b"%d" % number).value, 1)

    def read_zset(self):
        return numbers_of(self.ask(b"ZRANGE", self.key("zset"), b"0", b"-1"))

    def view_zset(self, state):
        return state

    def do_multi(self, number, count):
        log, last, counter = self.keys_of("multi")
        said = self.ask_all([(b"MULTI",), (b"RPUSH", log, b"%d" % number), (b"SET", last, b"%d" % number),
                             (b"INCR", counter), (b"EXEC",)])[-1]
        self.expect("EXEC", [each.value for each in said.value], [count, b"OK", count])

    def read_multi(self):
        log, last, counter = self.keys_of("multi")
        return numbers_of(self.ask(b"LRANGE", log, b"0", b"-1")), number_of(self.ask(b"GET", last)), number_of(self.ask(b"GET", counter))

    def view_multi(self, state):
        return state, state[-1] if state else 0, len(state)

    def do_script(self, number, count):
        said = self.ask(b"SCRIPT", b"RUN", GRAPH, b"2", *self.keys_of("script"), b"%d" % number)
        self.expect("SCRIPT RUN", said.value, b"%d" % count)

    def read_script(self):
        log, last = self.keys_of("script")
        return numbers_of(self.ask(b"LRANGE", log, b"0", b"-1")), number_of(self.ask(b"HGET", last, b"number"))

    def view_script(self, state):
        return state, state[-1] if state else 0


def number_of(reply):
    return int(reply.value) if reply.value is not None else 0


def numbers_of(reply):
    return [int(each.value) for each in reply.value]


def tail(found):
    """Enough of it to see what is the matter."""
    shown = repr(found)
    return shown if len(shown) < 200 else f"{shown[:60]} … {shown[-120:]}"


class World:
    def __init__(self, options):
        self.options = options
        self.chance = random.Random(options.seed)
        self.stopped = threading.Event()
        self.counts = collections.Counter()
        self.failures = []
        self.refusals = collections.Counter()
        self.server = self.database = self.network = None
        self.workers = []
        self.recoveries = []

    def fail(self, what):
        self.failures.append(what)
        self.stopped.set()

    def note_refusal(self, words):
        self.refusals["".join(c for c in words if not c.isdigit())[:110]] += 1

    # ---- what is started

    def start(self):
        options = self.options
        url = "sqlite:///{dir}/test.db"
        if options.kind != "sqlite":
            self.database = KINDS[options.kind](folder_of(options.running) if options.running else None)
            if not options.running:
                self.database.start()
            self.name = f"crash_{os.getpid()}"
            url = self.database.create(self.name)
            if options.kill == "network":
                self.network = Relay(self.database.socket())
                url = self.database.tcp_url(self.name, self.network.port)
            url += f"?timeout={options.timeout}"
        self.server = Server(options.server.replace("{database}", url), "ours", [])

    def stop(self):
        if self.server and not self.server.stop():
            self.failures.append(f"the server ended badly:\n{self.server.last_words}")
        if self.network:
            self.network.stop()
        if self.database and self.options.running:
            self.database.drop(self.name)
        elif self.database:
            self.database.stop()

    # ---- what is broken

    def strike(self):
        if self.options.kill == "server":
            self.server.crash_and_start()
        elif self.options.kill == "network":
            size = int(10 ** self.chance.uniform(0, 4.5))
            self.network.order(self.chance.choice(("cut", "cut-up", "hang")), size)
            self.stopped.wait(self.chance.uniform(0, 0.5))
            self.network.order("heal")
        elif self.chance.random() < 0.3:
            self.database.end_sessions(self.name)
        else:
            self.database.kill()
            self.stopped.wait(self.chance.choice((0, 0.1, 0.5)))
            self.database.start()

    def wait_for_all(self):
        """Until each client has looked at everything, and gone on."""
        began = time.monotonic()
        for worker in self.workers:
            while worker.acknowledged < 3:
                if self.stopped.is_set():
                    return
                if time.monotonic() - began > 3 * ANSWERED:
                    return self.fail(f"client {worker.number} does not go on")
                time.sleep(0.005)
        self.recoveries.append(time.monotonic() - began)

    def run(self):
        done = 0
        began = time.monotonic()
        try:
            self.start()
            self.workers = [Worker(self, number, self.options.seed) for number in range(self.options.clients)]
            for worker in self.workers:
                worker.start()
            self.wait_for_all()
            while done < self.options.rounds and not self.stopped.wait(self.chance.uniform(0, 0.4)):
                self.strike()
                for worker in self.workers:
                    worker.look, worker.acknowledged = True, 0
                self.wait_for_all()
                done += 1
        finally:
            self.stopped.set()
            for worker in self.workers:
                worker.join(2 * ANSWERED)
                if worker.is_alive():
                    self.failures.append(f"client {worker.number} still waits")
            if self.failures and self.server:
                print(self.server.log_tail())
            self.stop()
        self.report(done, time.monotonic() - began)
        return 1 if self.failures else 0

    def report(self, done, seconds):
        options = self.options
        print(f"{options.kind}, {options.kill} killed, seed {options.seed}: {done} rounds in {seconds:.0f} s, "
              f"{self.counts['acknowledged']} requests acknowledged to {options.clients} clients, {self.counts['unknown']} in "
              f"doubt, {self.counts['refused']} refused; {len(self.failures)} failures")
        if self.recoveries:
            print(f"until all went on: median {sorted(self.recoveries)[len(self.recoveries) // 2]:.2f} s, "
                  f"longest {max(self.recoveries):.2f} s")
        for words, count in self.refusals.most_common(6):
            print(f"  {count} times {words}")
        for failure in self.failures[:5]:
            print(failure)


def main():
    parser = argparse.ArgumentParser(description="Kills the server or its database while clients write.")
    parser.add_argument("--kind", choices=("sqlite", *KINDS), required=True)
    parser.add_argument("--kill", choices=("server", "database", "network"), default="server")
    parser.add_argument("--server", required=True)
    parser.add_argument("--running", metavar="FILE")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--timeout", default="5s", help="of the database's URL")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    try:
        return World(parser.parse_args()).run()
    except NotInstalled as reason:
        print(reason)
        return 77


if __name__ == "__main__":
    sys.exit(main())
