# SPDX-License-Identifier: Apache-2.0
#
# Where faults happen: the upstream that is started, the breakable network before it, and our server, or none.

import os
import random
import subprocess
import sys
import threading
import time

from transcripts.server import TIMEOUT, Server
from transcripts.slots import slot_of
from transcripts.upstream import ClusterWithReplicas, Single

# Every write is in the file before it is acknowledged, so it outlives a SIGKILL; a crash of the machine is not tried.
UPSTREAM_OPTIONS = ("--port {port} --dir {dir} --save '' --appendonly yes --appendfsync no --enable-debug-command yes "
                    "--repl-timeout 60 --loglevel warning --user proxy on '>secret' '~*' '&*' '+@all'")
PASSWORD = "secret"  # of the user in those options, whom a restart brings back


class Relay:
    """The program relay.py."""

    def __init__(self, port):
        command = [sys.executable, os.path.join(os.path.dirname(__file__), "relay.py"), str(port)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.told = set()
        self.news = threading.Condition()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            with self.news:
                self.told.add(line.strip())
                self.news.notify_all()

    def order(self, *words):
        self.told.discard(words[0])
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def wait_for(self, word, seconds):
        with self.news:
            return self.news.wait_for(lambda: word in self.told, seconds)

    def heal(self):
        """When this returns nothing is cut any more."""
        self.order("heal")
        if not self.wait_for("heal", 10):
            raise RuntimeError("the network does not heal")

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)


class Site:
    """One Redis behind a relay; with `server` (its command), our server before them."""

    user = "proxy"
    is_cluster = False

    def __init__(self, server, redis, seed):
        self.chance = random.Random(seed)
        self.server = self.relay = self.world = None
        self.upstream = self.start_upstream(f"{redis} {UPSTREAM_OPTIONS}")
        try:
            self.put_between(server)
        except BaseException:
            self.stop()
            raise

    def start_upstream(self, command):
        return Single(command)

    def put_between(self, server):
        node = self.upstream.nodes[0]
        self.relay = Relay(node.port)
        self.address = ("127.0.0.1", self.relay.port)
        if server:
            self.upstream.url = f"redis://{self.user}:{PASSWORD}@127.0.0.1:{self.relay.port}?timeout=1s"
            self.server = Server(server, "proxy", [], {"upstream": self.upstream})
            self.address = self.server.socket

    def allow(self, node):
        """Gives our user back what `revoke` has taken."""
        node.call(b"ACL", b"SETUSER", self.user.encode(), b"on", b">" + PASSWORD.encode(), b"~*", b"&*", b"+@all")

    def any_node(self):
        return self.chance.choice(self.upstream.nodes)

    def stop(self):
        """Ends all of it; None, or how our server ended badly."""
        words = None
        if self.server:
            if not self.server.stop():
                words = f"the server ended badly:\n{self.server.last_words}"
        else:
            self.upstream.stop()
        if self.relay:
            self.relay.stop()
        return words


class ClusterSite(Site):
    """Three primaries with a replica each."""

    is_cluster = True

    def start_upstream(self, command):
        return ClusterWithReplicas(command)

    def put_between(self, server):
        self.upstream.url += "?timeout=1s"
        self.server = Server(server, "proxy", [], {"upstream": self.upstream})
        self.address = self.server.socket

    def primaries(self):
        return [node for node in self.upstream.nodes if b"role:master" in node.call(b"INFO", b"replication").value]

    def replicas(self):
        return [node for node in self.upstream.nodes if b"role:slave" in node.call(b"INFO", b"replication").value]

    def some_slot(self):
        return slot_of(b"{c%d}" % self.chance.randrange(self.world.settings["clients"]))

    def owner_of(self, slot):
        for first, last, primary, *_ in (row.value for row in self.primaries()[0].call(b"CLUSTER", b"SLOTS").value):
            if first.value <= slot <= last.value:
                port = primary.value[1].value
                return next(node for node in self.upstream.nodes if node.port == port)
        raise RuntimeError(f"slot {slot} belongs to nobody")

    def wait_until_replicated(self, primary):
        def offsets():
            lines = primary.call(b"INFO", b"replication").value.split()
            mine = next(int(line[19:]) for line in lines if line.startswith(b"master_repl_offset:"))
            theirs = [int(line.split(b"offset=")[1].split(b",")[0]) for line in lines if line.startswith(b"slave")]
            return [mine] == theirs
        self.wait_for(offsets, "a replica has all of its primary's writes")

    def wait_until_ready(self, without=None):
        """Until all nodes agree who has which slots, and every replica follows."""
        nodes = [node for node in self.upstream.nodes if node is not without]

        def agreed():
            infos = [node.call(b"CLUSTER", b"INFO").value for node in nodes]
            if not all(b"cluster_state:ok" in info and b"cluster_slots_ok:16384" in info for info in infos):
                return False
            owners = [sorted((row.value[0].value, row.value[1].value, row.value[2].value[1].value)
                             for row in node.call(b"CLUSTER", b"SLOTS").value) for node in nodes]
            roles = [node.call(b"INFO", b"replication").value for node in nodes]
            primaries = {node.port for node, role in zip(nodes, roles) if b"role:master" in role}
            return all(each == owners[0] for each in owners) and len(primaries) == 3 and \
                primaries == {port for _, _, port in owners[0]} and \
                all(b"master_link_status:up" in role for role in roles if b"role:slave" in role)
        self.wait_for(agreed, "the cluster is one again")

    def wait_for(self, condition, what):
        until = time.monotonic() + max(TIMEOUT, 30)
        while not condition():
            if time.monotonic() > until:
                raise RuntimeError(f"it did not come about that {what}:\n{self.upstream.log_tail()}")
            time.sleep(0.02)
