#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the examples of docs/scripts.md: what stands there must come out.

Blocks of the kind `console` are lines `$ command`, each followed by what it prints; a last line `…` stands for more. The
first block of the kind `json` is written to filter.json; programs in Python, C and JavaScript read it. Each program prints
what the sentence after its block says ("It prints `…`"). Python runs with the real redis-py where it is installed, else with
a stand-in for the few methods that are used. A program whose compiler or library is missing is passed over, which is said.
"""
import argparse
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from transcripts.ports import free_ports

STAND_IN = r'''
import hashlib, socket, sys, types

class Error(Exception):
    pass

class Redis:
    def __init__(self, port, decode_responses):
        self.stream = socket.create_connection(("127.0.0.1", port)).makefile("rwb")

    def command(self, *words):
        words = [str(word).encode() for word in words]
        self.stream.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        self.stream.flush()
        return self.reply()

    def reply(self):
        line = self.stream.readline()
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise Error(rest)
        if kind == b"$":
            return None if rest == "-1" else self.stream.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest

    def register_script(self, text):
        digits = hashlib.sha1(text.encode()).hexdigest()
        def run(keys, args):
            try:
                return self.command("EVALSHA", digits, len(keys), *keys, *args)
            except Error as error:
                if not str(error).startswith("NOSCRIPT"):
                    raise
            if self.command("SCRIPT", "LOAD", text) != digits:
                raise Error("other digits")
            return self.command("EVALSHA", digits, len(keys), *keys, *args)
        return run

    def __getattr__(self, name):
        return lambda *words: self.command({"delete": "del"}.get(name, name), *words)

sys.modules["redis"] = types.ModuleType("redis")
sys.modules["redis"].Redis = Redis
'''


class Examples:
    def __init__(self, text, folder, port):
        self.folder, self.port = folder, port
        self.failed, self.ran, self.passed_over = [], 0, []
        # (kind, body, the line after the block)
        self.blocks = re.findall(r"^```(\w+)\n(.*?)^```\n\n?([^\n]*)", text, re.S | re.M)

    def run(self):
        graph = next(body for kind, body, _ in self.blocks if kind == "json")
        (self.folder / "filter.json").write_text(graph)
        tools = self.folder / "bin"
        tools.mkdir()
        cli = shutil.which("redis-cli")
        if cli:
            (tools / "redis-cli").write_text(f'#!/bin/sh\nexec {cli} --no-raw -p {self.port} "$@"\n')
            (tools / "redis-cli").chmod(0o755)
        for kind, body, after in self.blocks:
            expected = "\n".join(re.findall(r"`([^`]*)`", after))
            if kind == "console" and cli:
                self.console(body, tools)
            elif kind == "python":
                self.program("python", expected, [sys.executable, self.python(body)])
            elif kind == "c":
                self.hiredis(body, expected)
            elif kind == "js":
                self.node(body, expected)
            elif kind == "console":
                self.passed_over.append("redis-cli")

    def console(self, body, tools):
        environment = dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}")
        for step in re.split(r"^\$ ", body, flags=re.M)[1:]:
            command, _, expected = step.partition("\n")
            self.compare(command, ["sh", "-c", command], expected, environment)

    def compare(self, name, command, expected, environment=None):
        self.ran += 1
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=60)
        printed = done.stdout.strip()
        if expected.endswith("\n…\n"):  # and more
            expected = expected[:-3].strip()
            printed = printed[:len(expected)]
        if done.returncode != 0 or printed != expected.strip():
            self.failed.append(f"{name}\n  expected: {expected.strip()}\n  printed:  {done.stdout.strip()}{done.stderr}")

    def program(self, name, expected, command):
        self.compare(name, command, expected)

    def to_port(self, body):
        return body.replace("6379", str(self.port))

    def python(self, body):
        try:
            import redis  # noqa: F401 (is it there?)
            prelude = ""
        except ImportError:
            prelude = STAND_IN
        file = self.folder / "example.py"
        file.write_text(prelude + self.to_port(body))
        return str(file)

    def hiredis(self, body, expected):
        compiler = shutil.which("cc")
        if not compiler or not Path("/usr/include/hiredis/hiredis.h").exists():
            self.passed_over.append("hiredis")
            return
        (self.folder / "example.c").write_text(self.to_port(body))
        self.compare("cc", [compiler, "-Wall", "-Werror", "-o", "example", "example.c", "-lhiredis"], "")
        self.compare("hiredis", ["./example"], expected)

    def node(self, body, expected):
        node = shutil.which("node")
        if not node or subprocess.run([node, "-e", "require('redis')"], capture_output=True, check=False).returncode:
            self.passed_over.append("node-redis")
            return
        (self.folder / "example.js").write_text(self.to_port(body))
        self.compare("node-redis", [node, "example.js"], expected)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True)
    parser.add_argument("--document", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port = free_ports(1)[0]
        command = shlex.split(options.server) + ["--bind", "127.0.0.1", "--port", str(port), "--dir", name, "--save", ""]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 20
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    if time.monotonic() > deadline or server.poll() is not None:
                        raise
                    time.sleep(0.01)
            examples = Examples(Path(options.document).read_text(), folder, port)
            examples.run()
        finally:
            server.terminate()
            server.wait()
    for failure in examples.failed:
        print(failure)
    print(f"{examples.ran} examples ran, {len(examples.failed)} failed; passed over: {examples.passed_over or 'none'}")
    return 1 if examples.failed or examples.ran == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
