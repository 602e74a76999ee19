#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Breaks the upstream of our server, and the network before it, again and again, while clients work and look at each
# reply: none may be wrong, another's, doubled or missing, no acknowledged write may be lost, every request is answered or
# its connection closed in time, and soon after the upstream's return there are no more errors.
#
#   faults.py --server "redipy-server --backend 'main {upstream}' --unixsocket {socket} --port 0 --dir {dir}" --faults 1000 --seed 7
#
# --cluster      a cluster of three primaries and three replicas: failovers, moving slots
# no --server    the clients work with Redis through the breakable network, without us: this tries the tests themselves
# --mischief M   the network does what none does (swap, double, lose, cross); the clients must notice
# --self-test    both: a few faults without us, then every mischief, which has to be found
#
# The pieces, in breaking/: clients.py and models.py what is asked and known, kinds.py the faults, sites.py what is
# started, relay.py the network, world.py what they share. A seed draws the same faults and requests, not the same moments.

import argparse
import random
import statistics
import sys
import time

from breaking.clients import CheckingClient
from breaking.kinds import CLUSTER_KINDS, KINDS, PLAIN_KINDS
from breaking.sites import ClusterSite, Site
from breaking.world import World

MISCHIEF = ("swap", "double", "lose", "cross")


def options_from(arguments):
    parser = argparse.ArgumentParser(description="Checks what clients see while the upstream of the server breaks.")
    parser.add_argument("--server", help="how to start it; {upstream}, {socket} and {dir} are replaced")
    parser.add_argument("--redis", default="redis-server", help="the upstream's program")
    parser.add_argument("--cluster", action="store_true")
    parser.add_argument("--faults", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--kinds", help="of " + ", ".join({**KINDS, **CLUSTER_KINDS}))
    parser.add_argument("--recovery", type=float, default=1.0, help="seconds after the upstream's return without errors")
    parser.add_argument("--limit", type=float, default=10.0, help="seconds within which a request is answered")
    parser.add_argument("--mischief", choices=MISCHIEF)
    parser.add_argument("--self-test", action="store_true")
    return parser.parse_args(arguments)


def run(options):
    """Gives the failures."""
    every = CLUSTER_KINDS if options.cluster else KINDS if options.server else PLAIN_KINDS
    kinds = [every[name] for name in options.kinds.split(",")] if options.kinds else list(every.values())
    site = (ClusterSite if options.cluster else Site)(options.server, options.redis, options.seed)
    settings = {"graphs": bool(options.server), "proxied": bool(options.server), "cluster": options.cluster,
                "clients": options.clients}
    world = site.world = World(site.address, options.recovery, options.limit, settings)
    clients = [CheckingClient(world, number, options.seed) for number in range(options.clients)]
    done = 0
    began = time.monotonic()
    try:
        for client in clients:
            client.start()
        time.sleep(0.5)
        if options.mischief:
            site.relay.order(options.mischief)
            site.relay.wait_for(options.mischief, 10)
            world.stopped.wait(2)
        else:
            done = break_things(site, world, kinds, options.faults)
            world.stopped.wait(options.recovery + 0.5)  # in which there may be no errors
    except Exception as error:
        world.fail(f"fault {done + 1}: {type(error).__name__}: {error}")
        raise
    finally:
        world.stopped.set()
        for client in clients:
            client.join(2 * options.limit)
            if client.is_alive():
                world.fail(f"client {client.number} still waits")
        world.remember_recovery()
        said = site.stop()
        if said:
            world.failures.append(said)
        report(options, world, done, time.monotonic() - began)
    return world.failures


def break_things(site, world, kinds, count):
    for number in range(count):
        kind = site.chance.choice(kinds)
        world.counts["fault: " + kind.__name__] += 1
        world.kind = kind.__name__
        kind(site)
        # Mostly at once the next; sometimes so late that what is not mended by then is noticed.
        pause = site.chance.choice((0, 0.1, 0.3, world.recovery + 0.3))
        if world.stopped.wait(pause):
            return number
    return count


def report(options, world, done, seconds):
    print(f"seed {options.seed}: {done} faults, {world.counts.pop('replies', 0)} replies to {options.clients} clients in "
          f"{seconds:.0f} s, {len(world.failures)} failures")
    if world.late:
        print(f"last error after the upstream's return: median {statistics.median(world.late) * 1000:.0f} ms, "
              f"longest {max(world.late) * 1000:.0f} ms")
    print("  " + ", ".join(f"{name} {count}" for name, count in sorted(world.counts.items())))
    for failure in world.failures[:5]:
        print(failure)
    if world.failures:
        print("broken last: " + ", ".join(f"{kind} {began:.3f} to {ended:.3f}" for kind, began, ended in world.faults))
    sys.stdout.flush()


def self_test(options):
    """What must not be found without us, and what must be found."""
    missed = []
    options.server = None
    if run(options):
        missed.append("plain Redis fails")
    for mischief in MISCHIEF:
        options.mischief = mischief
        if run(options):
            print(f"{mischief}: was noticed, as it should be\n")
        else:
            missed.append(f"{mischief} was not noticed")
    return missed


def main():
    options = options_from(sys.argv[1:])
    found = self_test(options) if options.self_test else run(options)
    if options.self_test:
        print("\n".join(found) or "all is noticed that has to be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
