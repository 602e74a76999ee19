# SPDX-License-Identifier: Apache-2.0
#
# Real servers behind ours: one Redis, or a Redis Cluster on loopback, started and ended like the server under test.
#
# Both kinds have a URL for our server, the addresses of their nodes, a client to each, and the version. A cluster has
# its slots spread evenly over the primaries, replicas where they are asked for, and is ready when every node says so.

import select
import shlex
import shutil
import subprocess
import tempfile
import time
from urllib.parse import quote

from transcripts.ports import free_ports
from transcripts.server import TIMEOUT, Client, Closed, NoReply, Server, blocked_in, end, placed, version_of

SLOTS = 16384
START_LIMIT = max(TIMEOUT, 30)
CLUSTER_OPTIONS = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-replica-validity-factor", "0",
                   "--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"]

# What CONFIG SET on our server is to mean for the data behind it, too.
DATA_OPTIONS = {
    "hash-max-listpack-entries", "hash-max-listpack-value", "hash-max-ziplist-entries", "hash-max-ziplist-value",
    "list-max-listpack-size", "list-max-ziplist-size", "list-compress-depth", "set-max-intset-entries",
    "set-max-listpack-entries", "set-max-listpack-value", "zset-max-listpack-entries", "zset-max-listpack-value",
    "zset-max-ziplist-entries", "zset-max-ziplist-value", "hll-sparse-max-bytes", "notify-keyspace-events", "maxmemory",
    "maxmemory-policy", "maxmemory-samples", "lazyfree-lazy-user-del", "lazyfree-lazy-user-flush",
    "lazyfree-lazy-expire", "lazyfree-lazy-eviction", "lazyfree-lazy-server-del", "proto-max-bulk-len", "locale-collate",
    "stream-node-max-bytes", "stream-node-max-entries",
}
START_OPTIONS = {"databases"}  # which Redis takes only at its start


class Node:
    """A redis-server of our own. `address`: a Unix socket's path, or (host, port)."""

    def __init__(self, command, folder, name="node", extra=()):
        self.folder = folder
        self.socket = f"{folder}/{name}.socket"
        self.port = free_ports(1)[0] if "{port}" in command else 0
        self.address = self.socket if "{socket}" in command else ("127.0.0.1", self.port)
        places = {"port": str(self.port), "dir": folder, "socket": self.socket}
        self.command = [placed(word, places) for word in shlex.split(command)] + list(extra)
        self.log = f"{folder}/{name}.log"
        self.process = self.control = None
        self.start()

    def start(self):
        with open(self.log, "ab") as log:
            # Should this program be killed, the kernel ends it.
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.command], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=self.folder)

    def wait_until_up(self):
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            client = None
            try:
                client = Client(self.address)
                if client.call(b"PING").kind == "status":
                    self.control = client
                    return
            except (OSError, Closed, NoReply):
                pass
            if client:
                client.close()
            select.select([], [], [], 0.005)
        raise RuntimeError(f"the upstream did not come up:\n{self.log_tail()}")

    def call(self, *words):
        return self.control.call(*words)

    def log_tail(self):
        with open(self.log, "rb") as file:
            return file.read()[-3000:].decode("utf-8", "replace")

    def stop(self):
        if self.control:
            self.control.close()
            self.control = None
        end(self.process)


class Upstream:
    """What a single redis-server and a cluster have in common. Options are as transcripts have them: --name value …"""

    def __init__(self, command, options=()):
        self.folder = tempfile.mkdtemp(prefix="upstream.")
        self.nodes = []
        try:
            named = by_name(options)
            self.start(command, [word for name in START_OPTIONS & named.keys() for word in ("--" + name, named[name])])
            self.version = version_of(self.nodes[0].control)
            self.defaults = self.data_options()
            for name in DATA_OPTIONS & named.keys():
                self.configure(name, named[name])
        except BaseException:
            self.stop()
            raise

    def configure(self, name, value):
        """CONFIG SET on every node; an option that this Redis does not know is left alone."""
        for node in self.nodes:
            node.call(b"CONFIG", b"SET", as_bytes(name), as_bytes(value))

    def data_options(self):
        told = [each.value for each in self.nodes[0].call(b"CONFIG", b"GET", b"*").value]
        return {name.decode(): value for name, value in zip(told[::2], told[1::2]) if name.decode() in DATA_OPTIONS}

    def mirror(self, words):
        """Does what a CONFIG SET of our server says about data."""
        for name, value in zip(words[2::2], words[3::2]):
            if name.decode("utf-8", "replace").lower() in DATA_OPTIONS:
                self.configure(name, value)

    def settle(self):
        """When this returns, what earlier commands made the upstream write has been written."""
        for node in self.nodes:
            if node.process.poll() is None:
                node.call(b"PING")

    def flush(self):
        for node in self.nodes:
            node.call(b"FLUSHALL")

    def blocked_clients(self):
        return sum(blocked_in(node.control) for node in self.nodes)

    def log_tail(self):
        return "\n".join(node.log_tail() for node in self.nodes)

    def renew(self):
        """Makes it as it was at its start, but for what only a start can change. False: it is not all there any more."""
        if any(node.process.poll() is not None for node in self.nodes):
            return False
        for node in self.nodes:
            for words in ((b"FLUSHALL",), (b"SCRIPT", b"FLUSH"), (b"CONFIG", b"RESETSTAT"), (b"DEBUG", b"SET-ACTIVE-EXPIRE", b"1")):
                node.call(*words)
        for name, value in self.defaults.items():
            self.configure(name, value)
        return True

    def stop(self):
        for node in self.nodes:
            node.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Single(Upstream):
    """One redis-server, over its Unix socket or TCP, as its command has it."""

    def start(self, command, extra):
        node = Node(command, self.folder, "upstream", extra)
        self.nodes.append(node)
        node.wait_until_up()
        self.url = f"redis+unix://{node.socket}" if node.address == node.socket else f"redis://127.0.0.1:{node.port}"
        self.address = node.address


