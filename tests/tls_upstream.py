#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Upstreams by TLS: a Redis and a cluster, with certificates that we make, behind rediss:// and rediss+cluster://. Whom our
# server trusts is tried with certificates of a known authority, of another one, for another name, and with none.
#
#   tls_upstream.py --server "redipy-server --port 0 --unixsocket {socket} --dir {dir}"
#                   --upstream "redis-server --save '' --port 0 --unixsocket {socket} --dir {dir}"
#
# Each case is a function that is handed a Bench; it adds backends to our server while that runs, so one is enough.

import argparse
import contextlib
import itertools
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlencode

from transcripts.server import Client, Server
from transcripts.ports import free_ports
from transcripts.upstream import Cluster, Single

LIMIT = 10


class Failed(Exception):
    """Something is not as it should be."""


def expect(condition, what):
    if not condition:
        raise Failed(what)


class Certificate:
    """Files of a certificate and its key. Without `signed_by` an authority's own."""

    def __init__(self, folder, name, signed_by=None, names=""):
        self.file, self.key = f"{folder}/{name}.crt", f"{folder}/{name}.key"
        signer = ["-CA", signed_by.file, "-CAkey", signed_by.key] if signed_by else []
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                               "-days", "2", "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.file, *signer,
                               *(["-addext", f"subjectAltName={names}"] if names else [])], capture_output=True, text=True)
        if made.returncode != 0:
            raise RuntimeError(f"openssl: {made.stderr}")


class Bench:
    """What all cases share: who trusts whom, and our server with a connection to it."""

    def __init__(self, arguments, folder):
        self.upstream = arguments.upstream
        self.authority, self.stranger = Certificate(folder, "authority"), Certificate(folder, "stranger")
        self.certificate = Certificate(folder, "server", self.authority, "DNS:localhost,IP:127.0.0.1")
        self.named = Certificate(folder, "named", self.authority, "DNS:redis.example")
        self.known = Certificate(folder, "client", self.authority)
        self.unknown = Certificate(folder, "intruder", self.stranger)
        self.server = Server(arguments.server, "ours", [])
        self.client = Client(self.server.socket)
        self.numbers = itertools.count(1)

    @contextlib.contextmanager
    def redis(self, certificate=None, asks_clients=False):
        """A Redis that takes TLS; its control connection is its Unix socket."""
        started = Single(f"{self.upstream} --tls-port {{port}} {self.options(certificate or self.certificate)} "
                         f"--tls-auth-clients {'yes' if asks_clients else 'no'}")
        try:
            yield started.nodes[0]
        finally:
            started.stop()

    def options(self, certificate):
        return f"--tls-cert-file {certificate.file} --tls-key-file {certificate.key} --tls-ca-cert-file {self.authority.file}"

    def add(self, where, scheme="rediss", **options):
        """A backend there; gives the beginning of the names of its keys. Raises Failed where it is refused."""
        name = f"b{next(self.numbers)}"
        options = {each.replace("_", "-"): value for each, value in options.items()}
        for words in (("ADD", name, f"{scheme}://{where}?{urlencode({'timeout': '5s', **options})}"), ("ROUTE", f"{name}:*", name)):
            reply = self.client.call(b"BACKEND", *(word.encode() for word in words))
            expect(reply.kind == "status", f"BACKEND {words[0]}: {reply.value}")
        return f"{name}:".encode()

    def works(self, where, **options):
        """That requests come through; gives the beginning of the names of the backend's keys."""
        start = self.add(where, **options)
        reply = self.client.call(b"SET", start + b"key", b"value")
        expect(reply.value == b"OK", f"SET by {where} with {options}: {reply.value}")
        expect(self.client.call(b"GET", start + b"key").value == b"value", "GET")
        return start

    def is_refused(self, where, why, **options):
        """That no request comes through, for a reason in which one of these words stands."""
        start = self.add(where, **options)
        began = time.monotonic()
        reply = self.client.call(b"SET", start + b"key", b"value")
        expect(reply.kind == "error" and reply.value.startswith(b"UPSTREAM"), f"SET by {where} with {options}: {reply.value}")
        expect(any(word in reply.value.lower() for word in why), f"by {where} with {options}: {reply.value}")
        expect(time.monotonic() - began < LIMIT / 2, f"by {where} with {options} it took long")

    def close(self):
        self.client.close()
        return self.server.stop()


def the_certificate_is_checked(bench):
    with bench.redis() as redis:
        where, authority = f"localhost:{redis.port}", bench.authority.file
        bench.is_refused(where, [b"certificate"])
        bench.is_refused(where, [b"certificate"], cacert=bench.stranger.file)
        bench.works(where, cacert=authority)
        bench.works(f"127.0.0.1:{redis.port}", cacert=authority)
        bench.works(where, tls_verify="no")
        bench.is_refused(where, [b"hostname"], cacert=authority, sni="redis.example")


def the_certificate_is_for_a_name(bench):
    with bench.redis(bench.named) as redis:
        for host in ("localhost", "127.0.0.1"):
            where = f"{host}:{redis.port}"
            bench.is_refused(where, [b"hostname", b"ip address"], cacert=bench.authority.file)
            bench.works(where, cacert=bench.authority.file, sni="redis.example")
            bench.works(where, cacert=bench.authority.file, tls_verify="no")


