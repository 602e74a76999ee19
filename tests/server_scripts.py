#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Every case of the vectors (scripts/vectors, described in their README) and of our own (scripts/cases.json) on this
# server, by SCRIPT LOAD and EVALSHA and by EVAL; then what a script that runs long lets others do.
#
#   server_scripts.py --server "build/dev/redipy-server --port 0 --unixsocket {socket} --dir {dir}"
#
# With --upstream the server is in front of a real Redis, which runs them as Lua: but for what Lua cannot keep, all is the
# same. In a cluster (--cluster) cases are left out whose keys lie in several slots; --prefix '{one}:' brings them together.

import argparse
import json
import pathlib
import sys

from lua_scripts import EXCEPTIONS
from scripts import lua
from scripts.vectors import check_vectors
from transcripts.server import TIMEOUT, Client
from transcripts.slots import Slots, slot_of
from transcripts.upstream import Cluster, add_options, start_server

CASES = pathlib.Path(__file__).resolve().parent / "scripts"
FILES = ["vectors/scripts.json", "vectors/ruled.json", "cases.json"]
BUSY = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."


def check_all_cases(arguments):
    server = start_server(arguments)
    exceptions = EXCEPTIONS if server.upstreams else {}
    failed, passed, left_out = [], 0, 0
    try:
        client = lua.SocketClient(server.socket)
        for name in FILES:
            every = json.loads((CASES / name).read_text())
            cases = [case for case in every if not arguments.cluster or suits_cluster(server, case, arguments.prefix)]
            left_out += len(every) - len(cases)
            for use_eval in (False, True):
                failures = check_vectors.check_file(client, cases, use_eval)
                passed += len(cases) - len(failures)
                failed += [f"{name}: {case}: {reason}" for case, reason in failures if case not in exceptions]
                kept = {case["name"] for case in cases} & exceptions.keys() - {case for case, _ in failures}
                failed += [f"{name}: {case}: is listed as one that Lua cannot keep, yet passed" for case in kept]
    finally:
        server.stop()
    print(f"passed {passed} failed {len(failed)}" + (f" left out {left_out}" if left_out else ""))
    return failed


def suits_cluster(server, case, prefix):
    """Whether all keys of the case lie in one slot: declared ones, and those of the commands around it and within."""
    slots = Slots(server.upstreams["upstream"].nodes[0].control)
    commands = case["setup"] + [command for command, _ in case["after"]] + list(literal_calls(case["graph"]))
    keys = {str(key).encode() for key in case["keys"]}
    for command in commands:
        keys |= set(slots.keys([str(word).encode() for word in command]))
    return len({slot_of(prefix.encode() + key) for key in keys}) < 2


def literal_calls(node):
    """The commands in a graph whose words are all literals."""
    if isinstance(node, dict):
        words = [each.get("value") for each in node.get("args", []) if isinstance(each, dict) and each.get("kind") == "val"]
        if node.get("kind") == "call" and node.get("name") == "redis.call" and len(words) == len(node["args"]):
            yield words
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from literal_calls(child)


def endless(writes):
    """A graph that never ends: it calls GET, after one SET if it is to write."""
    def call(*words):
        return {"kind": "call", "name": "redis.call", "no_adjust": False,
                "args": [{"kind": "val", "type": "str", "value": word} for word in words]}
    first = [{"kind": "stmt", "expr": call("set", "{x}written", "1")}] if writes else []
    turn = {"kind": "while", "condition": {"kind": "val", "type": "bool", "value": True},
            "body": {"kind": "seq", "cmds": [{"kind": "stmt", "expr": call("get", "x")}]}}
    return json.dumps({"kind": "script", "argv": [], "keyv": [], "cmds": first + [turn]}).encode()


