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
    """One connection, to a Unix socket's path or to (host, port). One caller at a time."""

    def __init__(self, address, resp=2):
        self.socket = socket.socket(socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX)
        self.socket.settimeout(TIMEOUT)
        try:
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise
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
    """A running server. `kind`: "ours", "judge", or "proxy": ours in front of upstreams (upstream.py), which end with it.

    `upstreams`: by the name that stands in braces for its URL, in the command and in the options. `keeps_upstreams`:
    they do not end with it after all.
    """

    def __init__(self, command, kind, options, upstreams=None, keeps_upstreams=False):
        self.keeps_upstreams = keeps_upstreams
        self.kind = kind
        self.upstreams = upstreams or {}
        self.control = self.version = None
        self.folder = tempfile.mkdtemp(prefix="transcript.")
        self.socket = os.path.join(self.folder, "socket")
        places = {"port": "0", "dir": self.folder, "socket": self.socket}
        places |= {name: each.url for name, each in self.upstreams.items()}
        self.command = [placed(word, places) for word in shlex.split(command) + options]
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.start()
        try:
            self.control = self.wait_until_up()
            if kind == "judge":
                self.version = version_of(self.control)
            for each in self.upstreams.values():
                self.version = min(self.version or each.version, each.version)
        except BaseException:
            self.stop()
            raise

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT, cwd=self.folder)

    def crash_and_start(self):
        """SIGKILL, and a new start in the same folder."""
        self.control.close()
        self.process.kill()
        self.process.wait()
        self.start()
        self.control = self.wait_until_up()

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
            except (FileNotFoundError, ConnectionRefusedError, Closed, NoReply):
                pass
            select.select([], [], [], 0.005)
        raise RuntimeError(f"the server did not come up:\n{self.log_tail()}")

    def log_tail(self):
        self.log.flush()
        with open(self.log.name, "rb") as file:
            text = file.read().decode("utf-8", "replace")
        found = text.find("==ERROR: ")  # a sanitizer's report says the most at its beginning
        return text[-3000:] if found < 0 else text[found:found + 12000]

    def settle(self):
        """When this returns, what earlier commands made the server write has been written."""
        if self.upstreams:  # what they have written is there for ours to read before the first PING, and sent before the second
            for each in self.upstreams.values():
                each.settle()
            self.control.call(b"PING")
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

    def let_upstreams_block(self):
        """Waits until as many clients wait inside the upstreams as inside ours, or for half a second: CLIENT PAUSE, say."""
        if not self.upstreams:
            return
        deadline = time.monotonic() + 0.5
        while time.monotonic() < deadline:
            if sum(each.blocked_clients() for each in self.upstreams.values()) >= blocked_in(self.control):
                return
            select.select([], [], [], 0.001)

    def stop(self):
        """Ends the server; true when it ended as it should."""
        if self.control:
            self.control.close()
        ended_well = end(self.process)
        self.last_words = self.log_tail()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        for each in () if self.keeps_upstreams else self.upstreams.values():
            each.stop()
        return ended_well


def placed(word, places):
    """The word with what stands in braces replaced, where that is a name of a place."""
    for name, value in places.items():
        word = word.replace("{" + name + "}", value)
    return word


def blocked_in(client):
    """How many clients wait, by CLIENT LIST."""
    listed = client.call(b"CLIENT", b"LIST").value.splitlines()
    return sum(any(part.startswith(b"flags=") and b"b" in part for part in line.split()) for line in listed)


def version_of(client):
    words = [each.value for each in client.call(b"HELLO").value]
    return tuple(int(part) for part in words[words.index(b"version") + 1].split(b".")[:3])


def end(process):
    """Ends a process by SIGTERM, and by force where that is not enough; true when it ended as it should."""
    ended_before = process.poll() is not None
    if not ended_before:
        process.send_signal(signal.SIGTERM)
    try:
        status = process.wait(max(TIMEOUT, 10))
    except subprocess.TimeoutExpired:
        process.kill()
        status = process.wait()
    return not ended_before and status == 0
