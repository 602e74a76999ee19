#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Runs a command with a database of its own, which is gone afterwards:
#
#   with_database.py postgresql transcript.py FILE --kind ours --server "redipy-server --backend 'main {database}' …"
#
# {database} in its words becomes the database's URL; REDIPY_TEST_POSTGRESQL or REDIPY_TEST_MARIADB in its environment
# says the same as "host=... user=... database=...". The server is started for it (databases.py), or, with --running FILE
# in front, is one that was started for many, as ctest does: `--start FILE postgresql` starts it, `--stop FILE postgresql`
# ends it; it also ends when whoever started it is gone. Ends with 77 where the database is not installed.

import argparse
import json
import os
import select
import socket
import subprocess
import sys

from databases import KINDS, NotInstalled


def start(kind, file):
    """Leaves a process behind that keeps the server, until it is told to end, or the caller of this one has ended."""
    caller = os.pidfd_open(os.getppid())
    database = KINDS[kind]()
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        said = os.read(reading, 4096)  # once the server is up, or failed
        return 0 if said == b"up" else said.decode() or "it did not start"
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    try:
        keep(database, caller, file, lambda: os.write(writing, b"up"))
    except Exception as error:  # told to whoever waits
        os.write(writing, str(error).encode())
    os._exit(0)


def keep(database, caller, file, up):
    try:
        database.start()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(os.path.join(database.folder, "keeper"))
        listener.listen()
        with open(file, "w", encoding="utf-8") as place:
            json.dump({"folder": database.folder}, place)
        up()
        select.select([listener, caller, os.pidfd_open(database.process.pid)], [], [])
    finally:
        database.stop()
        listener.close()  # now whoever has asked for the end hears of it


def folder_of(file):
    with open(file, encoding="utf-8") as place:
        return json.load(place)["folder"]


def stop(file):
    keeper = socket.socket(socket.AF_UNIX)
    keeper.connect(os.path.join(folder_of(file), "keeper"))
    os.remove(file)
    keeper.recv(1)
    return 0


def run(kind, running, command):
    database = KINDS[kind](folder_of(running) if running else None)
    name = f"test_{os.getpid()}"
    try:
        if not running:
            database.start()
        url = database.create(name)
        environment = {**os.environ, database.variable: database.address(name)}
        words = [word.replace("{database}", url) for word in command]
        if words[0].endswith(".py"):
            words.insert(0, sys.executable)
        return subprocess.run(words, env=environment).returncode
    finally:
        if running:
            database.drop(name)
        else:
            database.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--running", metavar="FILE")
    parser.add_argument("--start", metavar="FILE")
    parser.add_argument("--stop", metavar="FILE")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    try:
        if arguments.start:
            return start(arguments.kind, arguments.start)
        if arguments.stop:
            return stop(arguments.stop)
        return run(arguments.kind, arguments.running, arguments.command)
    except NotInstalled as reason:
        print(reason)
        return 77


if __name__ == "__main__":
    sys.exit(main())
