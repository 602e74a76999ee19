# SPDX-License-Identifier: Apache-2.0
#
# TCP ports for servers that must be told theirs. A port is claimed until the program ends, by a name in the abstract
# namespace of Unix sockets, so that no other test that runs at the same time takes it before its server listens. They lie
# below the range from which the system gives ports to connections.

import errno
import random
import socket

LOWEST, HIGHEST = 12000, 32000

_claims = []


def free_ports(count):
    """Different ports on which nobody listens, and which no other test has claimed."""
    return [_free_port() for _ in range(count)]


def _free_port():
    for port in random.SystemRandom().sample(range(LOWEST, HIGHEST), HIGHEST - LOWEST):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            claim.bind(f"\0redipy-server.tests.port.{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError as error:
            claim.close()
            if error.errno != errno.EADDRINUSE:
                raise
            continue
        _claims.append(claim)
        return port
    raise RuntimeError("no port is free")
