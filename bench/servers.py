# SPDX-License-Identifier: Apache-2.0
"""Starts and stops the servers under test, asks the kernel about them, and runs redipy-load against them.

A server runs on one core and the load on another, so that neither takes the other's time. Every server listens on a free
TCP port and on a Unix socket, in a temporary folder, and ends with its `with` block; should this program be killed, the
kernel ends them (setpriv --pdeathsig).
"""

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PLAIN = ["--save", "", "--appendonly", "no"]


class Failed(Exception):
    """Something could not be measured; the text says what and why."""


class Server:
    """A running server: `kind` is ours, redis, floor, relay or nutcracker. `path` is None where it has TCP alone. One caller
    at a time."""

    def __init__(self, kind, process, port, path):
        self.kind, self.process, self.port, self.path = kind, process, port, path
        self.pid = process.pid

    def command(self, *arguments):
        """Sends one request; returns its reply as text, of an array only the header. Raises Failed for an error."""
        request = f"*{len(arguments)}\r\n" + "".join(f"${len(str(word))}\r\n{word}\r\n" for word in arguments)
        with socket.socket(socket.AF_UNIX if self.path else socket.AF_INET) as connection:
            connection.settimeout(120)
            connection.connect(str(self.path) if self.path else ("127.0.0.1", self.port))
            connection.sendall(request.encode())
            with connection.makefile("rb") as replies:
                line = replies.readline().decode().rstrip("\r\n")
                if line.startswith("$") and line != "$-1":
                    return replies.read(int(line[1:])).decode()
        if line.startswith("-") or not line:
            raise Failed(f"{self.kind}: {' '.join(map(str, arguments))}: {line or 'no reply'}")
        return line[1:]

    def cpu_ns(self):
        """User and system time of all its threads."""
        return time.clock_gettime_ns((~self.pid << 3) | 2)  # what clock_getcpuclockid(3) computes

    def memory(self):
        """Resident bytes: all of them (rss), and with shared pages counted by share (pss)."""
        return memory_of(self.pid)

    def come_to_rest(self, limit=20.0):
        """Waits until it uses under a twentieth of a CPU, so that what it does later or in steps is done."""
        until = time.monotonic() + limit
        while time.monotonic() < until:
            before = self.cpu_ns()
            time.sleep(0.1)
            if self.cpu_ns() - before < 5_000_000:
                return


def memory_of(pid):
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("Rss", "Pss"):
            sizes[name.lower()] = int(rest.split()[0]) * 1024
    return sizes


class Bench:
    """What all benchmarks share: the programs, the cores, the folder, and how to start and load a server."""

    def __init__(self, options, folder):
        self.options, self.folder = options, Path(folder)
        self.build = Path(options.build)
        self.programs = {"ours": options.ours or str(self.build / "redipy-server"), "redis": options.redis}
        self.server_core, self.load_core = options.cores
        self.count = 0

    def needed_programs(self, others):
        """`others`: those that are needed only by what was asked for."""
        built = [str(self.build / name) for name in ("redipy-load", "redipy-floor")]
        return [*self.programs.values(), *built,
                *(str(self.build / name) if name.startswith("redipy-") else name for name in others)]

    def command_line(self, kind, port, path, extra=()):
        """How that kind of server is started, without where it runs."""
        if kind == "floor":
            return [str(self.build / "redipy-floor"), str(port), str(path)]
        if kind == "relay":
            return [str(self.build / "redipy-relay"), str(port), *extra]
        if kind == "nutcracker":
            configuration = self.new_path("nutcracker")
            configuration.write_text(extra[0].replace("{port}", str(port)))
            return ["nutcracker", "--conf-file", str(configuration), "--stats-addr", "127.0.0.1", "--stats-port",
                    str(free_port()), "--pid-file", str(self.new_path("pid")), "--verbose", "3"]
        return [self.programs[kind], "--bind", "127.0.0.1", "--port", str(port), "--unixsocket", str(path),
                *PLAIN, *extra]

    def new_path(self, name):
        """A path in the temporary folder that was not used before."""
        self.count += 1
        return self.folder / f"{name}.{self.count}"

    @contextlib.contextmanager
    def server(self, kind, extra=(), core=None):
        """A server that is up, for the time of the block, on the servers' core or on another."""
        path, log, port = self.new_path("socket"), self.new_path("log"), free_port()
        core = self.server_core if core is None else core
        where = ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", str(core)]
        with open(log, "wb") as output:
            process = subprocess.Popen(where + self.command_line(kind, port, path, extra), cwd=self.folder,
                                       stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        try:
            server = Server(kind, process, port, None if kind in ("relay", "nutcracker") else path)
            self._wait_until_up(server, log)
            yield server
        finally:
            stop(process)

    def _wait_until_up(self, server, log):
        until = time.monotonic() + 10
        while True:
            try:
                server.command("PING")
                return
            except OSError:
                if server.process.poll() is not None or time.monotonic() > until:
                    last = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
                    raise Failed(f"{server.kind} does not start:\n{last}") from None
                time.sleep(0.005)

    def load_command(self, subcommand, target, arguments, **settings):
        """The command line of redipy-load; `settings` become options (warm_up=5 is --warm-up 5)."""
        line = ["taskset", "-c", str(self.load_core), str(self.build / "redipy-load"), subcommand, *target]
        for name, value in settings.items():
            line += ["--" + name.replace("_", "-"), str(value)]
        return line + (["--", *map(str, arguments)] if arguments else [])

    def target(self, server):
        """The options that tell redipy-load where the server is."""
        return ["--unix", str(server.path)] if self.options.unix else ["--port", str(server.port)]

    def load(self, subcommand, server, arguments, limit=120, **settings):
        """Runs redipy-load to its end, at most `limit` seconds; returns what it found. Raises Failed."""
        line = self.load_command(subcommand, self.target(server), arguments, **settings)
        try:
            done = subprocess.run(line, capture_output=True, text=True, timeout=limit, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            raise Failed(f"{server.kind}: not done within {limit} s: {' '.join(map(str, arguments))[:80]}") from None
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise Failed(f"{server.kind}: {' '.join(map(str, arguments))[:80]}: {last}")
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def held_load(self, subcommand, server_target, arguments, **settings):
        """Runs redipy-load for the time of the block, which begins with what it found."""
        line = self.load_command(subcommand, server_target, arguments, **settings)
        errors = self.new_path("load")
        with open(errors, "wb") as output:
            process = subprocess.Popen(line, cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=output)
        try:
            found = process.stdout.readline()
            if not found:
                raise Failed(errors.read_text(errors="replace").strip() or "redipy-load ended")
            yield json.loads(found)
        finally:
            process.stdin.close()
            stop(process, ask=False)


def stop(process, ask=True):
    """Ends a process: by SIGTERM unless it ends by itself, and by force after ten seconds."""
    if ask:
        process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def bench(options):
    """A Bench with a temporary folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="redipy-bench.") as folder:
        yield Bench(options, folder)


def default_cores():
    """The server's core and the load's: the first two that this process may use."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1] if len(cores) > 1 else cores[0])