class Cluster(Upstream):
    """`primaries` nodes that share the slots, each with `replicas` replicas, which follow the primaries in `nodes`."""

    primaries = 3
    replicas = 0

    def start(self, command, extra):
        count = self.primaries * (1 + self.replicas)
        buses = free_ports(count)
        command = command.replace("--port 0", "--port {port}").replace("--unixsocket {socket}", "")
        for number in range(count):
            more = [*CLUSTER_OPTIONS, "--cluster-config-file", f"nodes.{number}.conf", "--cluster-port",
                    str(buses[number]), "--appenddirname", f"appendonly.{number}", "--dbfilename", f"dump.{number}.rdb",
                    *self.options_of(number)]
            self.nodes.append(Node(command, self.folder, f"node{number}", more))
        for node in self.nodes:
            node.wait_until_up()
        self.join(buses)
        self.url = "redis+cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in self.nodes[:self.primaries])
        self.address = self.nodes[0].address

    def options_of(self, number):
        """What else that node is started with."""
        return []

    def join(self, buses):
        share = SLOTS // self.primaries
        for number, node in enumerate(self.nodes):
            expect_ok(node, b"CLUSTER", b"SET-CONFIG-EPOCH", b"%d" % (number + 1))
            if number < self.primaries:
                last = SLOTS - 1 if number == self.primaries - 1 else share * (number + 1) - 1
                expect_ok(node, b"CLUSTER", b"ADDSLOTSRANGE", b"%d" % (share * number), b"%d" % last)
            for other, bus in list(zip(self.nodes, buses))[:number]:
                expect_ok(node, b"CLUSTER", b"MEET", b"127.0.0.1", b"%d" % other.port, b"%d" % bus)
        for number, replica in enumerate(self.nodes[self.primaries:]):
            of = self.nodes[number % self.primaries].call(b"CLUSTER", b"MYID").value
            self.wait_for(lambda: replica.call(b"CLUSTER", b"REPLICATE", of).kind == "status", "a replica knows its primary")
        self.wait_for(self.is_ready, "the cluster is ready")

    def is_ready(self):
        wanted = {b"cluster_state:ok", b"cluster_slots_ok:%d" % SLOTS, b"cluster_known_nodes:%d" % len(self.nodes),
                  b"cluster_size:%d" % self.primaries}
        return all(wanted <= set(node.call(b"CLUSTER", b"INFO").value.split()) and
                   b"handshake" not in node.call(b"CLUSTER", b"NODES").value for node in self.nodes) and \
            all(b"master_link_status:up" in node.call(b"INFO", b"replication").value
                for node in self.nodes[self.primaries:])

    def wait_for(self, condition, what):
        deadline = time.monotonic() + START_LIMIT
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError(f"within {START_LIMIT} s it did not come about that {what}:\n{self.log_tail()}")
            select.select([], [], [], 0.01)


class ClusterWithReplicas(Cluster):
    replicas = 1


def expect_ok(node, *words):
    reply = node.call(*words)
    if reply.kind != "status":
        raise RuntimeError(f"{b' '.join(words).decode()}: {reply.value}")


def by_name(options):
    """`--name word word …` as a dictionary."""
    named = {}
    for word in options:
        if word.startswith("--"):
            values = named.setdefault(word[2:], [])
        else:
            values.append(word)
    return {name: " ".join(values) for name, values in named.items()}


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


KINDS = {"single": Single, "cluster": Cluster}


# ---- for the command lines of test programs

def add_options(parser):
    parser.add_argument("--upstream", help="how to start a real Redis behind the server, whose command has {upstream} for its URL")
    parser.add_argument("--tables", nargs="?", const="file", choices=("file", "servers"),
                        help="our server's backend keeps its data in tables: of a file, or of a database server")
    parser.add_argument("--cluster", action="store_true", help="the upstream is a cluster of three of them")
    parser.add_argument("--prefix", default="", help="the keys' prefix in the upstream's URL")


def start_upstreams(arguments, kinds=None, options=()):
    """Starts what the command line asks for, under the names in `kinds`; a dictionary for Server, empty without --upstream."""
    started = {}
    try:
        for name, kind in (kinds or {"upstream": "cluster" if arguments.cluster else "single"}).items():
            if arguments.upstream:
                started[name] = KINDS[kind](arguments.upstream, options)
                started[name].url += "?prefix=" + quote(arguments.prefix) if arguments.prefix else ""
        return started
    except BaseException:
        for each in started.values():
            each.stop()
        raise


def start_server(arguments, kinds=None, options=(), kind="ours"):
    """The server of --server, in front of an upstream where there is one (`kind` is then proxy)."""
    upstreams = start_upstreams(arguments, kinds, options)
    return Server(arguments.server, "proxy" if upstreams else kind, list(options), upstreams)


class Keeper:
    """Starts servers as start_server() does, one after another, all in front of the same cluster: its start takes long."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.kept = {}

    def start_server(self, kinds=None, options=(), kind="ours"):
        named = by_name(options)
        if not self.arguments.cluster or kinds or START_OPTIONS & named.keys():
            return start_server(self.arguments, kinds, options, kind)
        if not self.kept or not all(each.renew() for each in self.kept.values()):
            self.stop()
            self.kept = start_upstreams(self.arguments)
        for each in self.kept.values():
            for name in DATA_OPTIONS & named.keys():
                each.configure(name, named[name])
        return Server(self.arguments.server, "proxy", list(options), self.kept, keeps_upstreams=True)

    def stop(self):
        for each in self.kept.values():
            each.stop()
        self.kept = {}
