#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""redis-cli and redis-benchmark against a server: every mode that needs no terminal, and what it prints.

These programs ask for more than commands: COMMAND DOCS for hints, INFO for --stat, scans with TYPE, STRLEN, MEMORY
USAGE and OBJECT FREQ, ECHO to find the end of a pipe. What is expected here holds for redis-server as well, and
is run against it where there is one.
"""
import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time

TIMEOUT = 30

BENCHMARK_TESTS = ("ping,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,"
                   "lrange_100,lrange_300,lrange_500,lrange_600,mset")
BENCHMARK_OPTIONS = ([], ["-P", "16"], ["--threads", "2"], ["-c", "200"], ["-3"])

SETUP = [["set", "short", "abc"], ["set", "long", "x" * 500], ["rpush", "list", "a", "b", "c"],
         ["hset", "hash", "f", "v", "g", "w"], ["sadd", "set", "1", "2"], ["zadd", "zset", "1", "a", "2.5", "b"]]

# name, arguments, standard input, what the output must match (a list: each of them)
CASES = [
    ("arguments", ["get", "short"], None, r"\Aabc\n\Z"),
    ("an error, and its status", ["-e", "incr", "short"], None, r"ERR value is not an integer or out of range"),
    ("a value from standard input", ["-x", "set", "input"], "some\ntext", r"\AOK\n\Z"),
    ("what it was", ["get", "input"], None, r"\Asome\ntext\n\Z"),
    ("commands from standard input", [], "select 3\nmulti\nset a 1\nget a\nexec\ndbsize\n",
     r"\AOK\nOK\nQUEUED\nQUEUED\nOK\n1\n1\n\Z"),
    ("--no-raw", ["--no-raw", "hgetall", "hash"], None, r'\A1\) "f"\n2\) "v"\n3\) "g"\n4\) "w"\n\Z'),
    ("-3", ["-3", "--no-raw", "hgetall", "hash"], None, r'\A1# "f" => "v"\n2# "g" => "w"\n\Z'),
    ("--csv", ["--csv", "zrange", "zset", "0", "-1", "withscores"], None, r'\A"a","1","b","2.5"\n\Z'),
    ("--json", ["--json", "hgetall", "hash"], None, r'\A\{"f":"v","g":"w"\}\n\Z'),
    ("--json of scores", ["--json", "zrange", "zset", "0", "-1", "withscores"], None,
     r'\A\[\["a",1(\.0)?\],\["b",2\.5\]\]\n\Z'),
    ("-n", ["-n", "3", "get", "a"], None, r"\A1\n\Z"),
    ("-r", ["-r", "3", "incr", "counter"], None, r"\A1\n2\n3\n\Z"),
    ("--scan", ["--scan"], None, [fr"(?m)^{key}$" for key in ("short", "long", "list", "hash", "set", "zset")]),
    ("--scan --pattern", ["--scan", "--pattern", "?set"], None, r"\Azset\n\Z"),
    ("--bigkeys", ["--bigkeys"], None,
     [r'Biggest string found \'?"long"\'? has 500 bytes', r'Biggest +list found .*"list".* has 3 items',
      r'Biggest +zset found .*"zset".* has 2 members', r"Sampled 8 keys in the keyspace!"]),
    ("--memkeys", ["--memkeys"], None, [r'Biggest string found .*"long".* has \d+ bytes', r"Sampled 8 keys"]),
    ("--hotkeys needs LFU", ["--hotkeys"], None, r"ERR An LFU maxmemory policy is not selected"),
    ("--pipe", ["--pipe"], "SET p 1\r\n*2\r\n$4\r\nINCR\r\n$1\r\np\r\nLPUSH p x\r\n",
     [r"errors: 1, replies: 3", r"Last reply received from server"]),
    ("what --pipe left", ["get", "p"], None, r"\A2\n\Z"),
    ("INFO", ["info", "keyspace"], None, r"db0:keys=\d+,expires=0,avg_ttl=0"),
    ("LFU", ["config", "set", "maxmemory-policy", "allkeys-lfu"], None, r"\AOK\n\Z"),
    ("use", ["-r", "200", "get", "short"], None, r"abc"),
    ("--hotkeys", ["--hotkeys"], None, [r"Sampled \d+ keys in the keyspace!", r"hot key found with counter: \d+.*short"]),
    ("no LFU", ["config", "set", "maxmemory-policy", "noeviction"], None, r"\AOK\n\Z"),
]


class Failure(Exception):
    pass


def cli(socket, arguments, text=None):
    done = subprocess.run(["redis-cli", "-s", socket, *arguments], input="" if text is None else text,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT)
    return done.stdout


def expect(name, text, patterns):
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        if not re.search(pattern, text):
            raise Failure(f"{name}: there is no {pattern!r} in\n{text}")


def following(name, socket, arguments, first, then, wanted):
    """A mode that goes on until it is ended: reads up to the line `first`, does `then`, reads up to `wanted`."""
    with subprocess.Popen(["redis-cli", "-s", socket, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True, bufsize=1) as running:
        try:
            seen = ""
            for pattern, action in ((first, then), (wanted, lambda: None)):
                while True:
                    line = running.stdout.readline()
                    seen += line
                    if not line:
                        raise Failure(f"{name}: there is no {pattern!r} in\n{seen}")
                    if re.search(pattern, line):
                        break
                action()
        finally:
            running.kill()


def run_all(socket):
    for command in SETUP:
        cli(socket, command)
    for name, arguments, text, patterns in CASES:
        expect(name, cli(socket, arguments, text), patterns)
    following("--stat", socket, ["--stat", "-i", "0.01"], r"keys +mem +clients", lambda: None,
              r"^\d+ +[\d.]+[BKMG] +\d+ +0 +\d+ \(\+\d+\)")
    following("MONITOR", socket, ["monitor"], r"^OK", lambda: cli(socket, ["get", "short"]),
              r'^\d+\.\d{6} \[0 unix:.*\] "get" "short"$')
    following("SUBSCRIBE", socket, ["subscribe", "news"], r"^1$", lambda: cli(socket, ["publish", "news", "hello"]),
              r"^hello$")
    for options in BENCHMARK_OPTIONS:
        benchmark(socket, options, BENCHMARK_TESTS if not options else "ping,set,get,lrange_100")


def benchmark(socket, options, tests):
    done = subprocess.run(["redis-benchmark", "-s", socket, "-q", "-n", "1000", "-t", tests, *options],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT)
    results = len(re.findall(r"(?:[\d.]+|inf) requests per second", done.stdout))
    wanted = len(tests.split(",")) + 2  # ping is two, and LRANGE first fills a list
    if done.returncode != 0 or results != wanted:
        raise Failure(f"redis-benchmark {options}: {results} results of {wanted}, status {done.returncode}\n{done.stdout}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        socket = os.path.join(folder, "s")
        command = shlex.split(arguments.server) + ["--port", "0", "--unixsocket", socket, "--dir", folder]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + TIMEOUT
            while cli(socket, ["ping"]) != "PONG\n":
                if time.monotonic() > deadline:
                    raise Failure("the server does not answer")
            run_all(socket)
        except Failure as failure:
            print(failure)
            return 1
        finally:
            server.terminate()
            server.wait()
    print(f"{len(CASES)} cases, --stat, MONITOR, SUBSCRIBE and redis-benchmark passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
