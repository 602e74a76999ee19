#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Reads of what a backend in tables holds in memory are answered without its thread (INFO's served_from_memory): they are
# when it is at rest, and whoever reads sees no less than what was acknowledged to anybody before, while others write.
#
#   held_reads.py --server "redipy-server --backend 'main sqlite://{dir}/test.db' --port 0 --unixsocket {socket} --dir {dir}"

import argparse
import re
import sys
import threading

from transcripts.server import Client, Server

READERS = 4
WRITES = 2000


def served(client):
    told = client.call(b"INFO", b"backends").value.decode()
    return int(re.search(r"served_from_memory=(\d+)", told).group(1))


def at_rest_nobody_waits_for_the_thread(server):
    client = Client(server.socket)
    client.call(b"SET", b"held", b"value")
    for _ in range(1000):  # it is at rest again soon after its last reply
        if client.call(b"GET", b"held").value != b"value":
            raise AssertionError("a read value is another one")
        if served(client) > 0:
            return
    raise AssertionError("of 1000 reads in a row none was served from memory")


def readers_see_what_was_acknowledged(server):
    acknowledged, over, failures = [0], threading.Event(), []

    def read():
        client, seen = Client(server.socket), 0
        while not over.is_set() and not failures:
            least = max(acknowledged[0], seen)
            seen = int(client.call(b"GET", b"counter").value or 0)
            if seen < least:
                failures.append(f"read {seen} after {least}")

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    writer = Client(server.socket)
    try:
        for _ in range(WRITES):
            acknowledged[0] = writer.call(b"INCR", b"counter").value
    finally:
        over.set()
        for reader in readers:
            reader.join()
    if failures or acknowledged[0] != WRITES:
        raise AssertionError(f"counted to {acknowledged[0]}; {failures}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    server = Server(parser.parse_args().server, "ours", [])
    try:
        for check in (at_rest_nobody_waits_for_the_thread, readers_see_what_was_acknowledged):
            check(server)
            print(f"ok  {check.__name__}")
    finally:
        ended_well = server.stop()
    if not ended_well:
        print(f"the server ended badly:\n{server.last_words}")
    return 0 if ended_well else 1


if __name__ == "__main__":
    sys.exit(main())
