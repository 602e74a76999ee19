#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random commands from many clients against one server: ./dev soak runs it on the builds with sanitizers.

The commands are those that the server itself names (COMMAND), with arguments drawn from few keys, values and option
words, so that types collide, options meet and expirations fall due. Nothing is said about what a reply holds; it has to
be a well-formed one, in time. At the end the server has to answer still, and to end cleanly: a sanitizer that has found
something makes it end otherwise. The seed is printed; --seed draws the same commands again (not in the same order
between clients).
"""
import argparse
import random
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

KEYS = [b"key:%d" % number for number in range(24)]
WORDS = [b"", b"0", b"1", b"-1", b"2", b"3", b"10", b"100", b"1000", b"1.5", b"-inf", b"+inf", b"nan", b"(1", b"[a", b"-", b"+",
         b"9223372036854775807", b"-9223372036854775808", b"a", b"b", b"field", b"member", b"*", b"key:*", b"hello world",
         b"\x00\xff\r\n", b"x" * 70, b"y" * 5000, b"0.0", b"13.361389", b"38.115556", b"u8", b"i16", b"#1",
         b"EX", b"PX", b"EXAT", b"PXAT", b"PERSIST", b"KEEPTTL", b"NX", b"XX", b"GT", b"LT", b"GET", b"SET", b"CH", b"INCR",
         b"MATCH", b"COUNT", b"TYPE", b"LIMIT", b"BY", b"ASC", b"DESC", b"ALPHA", b"STORE", b"WITHSCORES", b"WITHVALUES",
         b"LEFT", b"RIGHT", b"BEFORE", b"AFTER", b"MIN", b"MAX", b"SUM", b"WEIGHTS", b"AGGREGATE", b"BYSCORE", b"BYLEX", b"REV",
         b"BIT", b"BYTE", b"AND", b"OR", b"XOR", b"NOT", b"OVERFLOW", b"WRAP", b"SAT", b"FAIL", b"INCRBY", b"RANK", b"MAXLEN",
         b"FROMMEMBER", b"FROMLONLAT", b"BYRADIUS", b"BYBOX", b"WITHCOORD", b"WITHDIST", b"WITHHASH", b"m", b"km",
         b"REPLACE", b"ABSTTL", b"IDLETIME", b"FREQ", b"DB", b"ASYNC", b"SYNC", b"ON", b"OFF", b"LEN", b"IDX", b"ENCODING"]

# These end the server or a client's way of replying, wait for longer than the soak, or are about other servers.
LEFT_OUT = {"shutdown", "monitor", "debug", "quit", "sync", "psync", "replicaof", "slaveof", "failover", "migrate", "subscribe",
            "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe", "replconf", "module", "bgsave", "save", "bgrewriteaof", "config", "client", "acl",
            "cluster", "auth", "hello", "reset", "blpop", "brpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzpopmax",
            "bzmpop", "wait", "waitaof", "xread", "xreadgroup", "script", "function", "eval", "evalsha", "eval_ro",
            "evalsha_ro", "fcall", "fcall_ro", "restore-asking", "asking", "readonly", "readwrite", "latency", "pfselftest"}

# And these, written out, because chance would hardly draw them well, or would draw them too harmfully.
CLIENTS_OWN = [[b"BLPOP", KEYS[0], KEYS[1], b"0.01"], [b"BRPOP", KEYS[2], b"0.01"], [b"BLMOVE", KEYS[0], KEYS[3], b"LEFT", b"RIGHT", b"0.01"],
               [b"BZPOPMIN", KEYS[4], KEYS[5], b"0.01"], [b"BZMPOP", b"0.01", b"1", KEYS[4], b"MAX"], [b"LPUSH", KEYS[0], b"a", b"b"],
               [b"ZADD", KEYS[4], b"1", b"a", b"2", b"b"], [b"CLIENT", b"LIST"], [b"CLIENT", b"INFO"], [b"CLIENT", b"SETNAME", b"soak"],
               [b"CLIENT", b"TRACKING", b"ON", b"BCAST"], [b"CLIENT", b"TRACKING", b"OFF"], [b"CLIENT", b"TRACKING", b"ON"],
               [b"CLIENT", b"UNBLOCK", b"7"], [b"PUBLISH", b"channel", b"message"], [b"PUBSUB", b"CHANNELS"], [b"SLOWLOG", b"GET"],
               [b"MULTI"], [b"EXEC"], [b"DISCARD"], [b"WATCH", KEYS[0]], [b"MEMORY", b"STATS"], [b"INFO", b"everything"],
               [b"CONFIG", b"GET", b"*"], [b"CONFIG", b"SET", b"notify-keyspace-events", b"KEA"], [b"CONFIG", b"RESETSTAT"],
               [b"CONFIG", b"SET", b"maxmemory", b"50mb", b"maxmemory-policy", b"allkeys-lru"], [b"CONFIG", b"SET", b"maxmemory", b"0"],
               [b"HELLO", b"2"], [b"HELLO", b"3"], [b"SELECT", b"0"], [b"SELECT", b"1"], [b"FLUSHALL", b"ASYNC"], [b"LATENCY", b"LATEST"]]


class Client:
    """A connection that writes commands and reads replies, of either version of the protocol."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rb")

    def send(self, *commands):
        self.socket.sendall(b"".join(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
                                     for words in commands))

    def read(self):
        """The next reply; pushed messages are read over."""
        while True:
            kind, value = self.read_any()
            if kind != b">":
                return value

    def read_any(self):
        line = self.stream.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError(f"the connection ended after {line!r}")
        kind, rest = line[:1], line[1:-2]
        if kind in b"+-:,#(_":
            return kind, rest
        if kind in b"$=":
            length = int(rest)
            if length < 0:
                return kind, None
            value = self.stream.read(length + 2)
            if value[length:] != b"\r\n":
                raise ValueError(f"a bulk of {length} bytes ends in {value[length:]!r}")
            return kind, value[:length]
        if kind in b"*~>%":
            count = int(rest) * (2 if kind == b"%" else 1)
            return kind, None if count < 0 else [self.read_any()[1] for _ in range(count)]
        raise ValueError(f"no reply begins like {line!r}")

    def call(self, *words):
        self.send(words)
        return self.read()


