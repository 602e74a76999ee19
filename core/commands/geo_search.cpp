// SPDX-License-Identifier: Apache-2.0
//
// GEOSEARCH, GEOSEARCHSTORE and the older GEORADIUS commands: each reads its way of saying where, how far and what to
// show into one Search, which is then run in one place. As a member may be the centre, reading needs the set.
#include <algorithm>
#include <limits>
#include <vector>

#include "core/commands/geo.h"
#include "core/commands/sorted_sets.h"
#include "core/store/store.h"

namespace redipy {

namespace {

enum class Sorting : uint8_t { none, nearest_first, farthest_first };

struct Search {
  const SortedSet* set = nullptr;
  GeoArea area;
  double unit = 1;  // metres
  bool with_coordinates = false, with_distance = false, with_hash = false;
  bool any = false;  // the first found will do, not the nearest
  size_t count = 0;  // 0: all
  Sorting sorting = Sorting::none;
  std::optional<View> destination;
  bool store_distance = false;

  bool shows_more() const { return with_coordinates || with_distance || with_hash; }
};

struct Found {
  View member;
  double score;
  double distance;
  Coordinates at;
};

// --- reading

Coordinates position_of(const SortedSet& set, View member) {
  const auto score = set.score(member);
  if (!score) throw CommandError("ERR could not decode requested zset member");
  return geo_coordinates(*score);
}

/// `radius unit` at argument i.
void read_circle(const Args& args, size_t i, Search& search) {
  const double radius = args.number(i, "ERR need numeric radius");
  if (radius < 0) throw CommandError("ERR radius cannot be negative");
  search.unit = read_unit(args[i + 1]);
  search.area.is_box = false;
  search.area.radius = radius * search.unit;
}

/// `width height unit` at argument i.
void read_box(const Args& args, size_t i, Search& search) {
  const double width = args.number(i, "ERR need numeric width");
  const double height = args.number(i + 1, "ERR need numeric height");
  if (width < 0 || height < 0) throw CommandError("ERR height or width cannot be negative");
  search.unit = read_unit(args[i + 2]);
  search.area.is_box = true;
  search.area.width = width * search.unit;
  search.area.height = height * search.unit;
}

/// Reads an option that all the commands have; returns how many arguments it took, 0 if it is none.
size_t read_common_option(const Args& args, size_t i, Search& search) {
  if (args.is(i, "WITHDIST")) {
    search.with_distance = true;
  } else if (args.is(i, "WITHHASH")) {
    search.with_hash = true;
  } else if (args.is(i, "WITHCOORD")) {
    search.with_coordinates = true;
  } else if (args.is(i, "ANY")) {
    search.any = true;
  } else if (args.is(i, "ASC")) {
    search.sorting = Sorting::nearest_first;
  } else if (args.is(i, "DESC")) {
    search.sorting = Sorting::farthest_first;
  } else if (args.is(i, "COUNT") && i + 1 < args.size()) {
    const int64_t count = args.integer(i + 1);
    if (count <= 0) throw CommandError("ERR COUNT must be > 0");
    search.count = static_cast<size_t>(count);
    return 2;
  } else {
    return 0;
  }
  return 1;
}

void check_options(const Search& search, View storing_command) {
  if (search.destination && search.shows_more()) {
    throw CommandError("ERR " + Bytes(storing_command) +
                       " is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
  }
}

void check_any(const Search& search) {
  if (search.any && search.count == 0) throw CommandError("ERR the ANY argument requires COUNT argument");
}

/// The options of GEORADIUS and GEORADIUSBYMEMBER from argument `first` on.
void read_radius_options(const Args& args, size_t first, bool may_store, Search& search) {
  for (size_t i = first; i < args.size();) {
    if (const size_t taken = read_common_option(args, i, search)) {
      i += taken;
      continue;
    }
    const bool distance = args.is(i, "STOREDIST");
    if (!may_store || i + 1 >= args.size() || !(distance || args.is(i, "STORE"))) throw CommandError(error::syntax);
    search.store_distance = distance;
    search.destination = args[i + 1];
    i += 2;
  }
  check_options(search, "STORE option in GEORADIUS");
  check_any(search);
}

/// What GEOSEARCH and GEOSEARCHSTORE say from argument `first` on.
void read_search_options(const Args& args, size_t first, Search& search) {
  bool from_member = false, from_position = false, by_radius = false, by_box = false;
  for (size_t i = first; i < args.size();) {
    const size_t after = args.size() - i - 1;
    if (const size_t taken = read_common_option(args, i, search)) {
      i += taken;
    } else if (search.destination && args.is(i, "STOREDIST")) {
      search.store_distance = true;
      i += 1;
    } else if (!from_position && after >= 1 && args.is(i, "FROMMEMBER")) {
      if (search.set) search.area.centre = position_of(*search.set, args[i + 1]);
      from_member = true;
      i += 2;
    } else if (!from_member && after >= 2 && args.is(i, "FROMLONLAT")) {
      search.area.centre = read_coordinates(args, i + 1);
      from_position = true;
      i += 3;
    } else if (!by_box && after >= 2 && args.is(i, "BYRADIUS")) {
      read_circle(args, i + 1, search);
      by_radius = true;
      i += 3;
    } else if (!by_radius && after >= 3 && args.is(i, "BYBOX")) {
      read_box(args, i + 1, search);
      by_box = true;
      i += 4;
    } else {
      throw CommandError(error::syntax);
    }
  }
  check_options(search, "GEOSEARCHSTORE");
  if (!from_member && !from_position) {
    throw CommandError("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + Bytes(args[0]));
  }
  if (!by_radius && !by_box) {
    throw CommandError("ERR exactly one of BYRADIUS and BYBOX can be specified for " + Bytes(args[0]));
  }
  check_any(search);
}

// --- running

/// The members within the area, in the order asked for, no more than `count`.
std::vector<Found> find(const Search& search) {
  std::vector<Found> found;
  const size_t enough = search.any ? search.count : std::numeric_limits<size_t>::max();
  const GeoCells cells(search.area);
  for (const ScoreRange& range : cells.ranges()) {
    if (found.size() >= enough) break;
    search.set->range(range, 0, false, [&](View member, double score) {
      const Coordinates at = geo_coordinates(score);
      if (const auto distance = search.area.distance_within(at)) found.push_back({member, score, *distance, at});
      return found.size() < enough;
    });
  }

  const size_t kept = search.count == 0 ? found.size() : std::min(search.count, found.size());
  // The nearest ones are meant where only a count is given.
  Sorting sorting = search.sorting;
  if (sorting == Sorting::none && search.count != 0 && !search.any) sorting = Sorting::nearest_first;
  const auto by_distance = [sorting](const Found& a, const Found& b) {
    return sorting == Sorting::nearest_first ? a.distance < b.distance : b.distance < a.distance;
  };
  if (sorting != Sorting::none) {
    if (kept == found.size()) {
      std::stable_sort(found.begin(), found.end(), by_distance);
    } else {
      std::partial_sort(found.begin(), found.begin() + static_cast<ptrdiff_t>(kept), found.end(), by_distance);
    }
  }
  found.resize(kept);
  return found;
}

void reply_found(const Search& search, std::span<const Found> found, Reply& reply) {
  reply.array(found.size());
  const size_t shown = size_t{1} + search.with_distance + search.with_hash + search.with_coordinates;
  for (const Found& one : found) {
    if (shown > 1) reply.array(shown);
    reply.bulk(one.member);
    if (search.with_distance) reply_distance(reply, one.distance / search.unit);
    if (search.with_hash) reply.integer(geo_hash_integer(one.score));
    if (search.with_coordinates) {
      reply.array(2);
      reply_coordinate(reply, one.at.longitude);
      reply_coordinate(reply, one.at.latitude);
    }
  }
}

void run(Store& store, const Search& search, Reply& reply) {
  const std::vector<Found> found = search.set ? find(search) : std::vector<Found>();
  if (!search.destination) return reply_found(search, found, reply);
  std::vector<ScoredMember> members;
  members.reserve(found.size());
  for (const Found& one : found) {
    members.push_back({search.store_distance ? one.distance / search.unit : one.score, one.member});
  }
  store_members(store, *search.destination, members, reply);
}

void search_around_position(Store& store, const Args& args, Reply& reply, bool may_store) {
  Search search;
  search.set = store.sorted_set(args[1]);
  search.area.centre = read_coordinates(args, 2);
  read_circle(args, 4, search);
  read_radius_options(args, 6, may_store, search);
  run(store, search, reply);
}

/// As in Redis the radius is not looked at when the key is absent, but the options are: they say what kind of nothing
/// is replied.
void search_around_member(Store& store, const Args& args, Reply& reply, bool may_store) {
  Search search;
  search.set = store.sorted_set(args[1]);
  if (search.set) {
    search.area.centre = position_of(*search.set, args[2]);
    read_circle(args, 3, search);
  }
  read_radius_options(args, 5, may_store, search);
  run(store, search, reply);
}

}  // namespace

void georadius(Store& store, const Args& args, Reply& reply) { search_around_position(store, args, reply, true); }
void georadius_ro(Store& store, const Args& args, Reply& reply) { search_around_position(store, args, reply, false); }
void georadiusbymember(Store& store, const Args& args, Reply& reply) { search_around_member(store, args, reply, true); }
void georadiusbymember_ro(Store& store, const Args& args, Reply& reply) {
  search_around_member(store, args, reply, false);
}

void geosearch(Store& store, const Args& args, Reply& reply) {
  Search search;
  search.set = store.sorted_set(args[1]);
  read_search_options(args, 2, search);
  run(store, search, reply);
}

void geosearchstore(Store& store, const Args& args, Reply& reply) {
  Search search;
  search.destination = args[1];
  search.set = store.sorted_set(args[2]);
  read_search_options(args, 3, search);
  run(store, search, reply);
}

}  // namespace redipy