class LongScripts:
    """Scripts that do not end by themselves, on a server with so many network threads."""

    def __init__(self, arguments, threads):
        self.failed = []
        self.threads = threads
        options = ["--busy-reply-threshold", "1", "--script-max-steps", "0", "--io-threads", str(threads)]
        self.server = start_server(arguments, options=options)
        self.runner, self.other, self.killer = (Client(self.server.socket) for _ in range(3))

    def expect(self, what, reply, begins):
        if not reply.value.startswith(begins.encode()):
            self.failed.append(f"{self.threads} threads: {what}: expected {begins}, not {reply.value}")

    def wait_until_busy(self):
        """Asks until the script has begun; from then on an answer comes only once it has run for long."""
        while (reply := self.other.call(b"GET", b"x")).kind != "error":
            pass
        self.expect("a command meanwhile", reply, BUSY)

    def run(self):
        self.let_others_wait_for_their_turn()
        self.kill_one_that_reads()
        self.kill_one_inside_a_transaction()
        self.abort_one_that_writes()

    def let_others_wait_for_their_turn(self):
        """Nobody is told BUSY: who asks for something is served when the script has ended."""
        self.other.call(b"CONFIG", b"SET", b"busy-reply-threshold", b"0")
        self.runner.send(b"EVAL", endless(writes=False), b"0")
        self.other.send(b"SET", b"waited", b"1")
        self.other.send(b"GET", b"waited")
        # It may come before the script has begun.
        while (killed := self.killer.call(b"SCRIPT", b"KILL")).kind == "error":
            pass
        self.expect("SCRIPT KILL", killed, "OK")
        self.expect("the script", self.runner.reply(), "ERR Script killed by user with SCRIPT KILL.")
        self.expect("SET after its turn came", self.other.reply(), "OK")
        self.expect("GET after its turn came", self.other.reply(), "1")
        self.other.call(b"CONFIG", b"SET", b"busy-reply-threshold", b"1")

    def kill_one_that_reads(self):
        self.runner.send(b"EVAL", endless(writes=False), b"0")
        self.wait_until_busy()
        self.expect("PING", self.other.call(b"PING"), BUSY)
        self.expect("MULTI is let in", self.other.call(b"MULTI"), "OK")
        self.expect("but nothing queued", self.other.call(b"GET", b"x"), BUSY)
        self.expect("so EXEC does nothing", self.other.call(b"EXEC"), "EXECABORT")
        self.expect("SCRIPT KILL", self.killer.call(b"SCRIPT", b"KILL"), "OK")
        self.expect("the script", self.runner.reply(), "ERR Script killed by user with SCRIPT KILL.")
        self.expect("PING afterwards", self.other.call(b"PING"), "PONG")
        self.expect("SCRIPT KILL afterwards", self.killer.call(b"SCRIPT", b"KILL"), "NOTBUSY")

    def kill_one_inside_a_transaction(self):
        for words in ([b"MULTI"], [b"SET", b"x", b"1"], [b"EVAL", endless(writes=False), b"1", b"x"], [b"INCR", b"x"]):
            self.runner.call(*words)
        self.runner.send(b"EXEC")
        self.wait_until_busy()
        self.killer.call(b"SCRIPT", b"KILL")
        first, second, third = self.runner.reply().value
        self.expect("before the script", first, "OK")
        self.expect("the script in EXEC", second, "ERR Script killed by user")
        if third.value != 2:
            self.failed.append(f"{self.threads} threads: behind the script in EXEC: {third.value}")

    def abort_one_that_writes(self):
        self.runner.send(b"EVAL", endless(writes=True), b"0")
        self.wait_until_busy()
        self.expect("SCRIPT KILL", self.killer.call(b"SCRIPT", b"KILL"), "UNKILLABLE")
        self.expect("SHUTDOWN", self.killer.call(b"SHUTDOWN"), BUSY)
        self.killer.send(b"SHUTDOWN", b"NOSAVE")
        self.expect("the script", self.runner.reply(), "ERR Script ended because the server shuts down")
        if self.server.process.wait(20) != 0:
            self.failed.append(f"{self.threads} threads: the server ended with status {self.server.process.returncode}")


class LongScriptsUpstream(LongScripts):
    """The same where the script runs in a real Redis: what needs no data is answered meanwhile."""

    def run(self):
        for upstream in self.server.upstreams.values():
            upstream.configure("busy-reply-threshold", "1")
        self.kill_one_that_reads()
        if not self.in_cluster():  # each node of which has functions of its own
            self.kill_a_function()
        self.kill_one_inside_a_transaction()
        self.be_told_that_one_has_written()

    def in_cluster(self):
        return any(isinstance(upstream, Cluster) for upstream in self.server.upstreams.values())

    def kill_a_function(self):
        library = b"#!lua name=endless\nredis.register_function('endless', function() while true do end end)"
        self.expect("FUNCTION LOAD", self.other.call(b"FUNCTION", b"LOAD", b"REPLACE", library), "endless")
        self.runner.send(b"FCALL", b"endless", b"0")
        while (reply := self.other.call(b"GET", b"x")).kind != "error":
            pass
        self.expect("a command meanwhile", reply, "BUSY Redis is busy running a script. You can only call FUNCTION KILL")
        self.expect("FUNCTION KILL", self.killer.call(b"FUNCTION", b"KILL"), "OK")
        self.expect("the function", self.runner.reply(), "ERR Script killed by user")
        self.expect("FUNCTION FLUSH", self.other.call(b"FUNCTION", b"FLUSH"), "OK")

    def kill_one_that_reads(self):
        self.runner.send(b"EVAL", endless(writes=False), b"1", b"x")
        self.wait_until_busy()
        self.expect("PING", self.other.call(b"PING"), "PONG" if self.in_cluster() else BUSY)
        self.expect("ECHO, which is ours", self.other.call(b"ECHO", b"here"), "here")
        self.expect("SCRIPT KILL", self.killer.call(b"SCRIPT", b"KILL"), "OK")
        self.expect("the script", self.runner.reply(), "ERR Script killed by user with SCRIPT KILL.")
        self.expect("GET afterwards", self.other.call(b"SET", b"x", b"1"), "OK")
        self.expect("SCRIPT KILL afterwards", self.killer.call(b"SCRIPT", b"KILL"), "NOTBUSY")

    def be_told_that_one_has_written(self):
        """Only the upstream's end ends such a script: then both clients are told so."""
        self.runner.send(b"EVAL", endless(writes=True), b"1", b"x")
        self.wait_until_busy()
        self.expect("SCRIPT KILL", self.killer.call(b"SCRIPT", b"KILL"), "UNKILLABLE")
        for upstream in self.server.upstreams.values():
            for node in upstream.nodes:
                node.process.kill()
        self.expect("the script", self.runner.reply(), "UPSTREAM")
        # For as long as a reply may take, a cluster is waited for.
        self.other.send(b"GET", b"x")
        self.expect("GET", self.other.reply(2 * TIMEOUT), "UPSTREAM")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    add_options(parser)
    arguments = parser.parse_args()
    failed = check_all_cases(arguments)
    for threads in (1, 3):
        scripts = (LongScriptsUpstream if arguments.upstream else LongScripts)(arguments, threads)
        try:
            scripts.run()
        finally:
            scripts.server.stop()
        failed += scripts.failed
    print("\n".join(failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
