#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# Runs a test program that knows nothing of upstreams on our server in front of one:
#
#   with_upstream.py --upstream 'redis-server …' -- redis_cli.py --server "redipy-server --backend 'main {upstream}'"
#
# starts the real Redis (with --cluster three of them), puts its URL in the place of {upstream}, runs the program, and ends
# as it does.

import argparse
import subprocess
import sys

from transcripts.server import placed
from transcripts.upstream import add_options, start_upstreams


def main():
    parser = argparse.ArgumentParser()
    add_options(parser)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    upstreams = start_upstreams(arguments)
    places = {name: each.url for name, each in upstreams.items()}
    try:
        return subprocess.run([sys.executable, *(placed(word, places) for word in arguments.command)]).returncode
    finally:
        for each in upstreams.values():
            each.stop()


if __name__ == "__main__":
    sys.exit(main())
