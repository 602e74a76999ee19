#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# What replicas are for: our server in front of a cluster of three primaries with a replica each, once with ?read=replica
# and once without. Who was asked stands in the nodes' own INFO commandstats. And when a replica takes over, clients
# that may have missed what the old primary told are disconnected, all others notice nothing.
#
#   cluster_replicas.py --server "redipy-server --backend 'main {upstream}' --port 0 --unixsocket {socket} --dir {dir}"
#                       --upstream "redis-server --save '' --port 0 --unixsocket {socket} --dir {dir}"

import argparse
import re
import sys
import time

from transcripts.server import Client, Closed, NoReply, Server
from transcripts.upstream import ClusterWithReplicas

KEYS = [b"key:%d" % number for number in range(60)]
LIMIT = 10


class Failed(Exception):
    """Something is not as it should be."""


def expect(condition, what):
    if not condition:
        raise Failed(what)


def by_role(cluster):
    """The primaries, and the replicas."""
    roles = {node: b"role:master" in node.call(b"INFO", b"replication").value for node in cluster.nodes}
    return [node for node in cluster.nodes if roles[node]], [node for node in cluster.nodes if not roles[node]]


def calls(node, command):
    told = node.call(b"INFO", b"commandstats").value.decode()
    found = re.search(rf"cmdstat_{command}:calls=(\d+)", told)
    return int(found[1]) if found else 0


def wait_until_replicated(cluster):
    """Until the replicas have what the primaries have."""
    def offsets(nodes):
        told = [node.call(b"INFO", b"replication").value for node in nodes]
        return sorted(int(re.search(rb"master_repl_offset:(\d+)", each)[1]) for each in told)
    until = time.monotonic() + LIMIT
    while True:
        primaries, replicas = by_role(cluster)
        if len(primaries) == 3 and offsets(primaries) == offsets(replicas):
            return
        expect(time.monotonic() < until, "the replicas do not follow")
        time.sleep(0.01)


def reset_statistics(cluster):
    for node in cluster.nodes:
        node.call(b"CONFIG", b"RESETSTAT")


def asked(cluster, command):
    """How many calls primaries had, and replicas."""
    return tuple(sum(calls(node, command) for node in nodes) for nodes in by_role(cluster))


def write_and_read(server, cluster):
    """Sets all keys and reads each; everything has to be there."""
    client = Client(server.socket)
    for key in KEYS:
        expect(client.call(b"SET", key, b"of " + key).value == b"OK", f"SET {key.decode()}")
    wait_until_replicated(cluster)
    reset_statistics(cluster)
    for key in KEYS:
        expect(client.call(b"GET", key).value == b"of " + key, f"GET {key.decode()}")
    return client


def from_replicas(server, cluster):
    client = write_and_read(server, cluster)
    expect(asked(cluster, "get") == (0, len(KEYS)), f"GET was asked of primaries and replicas: {asked(cluster, 'get')}")
    expect(all(calls(node, "get") > 0 for node in by_role(cluster)[1]), "a replica was asked nothing")
    many = client.call(b"MGET", *KEYS)
    expect([each.value for each in many.value] == [b"of " + key for key in KEYS], "MGET over all nodes")
    expect(asked(cluster, "mget")[0] == 0, "MGET was asked of a primary")
    expect(client.call(b"SET", KEYS[0], b"new").value == b"OK", "SET")
    expect(asked(cluster, "set")[0] == 1, "a write goes to the primary")
    # A transaction, even of reads, is the primary's.
    for words in ((b"MULTI",), (b"GET", KEYS[0])):
        client.call(*words)
    expect([each.value for each in client.call(b"EXEC").value] == [b"new"], "a transaction reads what was written")
    # Without its replica a primary answers for itself.
    replica = by_role(cluster)[1][0]
    replica.process.kill()
    replica.process.wait()
    for key in KEYS[1:]:
        expect(client.call(b"GET", key).value == b"of " + key, f"GET {key.decode()} without a replica")
    client.close()
    replica.start()
    replica.wait_until_up()


def from_primaries(server, cluster):
    write_and_read(server, cluster).close()
    expect(asked(cluster, "get") == (len(KEYS), 0), f"GET was asked of primaries and replicas: {asked(cluster, 'get')}")


def is_closed(client):
    """Whether it is, after what may be said before."""
    try:
        while True:
            client.any_reply(LIMIT)
    except Closed:
        return True
    except NoReply:
        return False


def wait_until_all_follow(cluster):
    until = time.monotonic() + LIMIT
    while sum(b"master_link_status:up" in node.call(b"INFO", b"replication").value for node in cluster.nodes) < 3:
        expect(time.monotonic() < until, "a replica does not follow")
        time.sleep(0.01)
    wait_until_replicated(cluster)


def fail_over(cluster, replica):
    """Has it take over, and waits until its old primary follows."""
    wait_until_all_follow(cluster)
    expect(replica.call(b"CLUSTER", b"FAILOVER").value == b"OK", "CLUSTER FAILOVER")
    until = time.monotonic() + LIMIT
    while b"role:master" not in replica.call(b"INFO", b"replication").value:
        expect(time.monotonic() < until, f"no failover:\n{replica.log_tail()}")
        time.sleep(0.01)
    wait_until_all_follow(cluster)


def taking_over(server, cluster):
    tracks, reads, listens = Client(server.socket, 3), Client(server.socket), Client(server.socket)
    expect(tracks.call(b"CLIENT", b"TRACKING", b"ON").value == b"OK", "CLIENT TRACKING")
    expect(tracks.call(b"GET", KEYS[0]).kind == "string", "GET of one that tracks")
    listens.call(b"PSUBSCRIBE", b"__keyevent@0__:*")
    fail_over(cluster, by_role(cluster)[1][1])
    for key in KEYS:
        expect(reads.call(b"SET", key, b"of " + key).value == b"OK", f"SET {key.decode()}")
        expect(reads.call(b"GET", key).value == b"of " + key, f"GET {key.decode()}")
    expect(is_closed(tracks), "a client that tracks is not told that it may have missed something")
    expect(is_closed(listens), "a client that hears events is not told that it may have missed something")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--upstream", required=True)
    arguments = parser.parse_args()
    cluster = ClusterWithReplicas(arguments.upstream)
    plain = cluster.url
    failures = 0
    try:
        for options, check in (("", from_primaries), ("?read=replica", from_replicas), ("", taking_over)):
            cluster.url = plain + options
            server = Server(arguments.server, "proxy", [], {"upstream": cluster}, keeps_upstreams=True)
            try:
                check(server, cluster)
            except Failed as failed:
                failures += 1
                print(f"{check.__name__}: {failed}")
            finally:
                if not server.stop():
                    failures += 1
                    print(f"the server ended badly:\n{server.last_words}")
    finally:
        cluster.stop()
    print("all is as it should be" if not failures else f"{failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
