// SPDX-License-Identifier: Apache-2.0
//
// What geo.cpp and geo_search.cpp share: how positions, units and distances are read and replied.
#pragma once

#include "core/command/args.h"
#include "core/command/reply.h"
#include "core/commands/geohash.h"

namespace redipy {

class Store;

/// The longitude at argument i and the latitude after it; throws when they are no position.
Coordinates read_coordinates(const Args& args, size_t i);
/// Metres in a unit: m, km, ft, mi.
double read_unit(View text);
void reply_coordinate(Reply& reply, double value);
void reply_distance(Reply& reply, double value);

// --- geo_search.cpp
void georadius(Store& store, const Args& args, Reply& reply);
void georadius_ro(Store& store, const Args& args, Reply& reply);
void georadiusbymember(Store& store, const Args& args, Reply& reply);
void georadiusbymember_ro(Store& store, const Args& args, Reply& reply);
void geosearch(Store& store, const Args& args, Reply& reply);
void geosearchstore(Store& store, const Args& args, Reply& reply);

}  // namespace redipy
