#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# docker/build-steps.sh SOURCE INSTALL: the first stage of the image. Builds the release from SOURCE and lays what the
# image needs of it under INSTALL. docker/try-in-root.sh runs the same in a plain Debian root.

set -euo pipefail
source_folder=$1
install_folder=$2
cd "$source_folder"

source scripts/install.sh
need build
cmake -S . -B build/image -G Ninja -D CMAKE_BUILD_TYPE=Release -D "CMAKE_CXX_FLAGS_RELEASE=-O2 -g1 -DNDEBUG" \
  -D REDIPY_TESTS=OFF -D REDIPY_BENCH=OFF
cmake --build build/image --target redipy-server

install -D --strip build/image/redipy-server "$install_folder/usr/bin/redipy-server"
install -D --strip --mode=644 --target-directory="$install_folder/usr/lib/redipy" build/image/redipy_sql_*.so
install -D --mode=644 conf/redipy.conf "$install_folder/etc/redipy/redipy.conf"
install -D --mode=644 docker/container.conf "$install_folder/etc/redipy/container.conf"
install -D --mode=644 LICENSE "$install_folder/usr/share/doc/redipy-server/LICENSE"
