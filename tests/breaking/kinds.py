# SPDX-License-Identifier: Apache-2.0
#
# The faults. Each is a function that breaks something of a site (sites.py), lets it be broken for a while, and returns
# when the upstream answers again; what it does is drawn from `site.chance`. To add one, write it and list it below.

import signal
import time

from transcripts.server import Client


def log_uniform(chance, low, high):
    return low * (high / low) ** chance.random()


# ---- one Redis

def kill(site):
    """The upstream dies, and comes back with its data."""
    node = site.any_node()
    with site.world.fault():
        node.process.kill()
        node.process.wait()
        time.sleep(site.chance.choice((0, 0.01, 0.3)))
        node.start()
        node.wait_until_up()


def pause(site):
    """The upstream stands still: shorter than requests may take, or longer."""
    node = site.any_node()
    with site.world.fault():
        node.process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(log_uniform(site.chance, 0.02, 1.5))
        finally:
            node.process.send_signal(signal.SIGCONT)
        node.call(b"PING")


def debug_sleep(site):
    """The same, by a command that takes long."""
    node = site.any_node()
    with site.world.fault():
        sleeper = Client(node.address)
        sleeper.call(b"DEBUG", b"SLEEP", b"%.3f" % log_uniform(site.chance, 0.02, 1))
        sleeper.close()


def kill_clients(site):
    """CLIENT KILL of some or all of our connections."""
    node = site.any_node()
    with site.world.fault():
        lines = node.call(b"CLIENT", b"LIST", b"TYPE", b"normal").value.splitlines()
        own = str(node.call(b"CLIENT", b"ID").value).encode()
        ids = [line.split()[0][3:] for line in lines]
        share = site.chance.choice((0, 0.3, 1))
        ids = [each for each in ids if each != own and site.chance.random() <= share] or ids[:1]
        for each in ids:
            if each != own:
                node.call(b"CLIENT", b"KILL", b"ID", each)


def cut(site):
    """The network ends a connection in the middle of a reply, or of a request."""
    word = site.chance.choice(("cut", "cut", "cut-up"))
    with site.world.fault():
        site.relay.order(word, int(log_uniform(site.chance, 1, 100_000)))
        site.relay.wait_for(word, 2)
        site.relay.heal()


def hang(site):
    """The network carries nothing any more on a connection, without its end."""
    with site.world.fault():
        site.relay.order("hang", int(log_uniform(site.chance, 1, 100_000)))
        if site.relay.wait_for("hang", 2):
            time.sleep(log_uniform(site.chance, 0.02, 1.5))
        site.relay.heal()


def revoke(site):
    """Our user may do nothing any more, or not log in."""
    node = site.any_node()
    user = site.user.encode()
    with site.world.fault():
        if site.chance.random() < 0.5:
            node.call(b"ACL", b"SETUSER", user, b"-@all")
        else:
            node.call(b"ACL", b"SETUSER", user, site.chance.choice((b"off", b"resetpass")))
            node.call(b"CLIENT", b"KILL", b"USER", user)
        time.sleep(log_uniform(site.chance, 0.02, 1))
        site.allow(node)


def flush_scripts(site):
    """Nobody may notice this."""
    site.any_node().call(b"SCRIPT", b"FLUSH")
    time.sleep(0.05)


def make_replica(site):
    """The upstream refuses writes for a while, for it follows somebody else."""
    node = site.any_node()
    with site.world.fault():
        node.call(b"REPLICAOF", b"127.0.0.1", b"1")
        time.sleep(log_uniform(site.chance, 0.02, 0.5))
        node.call(b"REPLICAOF", b"NO", b"ONE")


# ---- a cluster

def failover(site):
    """A replica takes over from a primary that lives, without loss. The primary lets nobody write meanwhile: mostly for
    some milliseconds, but while the others do not vote for five seconds, after which the cluster gives it up."""
    replica = site.chance.choice(site.replicas())
    with site.world.fault():
        began = time.monotonic()
        replica.call(b"CLUSTER", b"FAILOVER")
        while b"role:master" not in replica.call(b"INFO", b"replication").value and time.monotonic() < began + 6:
            time.sleep(0.01)
        site.wait_until_ready()


def kill_primary(site):
    """A primary dies, its replica takes over; it comes back as a replica. What was acknowledged was replicated: the
    primary lets nobody write for the last moment."""
    primary = site.chance.choice(site.primaries())
    with site.world.fault():
        primary.call(b"CLIENT", b"PAUSE", b"20000", b"WRITE")
        site.wait_until_replicated(primary)
        primary.process.kill()
        primary.process.wait()
        site.wait_until_ready(without=primary)
        primary.start()
        primary.wait_until_up()
        site.wait_until_ready()


def migrate_slot(site):
    """The slot of some client's keys moves to another node, while that client works with them."""
    slot = site.some_slot()
    source = site.owner_of(slot)
    target = site.chance.choice([each for each in site.primaries() if each is not source])
    ids = {node: node.call(b"CLUSTER", b"MYID").value for node in (source, target)}
    number = b"%d" % slot
    with site.world.fault():  # what asks for several keys of the slot may be told TRYAGAIN
        target.call(b"CLUSTER", b"SETSLOT", number, b"IMPORTING", ids[source])
        source.call(b"CLUSTER", b"SETSLOT", number, b"MIGRATING", ids[target])
        while keys := source.call(b"CLUSTER", b"GETKEYSINSLOT", number, b"3").value:
            moved = source.call(b"MIGRATE", b"127.0.0.1", b"%d" % target.port, b"", b"0", b"5000", b"KEYS",
                                *(key.value for key in keys))
            if moved.kind == "error":
                raise RuntimeError(f"MIGRATE: {moved.value}")
        for node in (target, source):
            node.call(b"CLUSTER", b"SETSLOT", number, b"NODE", ids[target])
        site.wait_until_ready()


KINDS = {each.__name__: each for each in (kill, pause, debug_sleep, kill_clients, cut, hang, revoke, flush_scripts, make_replica)}
# What a plain client, without our server between, can be expected to stand.
PLAIN_KINDS = {name: each for name, each in KINDS.items() if each is not revoke}
CLUSTER_KINDS = {each.__name__: each
                 for each in (failover, migrate_slot, migrate_slot, kill_primary, pause, kill_clients, debug_sleep, flush_scripts)}
