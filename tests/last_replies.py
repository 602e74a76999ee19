#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# What clients are told when the server is asked to end (SIGTERM) while an upstream has not answered them: the replies, if
# they come soon, else an error; blocked clients are closed at once. And that nothing is left behind (a leak checker says).
#
#   last_replies.py --server "redipy-server --backend 'main {upstream}' --port 0 --unixsocket {socket} --dir {dir}"
#                   --upstream "redis-server --port 0 --unixsocket {socket} --dir {dir}" [--cluster]

import argparse
import select
import signal
import sys
import time

from transcripts.server import TIMEOUT, Client, Closed, Server
from transcripts.upstream import Cluster, Single

ASKED = [((b"SET", b"x", b"1"), "OK"), ((b"GET", b"{x}y"), None), ((b"MSET", b"x", b"1", b"y", b"2"), "OK"),
         ((b"DEL", b"y", b"z"), 0), ((b"KEYS", b"nothing*"), []), ((b"DBSIZE",), 0), ((b"WATCH", b"x"), "OK")]


def wait_until(condition, what):
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"it did not come about that {what}")
        select.select([], [], [], 0.005)


def signal_all(upstream, number):
    for node in upstream.nodes:
        node.process.send_signal(number)


def check(arguments, comes_back):
    """The differences. `comes_back`: the upstream answers when the server has been asked to end, else never."""
    upstream = (Cluster if arguments.cluster else Single)(arguments.upstream)
    server = Server(arguments.server, "proxy", [], {"upstream": upstream})
    failures = []
    try:
        clients = [Client(server.socket) for _ in ASKED]
        blocked, in_transaction = Client(server.socket), Client(server.socket)
        for client in (*clients, blocked, in_transaction):
            client.call(b"GET", b"x")  # what it needs to know of the upstream it knows
        in_transaction.call(b"MULTI")
        in_transaction.call(b"SET", b"x", b"1")
        blocked.send(b"BLPOP", b"list", b"0")
        wait_until(lambda: upstream.blocked_clients() == 1, "a client is blocked")
        signal_all(upstream, signal.SIGSTOP)
        for client, (words, _) in zip(clients, ASKED):
            client.send(*words)
        in_transaction.send(b"EXEC")
        for _ in range(2):
            server.control.call(b"CLIENT", b"ID")  # what came before is read by then
        server.process.send_signal(signal.SIGTERM)
        if comes_back:
            signal_all(upstream, signal.SIGCONT)  # there is a second for it
        for client, (words, expected) in zip((*clients, in_transaction), (*ASKED, ((b"EXEC",), ["OK"]))):
            try:
                reply = client.reply()
                said = plain(reply)
                if comes_back:
                    right = reply.kind != "error" and (words[0] in (b"DEL", b"DBSIZE") or said == expected)
                else:
                    right = reply.kind == "error" and "the server is shutting down" in said
            except Closed:
                said, right = "nothing", not comes_back and words[0] == b"WATCH"  # by a connection of its own
            if not right:
                failures.append(f"{'late' if comes_back else 'no'} reply: {words} is told {said}")
        try:
            failures.append(f"BLPOP is told {blocked.reply().value}")
        except Closed:
            pass
    finally:
        signal_all(upstream, signal.SIGCONT)
        try:
            ended_well = server.process.wait(TIMEOUT) == 0
        finally:
            server.stop()
        if not ended_well:
            failures.append(f"the server ended badly:\n{server.last_words}")
    return failures


def plain(reply):
    if reply.kind == "array":
        return [plain(each) for each in reply.value]
    return reply.value.decode() if isinstance(reply.value, bytes) else reply.value


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--cluster", action="store_true")
    arguments = parser.parse_args()
    failures = check(arguments, comes_back=True) + check(arguments, comes_back=False)
    print("\n".join(failures) or "all is as it should be")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
