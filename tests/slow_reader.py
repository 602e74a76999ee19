#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A client that asks much and reads late: each reply must come whole and in order.

The server cannot send what the client does not read, so replies queue up in pieces of all sizes while earlier ones are
on their way. Every value has its own bytes; one byte from elsewhere is a failure. With --stored the values are keys', which
a proxy fetches from its upstream: they have to wait there.
"""
import argparse
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time

REQUESTS = 4000


def value(i):
    return (b"%08d" % i) * (1 + (i * 37) % 400)


def connect(path):
    deadline = time.monotonic() + 20
    while True:
        try:
            client = socket.socket(socket.AF_UNIX)
            client.connect(path)
            return client
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def store(client, replies):
    for i in range(REQUESTS):
        client.sendall(b"*3\r\n$3\r\nSET\r\n$8\r\n%08d\r\n$%d\r\n%s\r\n" % (i, len(value(i)), value(i)))
        if (reply := replies.readline()) != b"+OK\r\n":
            raise ValueError(f"SET gave {reply!r}")


def request(i, stored):
    if stored:
        return b"*2\r\n$3\r\nGET\r\n$8\r\n%08d\r\n" % i
    return b"*2\r\n$4\r\nECHO\r\n$%d\r\n%s\r\n" % (len(value(i)), value(i))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True)
    parser.add_argument("--stored", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s")
        command = shlex.split(arguments.server) + ["--port", "0", "--unixsocket", path, "--dir", folder]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            client = connect(path)
            client.settimeout(30)
            replies = client.makefile("rb")
            if arguments.stored:
                store(client, replies)
            expected = []
            for i in range(REQUESTS):
                client.sendall(request(i, arguments.stored))
                expected.append(value(i))
                if i % 500 == 499:  # reads only now and then
                    for wanted in expected:
                        header = replies.readline()
                        if header != b"$%d\r\n" % len(wanted) or replies.read(len(wanted) + 2) != wanted + b"\r\n":
                            print(f"a reply near request {i} is not what was asked for: {header!r}")
                            return 1
                    expected = []
            print(f"{REQUESTS} replies passed")
            return 0
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    sys.exit(main())
