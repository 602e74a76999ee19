#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docker/runtime-steps.sh SCRIPTS: the second stage of the image, before the binary comes in: the libraries that it needs
# (group runtime of SCRIPTS/packages), the user that it runs as, the folder that it may write to.

set -euo pipefail
source "$1/install.sh"
need runtime
rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb

useradd --system --user-group --home-dir /var/lib/redipy --shell /usr/sbin/nologin redipy
install -d --owner=redipy --group=redipy --mode=750 /var/lib/redipy
