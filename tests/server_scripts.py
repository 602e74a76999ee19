#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Every case of the vectors (scripts/vectors, described in their README) and of our own (scripts/cases.json) on this
# server, by SCRIPT LOAD and EVALSHA and by EVAL; then what a script that runs long lets others do.
#
#   server_scripts.py --server "build/dev/redipy-server --port 0 --unixsocket {socket} --dir {dir}"

import argparse
import json
import pathlib
import sys

from scripts import lua
from scripts.vectors import check_vectors
from transcripts.server import Client, Server

CASES = pathlib.Path(__file__).resolve().parent / "scripts"
FILES = ["vectors/scripts.json", "vectors/ruled.json", "cases.json"]
BUSY = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."


def check_all_cases(command):
    server = Server(command, "ours", [])
    failed, passed = [], 0
    try:
        client = lua.SocketClient(server.socket)
        for name in FILES:
            cases = json.loads((CASES / name).read_text())
            for use_eval in (False, True):
                failures = check_vectors.check_file(client, cases, use_eval)
                passed += len(cases) - len(failures)
                failed += [f"{name}: {case}: {reason}" for case, reason in failures]
    finally:
        server.stop()
    print(f"passed {passed} failed {len(failed)}")
    return failed


def endless(writes):
    """A graph that never ends: it calls GET, after one SET if it is to write."""
    def call(*words):
        return {"kind": "call", "name": "redis.call", "no_adjust": False,
                "args": [{"kind": "val", "type": "str", "value": word} for word in words]}
    first = [{"kind": "stmt", "expr": call("set", "written", "1")}] if writes else []
    turn = {"kind": "while", "condition": {"kind": "val", "type": "bool", "value": True},
            "body": {"kind": "seq", "cmds": [{"kind": "stmt", "expr": call("get", "x")}]}}
    return json.dumps({"kind": "script", "argv": [], "keyv": [], "cmds": first + [turn]}).encode()


class LongScripts:
    """Scripts that do not end by themselves, on a server with so many network threads."""

    def __init__(self, command, threads):
        self.failed = []
        self.threads = threads
        options = ["--busy-reply-threshold", "1", "--script-max-steps", "0", "--io-threads", str(threads)]
        self.server = Server(command, "ours", options)
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
        for words in ([b"MULTI"], [b"SET", b"k", b"1"], [b"EVAL", endless(writes=False), b"0"], [b"INCR", b"k"]):
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


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    command = parser.parse_args().server
    failed = check_all_cases(command)
    for threads in (1, 3):
        scripts = LongScripts(command, threads)
        try:
            scripts.run()
        finally:
            scripts.server.stop()
        failed += scripts.failed
    print("\n".join(failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
