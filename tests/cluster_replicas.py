#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Reads from replicas: our server in front of a cluster of three primaries with a replica each, once with ?read=replica
# and once without. Who was asked stands in the nodes' own INFO commandstats.
#
#   cluster_replicas.py --server "redipy-server --backend 'main {upstream}' --port 0 --unixsocket {socket} --dir {dir}"
#                       --upstream "redis-server --save '' --port 0 --unixsocket {socket} --dir {dir}"

import argparse
import re
import sys
import time

from transcripts.server import Client, Server
from transcripts.upstream import ClusterWithReplicas

KEYS = [b"key:%d" % number for number in range(60)]
LIMIT = 10


class Failed(Exception):
    """Something is not as it should be."""


def expect(condition, what):
    if not condition:
        raise Failed(what)


def calls(node, command):
    told = node.call(b"INFO", b"commandstats").value.decode()
    found = re.search(rf"cmdstat_{command}:calls=(\d+)", told)
    return int(found[1]) if found else 0


def wait_until_replicated(cluster):
    """Until each replica has what its primary has."""
    def sizes(nodes):
        return sorted(node.call(b"DBSIZE").value for node in nodes)

    def offsets(node):
        return int(re.search(rb"master_repl_offset:(\d+)", node.call(b"INFO", b"replication").value)[1])
    until = time.monotonic() + LIMIT
    while True:
        pairs = list(zip(cluster.nodes[:3], cluster.nodes[3:]))
        if all(offsets(primary) == offsets(replica) for primary, replica in pairs):
            expect(sizes(cluster.nodes[:3]) == sizes(cluster.nodes[3:]), "a replica lacks keys")
            return
        expect(time.monotonic() < until, "the replicas do not follow")
        time.sleep(0.01)


def reset_statistics(cluster):
    for node in cluster.nodes:
        node.call(b"CONFIG", b"RESETSTAT")


def asked(cluster, command):
    """How many calls primaries had, and replicas."""
    return tuple(sum(calls(node, command) for node in nodes) for nodes in (cluster.nodes[:3], cluster.nodes[3:]))


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
    expect(all(calls(node, "get") > 0 for node in cluster.nodes[3:]), "a replica was asked nothing")
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
    replica = cluster.nodes[3]
    replica.process.kill()
    replica.process.wait()
    for key in KEYS[1:]:
        expect(client.call(b"GET", key).value == b"of " + key, f"GET {key.decode()} without a replica")
    client.close()


def from_primaries(server, cluster):
    write_and_read(server, cluster).close()
    expect(asked(cluster, "get") == (len(KEYS), 0), f"GET was asked of primaries and replicas: {asked(cluster, 'get')}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--upstream", required=True)
    arguments = parser.parse_args()
    cluster = ClusterWithReplicas(arguments.upstream)
    plain = cluster.url
    failures = 0
    try:
        for options, check in (("", from_primaries), ("?read=replica", from_replicas)):
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
    print("reads go where they should" if not failures else f"{failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
