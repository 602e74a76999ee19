#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# What clients are told when their upstream dies between two replies to one block: which moment of a real one's death that
# is cannot be chosen, so here the upstream is a few lines of Python that answer a transaction in part and hang up.
#
#   half_answered.py --server "redipy-server --backend 'main {upstream}' --port 0 --unixsocket {socket} --dir {dir}"

import argparse
import contextlib
import socket
import sys
import threading

from transcripts.replies import parse
from transcripts.server import Client, Server

MULTI_SET_EXEC = [b"+OK\r\n", b"+QUEUED\r\n", b"*1\r\n+OK\r\n"]
GREETING = b"*6\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n"


class HalfAnswering:
    """An upstream that answers of the blocks that come so many requests, each with what `replies` has, and hangs up."""

    version = (7, 0, 15)

    def __init__(self):
        self.answered, self.replies = 0, MULTI_SET_EXEC
        self.greeted, self.greeted_when_hung_up = 0, None
        self.changed = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        """Takes requests one by one; a block is answered when it is there whole."""
        waiting, block = bytearray(), []
        with connection, contextlib.suppress(ConnectionError):
            while data := connection.recv(65536):
                waiting += data
                while request := self.take(waiting):
                    name = request[0].upper()
                    if name == b"MULTI" or block:
                        block.append(request)
                        if name == b"EXEC":
                            connection.sendall(b"".join(self.replies[:self.answered]))
                            self.hang_up(connection)
                            return
                    else:
                        if name == b"HELLO":
                            self.note_greeting()
                        connection.sendall({b"HELLO": GREETING, b"PING": b"+PONG\r\n"}.get(name, b"-ERR no such thing\r\n"))

    def note_greeting(self):
        with self.changed:
            self.greeted += 1
            self.changed.notify_all()

    def hang_up(self, connection):
        with self.changed:
            self.greeted_when_hung_up = self.greeted
        connection.shutdown(socket.SHUT_RDWR)

    def wait_for_successor(self):
        """Until the server has seen that we hung up, and has connected anew: what it sent before would be lost."""
        with self.changed:
            seen = self.changed.wait_for(
                lambda: self.greeted_when_hung_up is not None and self.greeted > self.greeted_when_hung_up, timeout=60)
            self.greeted_when_hung_up = None
        return seen

    def take(self, waiting):
        """A request that has come whole, or nothing; they are written as replies are."""
        try:
            request, end = parse(waiting, 0)
        except IndexError:
            return None
        del waiting[:end]
        return [word.value for word in request.value]

    def settle(self):
        """Nothing of it is still to be written."""

    def stop(self):
        self.listener.close()


def transaction(server):
    client = Client(server.socket)
    try:
        for words in ((b"MULTI",), (b"SET", b"key", b"value")):
            client.call(*words)
        reply = client.call(b"EXEC")
        return "null" if reply.kind.startswith("nil") else reply.value.decode() if reply.kind == "error" else reply.kind
    finally:
        client.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    arguments = parser.parse_args()
    upstream = HalfAnswering()
    failures = []
    server = Server(arguments.server, "proxy", [], {"upstream": upstream})
    # How many replies come before the end, and what they are; whether the block may have been executed then.
    refused = [b"+OK\r\n", b"-ERR no such command\r\n", b"-EXECABORT Transaction discarded because of previous errors.\r\n"]
    for answered, replies, begin, end in (
            (0, MULTI_SET_EXEC, "UPSTREAM main: ", "; the command may have been executed"),
            (1, MULTI_SET_EXEC, "UPSTREAM main: ", "; the command may have been executed"),
            (2, MULTI_SET_EXEC, "UPSTREAM main: ", "; the command may have been executed"),
            (3, MULTI_SET_EXEC, "array", "array"),
            (2, refused, "EXECABORT Transaction discarded because of: ERR no such command", ""),
            (3, refused, "EXECABORT Transaction discarded because of: ERR no such command", "")):
        upstream.answered, upstream.replies = answered, replies
        said = transaction(server)
        if not upstream.wait_for_successor():
            failures.append("the server did not connect anew")
            break
        if not said.startswith(begin) or not said.endswith(end):
            failures.append(f"with {answered} replies of {replies} EXEC says: {said}")
    if not server.stop():
        failures.append(f"the server ended badly:\n{server.last_words}")
    print("\n".join(failures) or "all is as it should be")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