def draw(chance, commands):
    """A command with arguments: keys where the command has keys, mostly, and mostly as many as it wants."""
    if chance.random() < 0.15:
        return chance.choice(CLIENTS_OWN)
    name, arity, first_key, last_key, step = chance.choice(commands)
    count = abs(arity) - 1 + (chance.choice((0, 0, 1, 2, 3, 4)) if arity < 0 else 0)
    words = [name]
    for position in range(1, count + 1):
        is_key = first_key and position >= first_key and (last_key < 0 or position <= last_key) and \
            (position - first_key) % max(step, 1) == 0
        words.append(chance.choice(KEYS if is_key or chance.random() < 0.1 else WORDS))
    return words


def play(path, seed, commands, until, counts, failures):
    """One client: batches of commands, now and then a new connection, until the time is up."""
    chance = random.Random(seed)
    batch = []
    try:
        client = Client(path)
        while time.monotonic() < until:
            batch = [draw(chance, commands) for _ in range(chance.choice((1, 1, 2, 8, 40)))]
            client.send(*batch)
            for _ in batch:
                client.read()
            counts[seed] = counts.get(seed, 0) + len(batch)
            if chance.random() < 0.01:
                client = Client(path)
    except (OSError, EOFError, ValueError) as error:
        failures.append(f"client {seed}: {error!r} in {batch[:3]}…")


def commands_of(client):
    rows = []
    for row in client.call(b"COMMAND"):
        name = row[0].decode().lower()
        if name not in LEFT_OUT:
            rows.append((row[0], int(row[1]), int(row[3]), int(row[4]), int(row[5])))
    return sorted(rows)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--server", required=True, help="how to start it")
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--clients", type=int, default=30)
    options.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options.add_argument("--threads", type=int, default=2, help="its network threads")
    options = options.parse_args()
    print(f"soak: {options.clients} clients, {options.seconds:g} s, seed {options.seed}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/socket"
        log = open(folder + "/log", "w+b")
        server = subprocess.Popen([*shlex.split(options.server), "--port", "0", "--unixsocket", path, "--save", "",
                                   "--io-threads", str(options.threads)], stdout=log, stderr=log, cwd=folder)
        failures, counts = [], {}
        try:
            for _ in range(300):
                try:
                    client = Client(path)
                    break
                except OSError:
                    time.sleep(0.1)
            commands = commands_of(client)
            until = time.monotonic() + options.seconds
            clients = [threading.Thread(target=play, args=(path, options.seed + number, commands, until, counts, failures))
                       for number in range(options.clients)]
            for thread in clients:
                thread.start()
            for thread in clients:
                thread.join()
            if Client(path).call(b"PING") != b"PONG":
                failures.append("it does not answer PING any more")
        except Exception as error:  # whatever it was, the server has to end and its log to be seen
            failures.append(repr(error))
        server.send_signal(signal.SIGTERM)
        try:
            status = server.wait(timeout=60)
        except subprocess.TimeoutExpired:
            server.kill()
            status = "none: it did not end"
        if status != 0:
            failures.append(f"the server's exit status is {status}")
        log.seek(0)
        text = log.read().decode(errors="replace")
        if re.search(r"Sanitizer|runtime error", text):
            failures.append("a sanitizer found something")
        if failures:
            print("\n".join(text.splitlines()[-200:]))

    print("\n".join(failures[:10]))
    print(f"soak: {sum(counts.values())} commands of {len(commands)} kinds, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