def the_upstream_asks_for_a_certificate(bench):
    with bench.redis(asks_clients=True) as redis:
        where, authority = f"localhost:{redis.port}", bench.authority.file
        # Its reason is lost where the end of the connection overtakes it.
        bench.is_refused(where, [b"certificate", b"reset"], cacert=authority)
        bench.is_refused(where, [b"unknown ca", b"certificate", b"reset"], cacert=authority, cert=bench.unknown.file, key=bench.unknown.key)
        bench.works(where, cacert=authority, cert=bench.known.file, key=bench.known.key)


def files_that_are_no_good(bench):
    """The backend is not added."""
    for option, file in (("cacert", "/nowhere.crt"), ("cacert", bench.known.key)):
        try:
            bench.add("localhost:1", **{option: file})
        except Failed as why:
            expect(file in str(why), f"the file is not named: {why}")
        else:
            raise Failed(f"{option}={file} was taken")
    for cert, key in ((bench.known.file, bench.unknown.key), (bench.known.file, "/nowhere.key"), ("/nowhere.crt", bench.known.key)):
        try:
            bench.add("localhost:1", cert=cert, key=key)
        except Failed:
            continue
        raise Failed(f"cert={cert}&key={key} was taken")


def the_other_side_speaks_otherwise(bench):
    """TLS where the upstream does not, and the other way round: an error, soon."""
    with bench.redis() as redis:
        bench.is_refused(f"localhost:{redis.port}", [b"no reply", b"closed", b"no answer", b"reset", b"greeting"], scheme="redis",
                         connect_timeout="1s")
    plain = Single(bench.upstream.replace("--port 0", "--port {port}"))
    try:
        bench.is_refused(f"localhost:{plain.nodes[0].port}", [b"no answer"], cacert=bench.authority.file,
                         connect_timeout="1s")
    finally:
        plain.stop()


def much_goes_through(bench):
    """Values larger than any record or buffer, long pipelines, what waits and what is told, in both protocols."""
    with bench.redis() as redis:
        start = bench.works(f"localhost:{redis.port}", cacert=bench.authority.file)
        for resp in (2, 3):
            client, other = Client(bench.server.socket, resp), Client(bench.server.socket, resp)
            for size in (16_384, 100_000, 5_000_000):
                value = bytes(range(256)) * (size // 256)
                expect(client.call(b"SET", start + b"large", value).value == b"OK", f"SET of {size}")
                expect(client.call(b"GET", start + b"large").value == value, f"GET of {size}")
            client.call(b"DEL", start + b"count")
            for _ in range(5000):
                client.send(b"INCR", start + b"count")
            expect([client.reply().value for _ in range(5000)] == list(range(1, 5001)), "a long pipeline")
            client.send(b"BLPOP", start + b"list", b"5")
            expect(other.call(b"RPUSH", start + b"list", b"element").kind == "integer", "RPUSH")
            expect([each.value for each in client.reply().value] == [start + b"list", b"element"], "BLPOP")
            client.call(b"MULTI")
            client.call(b"INCR", start + b"count")
            expect([each.value for each in client.call(b"EXEC").value] == [5001], "EXEC")
            client.close()
            other.close()


def it_is_connected_anew(bench):
    with bench.redis() as redis:
        start = bench.works(f"localhost:{redis.port}", cacert=bench.authority.file)
        for _ in range(3):
            redis.call(b"CLIENT", b"KILL", b"TYPE", b"normal", b"SKIPME", b"yes")
            expect(bench.client.call(b"GET", start + b"key").value == b"value", "GET after a loss")


def a_cluster(bench):
    class TlsCluster(Cluster):
        def options_of(self, number):
            return [*bench.options(bench.certificate).split(), "--tls-auth-clients", "no", "--tls-cluster", "yes", "--tls-port",
                    str(ports[number])]

    ports = free_ports(Cluster.primaries)
    cluster = TlsCluster(bench.upstream)
    try:
        where = ",".join(f"localhost:{port}" for port in ports)
        bench.is_refused(where, [b"certificate"], scheme="rediss+cluster", timeout="1s")
        start = bench.works(where, scheme="rediss+cluster", cacert=bench.authority.file)
        for number in range(100):
            key = start + b"%d" % number
            expect(bench.client.call(b"SET", key, key).value == b"OK", "SET in a cluster")
        expect([each.value for each in bench.client.call(b"MGET", *(start + b"%d" % n for n in range(100))).value] ==
               [start + b"%d" % n for n in range(100)], "MGET over all nodes")
        used = [node.call(b"DBSIZE").value for node in cluster.nodes]
        expect(all(used), f"keys of the nodes: {used}")
    finally:
        cluster.stop()


CASES = (the_certificate_is_checked, the_certificate_is_for_a_name, the_upstream_asks_for_a_certificate,
         files_that_are_no_good, the_other_side_speaks_otherwise, much_goes_through, it_is_connected_anew, a_cluster)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--case", help="only those whose names have this in them")
    arguments = parser.parse_args()
    failures = []
    with tempfile.TemporaryDirectory(prefix="tls.") as folder:
        bench = Bench(arguments, folder)
        for case in CASES:
            if arguments.case and arguments.case not in case.__name__:
                continue
            try:
                case(bench)
            except Failed as failed:
                failures.append(f"{case.__name__}: {failed}")
        if not bench.close():
            failures.append(f"the server ended badly:\n{bench.server.last_words}")
    print("\n".join(failures) or "all is as it should be")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
