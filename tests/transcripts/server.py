# SPDX-License-Identifier: Apache-2.0
#
# Starts a server for a transcript, on a Unix socket in a folder of its own, and talks to it as a client.
#
# Nothing here waits for a fixed time: a read ends with the reply or after the time limit; whether a client is blocked
# is asked of the server. TRANSCRIPT_TIMEOUT (seconds) stretches the limit for slow builds.

import os
import select
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from transcripts import replies

TIMEOUT = float(os.environ.get("TRANSCRIPT_TIMEOUT", "5"))


class NoReply(Exception):
    """Nothing came within the time limit."""


class Closed(Exception):
    """The server closed the connection."""


class Client:
    """One connection. One caller at a time."""

    def __init__(self, path, resp=2):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect(path)
        self.buffer = bytearray()
        self.pushes = []          # RESP3 pushes that came while a reply was awaited
        self.returned = []        # replies that were read too early, to be read again
        self.resp = 2
        self.id = None
        self.in_doubt = False     # a reply was missed: what comes next may belong to an earlier step
        if resp == 3:
            if self.call(b"HELLO", b"3").kind == "map":  # else the server wants a password first
                self.resp = 3

    def close(self):
        self.socket.close()

    def call(self, *words):
        """Sends a command and gives its reply, for the runner's own use."""
        self.send(*words)
        return self.reply()

    def send(self, *words):
        head = b"*%d\r\n" % len(words)
        self.send_bytes(head + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))

    def send_bytes(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # what the server said before it closed may still be there to read

    def receive(self, deadline):
        """Waits for more bytes until the deadline."""
        left = max(0.0, deadline - time.monotonic())
        if not select.select([self.socket], [], [], left)[0]:
            raise NoReply
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Closed
        self.buffer += data

    def any_reply(self, timeout=TIMEOUT):
        """The next thing that the server says: a reply or a push."""
        if self.returned:
            return self.returned.pop(0)
        deadline = time.monotonic() + timeout
        while True:
            try:
                reply, end = replies.parse(self.buffer, 0)
                del self.buffer[:end]
                return reply
            except IndexError:
                self.receive(deadline)

    def reply(self, timeout=TIMEOUT):
        """The next reply; pushes on the way are kept for message()."""
        while (reply := self.any_reply(timeout)).kind == "push":
            self.pushes.append(reply)
        return reply

    def message(self, timeout=TIMEOUT):
        """The next thing said, a kept push first."""
        return self.pushes.pop(0) if self.pushes else self.any_reply(timeout)

    def read_bytes(self, count, timeout=TIMEOUT):
        deadline = time.monotonic() + timeout
        while len(self.buffer) < count:
            self.receive(deadline)
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data


class Server:
    """A running server. `kind`: "ours" or "judge"."""

    def __init__(self, command, kind, options):
        self.kind = kind
        self.folder = tempfile.mkdtemp(prefix="transcript.")
        self.socket = os.path.join(self.folder, "socket")
        self.command = [word.format(port=0, dir=self.folder, socket=self.socket) for word in shlex.split(command)]
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(self.command + options, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT, cwd=self.folder)
        self.control = None
        try:
            self.control = self.wait_until_up()
            self.version = self.ask_version() if kind == "judge" else None
        except BaseException:
            self.stop()
            raise

    def wait_until_up(self):
        deadline = time.monotonic() + max(TIMEOUT, 10)
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended at its start:\n{self.log_tail()}")
            try:
                client = Client(self.socket)
                if client.call(b"PING").kind == "status":
                    return client
                client.close()
            except (FileNotFoundError, ConnectionRefusedError, Closed):
                pass
            select.select([], [], [], 0.005)
        raise RuntimeError(f"the server did not come up:\n{self.log_tail()}")

    def ask_version(self):
        words = [each.value for each in self.control.call(b"HELLO").value]
        return tuple(int(part) for part in words[words.index(b"version") + 1].split(b".")[:3])

    def log_tail(self):
        self.log.flush()
        with open(self.log.name, "rb") as file:
            return file.read()[-3000:].decode("utf-8", "replace")

    def settle(self):
        """When this returns, what earlier commands made the server write has been written."""
        self.control.call(b"PING")

    def now(self):
        told = self.control.call(b"TIME")
        if told.kind != "array":
            raise ValueError("the server does not know TIME")
        seconds, microseconds = told.value
        return int(seconds.value) * 1000 + int(microseconds.value) // 1000

    def is_blocked(self, client):
        listed = self.control.call(b"CLIENT", b"LIST", b"ID", client.id).value
        return any(part.startswith(b"flags=") and b"b" in part for part in listed.split())

    def stop(self):
        """Ends the server; true when it ended as it should."""
        if self.control:
            self.control.close()
        ended_before = self.process.poll() is not None
        if not ended_before:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(max(TIMEOUT, 10))
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.last_words = self.log_tail()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return not ended_before and status == 0
