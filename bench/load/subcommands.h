// SPDX-License-Identifier: Apache-2.0
//
// What redipy-load can do, a function each. All print one line of JSON, and throw when they could not measure.
#pragma once

#include "bench/load/options.h"
#include "bench/load/socket.h"

namespace redipy::bench {

// --port N or --unix PATH. Throws std::invalid_argument when neither is given.
Address address_of(Options& options);

// Sends a pattern of requests a fixed number of times. With --pid, after a warm-up and once the server has come to
// rest, it tells the server's CPU time per operation too.
void send(Options& options);

// PINGs on a connection of its own, one after another, while a program runs; tells the longest round trips.
void probe(Options& options);

// Starts a server and tells the time to its first PONG; keeps it until standard input ends.
void start(Options& options);

// Opens connections, PINGs once on each, and keeps them until standard input ends.
void idle(Options& options);

}  // namespace redipy::bench
