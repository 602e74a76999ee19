// SPDX-License-Identifier: Apache-2.0
//
// Positions in sorted sets: the members' scores are geohashes (geohash.h). Adding, asking and measuring; the searches
// are in geo_search.cpp.
#include "core/commands/geo.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

#include "core/base/numbers.h"
#include "core/commands/families.h"
#include "core/commands/sorted_sets.h"
#include "core/store/store.h"

namespace redipy {

Coordinates read_coordinates(const Args& args, size_t i) {
  Coordinates at;
  at.longitude = args.number(i);
  at.latitude = args.number(i + 1);
  if (at.valid()) return at;
  char text[720];  // two doubles in full, at most 310 digits each
  std::snprintf(text, sizeof text, "ERR invalid longitude,latitude pair %f,%f", at.longitude, at.latitude);
  throw CommandError(text);
}

double read_unit(View text) {
  if (equals_ignore_case(text, "m")) return 1;
  if (equals_ignore_case(text, "km")) return 1000;
  if (equals_ignore_case(text, "ft")) return 0.3048;
  if (equals_ignore_case(text, "mi")) return 1609.34;
  throw CommandError("ERR unsupported unit provided. please use M, KM, FT, MI");
}

void reply_coordinate(Reply& reply, double value) {
  char text[long_double_text_size];
  reply.number_text(View(text, format_long_double_human(value, text)));
}

// Four digits after the point are enough for a distance in any unit.
void reply_distance(Reply& reply, double value) {
  const auto scaled = static_cast<uint64_t>(std::llrint(value * 10000));
  char text[integer_text_size + 5];
  char* end = text + format_unsigned(scaled / 10000, text);
  *end++ = '.';
  for (uint64_t unit = 1000; unit > 0; unit /= 10) *end++ = static_cast<char>('0' + scaled / unit % 10);
  reply.bulk(View(text, static_cast<size_t>(end - text)));
}

namespace {

void geoadd(Store& store, const Args& args, Reply& reply) {
  PutCondition condition;
  bool count_changed = false;
  size_t first = 2;
  for (; first < args.size(); ++first) {
    if (args.is(first, "NX")) {
      condition.only_new = true;
    } else if (args.is(first, "XX")) {
      condition.only_existing = true;
    } else if (args.is(first, "CH")) {
      count_changed = true;
    } else {
      break;
    }
  }
  const size_t words = args.size() - first;
  if (words == 0 || words % 3 != 0 || (condition.only_new && condition.only_existing)) {
    throw CommandError(error::syntax);
  }
  const size_t count = words / 3;
  std::array<double, 32> few;
  std::vector<double> many;
  double* scores = few.data();
  if (count > few.size()) {
    many.resize(count);
    scores = many.data();
  }
  for (size_t i = 0; i < count; ++i) scores[i] = geo_score(read_coordinates(args, first + 3 * i));

  const auto member = [&](size_t i) { return ScoredMember{scores[i], args[first + 3 * i + 2]}; };
  put_members(store, args[1], count, member, condition, count_changed, reply);
}

/// Calls found(position, or nullopt where the member is absent) for each of the members.
void for_each_position(Store& store, const Args& args, FunctionRef<void(std::optional<Coordinates>)> found) {
  const SortedSet* set = store.sorted_set(args[1]);
  const std::span<const View> members = args.from(2);
  if (!set) {
    for (size_t i = 0; i < members.size(); ++i) found(std::nullopt);
    return;
  }
  set->scores(members, [&](size_t, std::optional<double> score) {
    found(score ? std::optional(geo_coordinates(*score)) : std::nullopt);
  });
}

void geopos(Store& store, const Args& args, Reply& reply) {
  reply.array(args.size() - 2);
  for_each_position(store, args, [&](std::optional<Coordinates> at) {
    if (!at) return reply.null_array();
    reply.array(2);
    reply_coordinate(reply, at->longitude);
    reply_coordinate(reply, at->latitude);
  });
}

void geohash(Store& store, const Args& args, Reply& reply) {
  reply.array(args.size() - 2);
  for_each_position(store, args, [&](std::optional<Coordinates> at) {
    if (!at) return reply.null();
    const std::array<char, 11> text = geo_hash_text(*at);
    reply.bulk(View(text.data(), text.size()));
  });
}

void geodist(Store& store, const Args& args, Reply& reply) {
  if (args.size() > 5) throw CommandError(error::syntax);
  const double unit = args.size() == 5 ? read_unit(args[4]) : 1;
  const SortedSet* set = store.sorted_set(args[1]);
  if (!set) return reply.null();
  std::optional<double> scores[2];
  set->scores(args.range(2, 2), [&](size_t i, std::optional<double> score) { scores[i] = score; });
  if (!scores[0] || !scores[1]) return reply.null();
  reply_distance(reply, geo_distance(geo_coordinates(*scores[0]), geo_coordinates(*scores[1])) / unit);
}

constexpr KeyFlags reads = key::ro | key::access;
constexpr KeyFlags stores = key::ow | key::update;

constexpr Keys radius_keys(int16_t options) {
  return with_rule(first_key(reads) + keyword_key("STORE", options, stores) +
                       keyword_key("STOREDIST", options, stores),
                   KeyRule::georadius);
}

// clang-format off
constexpr Command rows[] = {
    {"GEOADD", "key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]", -5,
     flag::write | flag::denyoom, first_key(key::rw | key::update), geoadd, Event::zadd,
     "Puts positions under their members' names.", "3.2.0", "O(log(N)) for each member put"},
    {"GEOPOS", "key [member [member ...]]", -2, flag::read, first_key(reads), geopos, Event::none,
     "Returns the members' longitudes and latitudes.", "3.2.0", "O(1) for each member asked for"},
    {"GEODIST", "key member1 member2 [M | KM | FT | MI]", -4, flag::read, first_key(reads), geodist, Event::none,
     "Returns the distance between two members.", "3.2.0", "O(1)"},
    {"GEOHASH", "key [member [member ...]]", -2, flag::read, first_key(reads), geohash, Event::none,
     "Returns the members' positions as geohash strings.", "3.2.0", "O(1) for each member asked for"},
    {"GEORADIUS",
     "key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] "
     "[ASC | DESC] [STORE key | STOREDIST key]", -6,
     flag::write | flag::denyoom | flag::movable_keys, radius_keys(6), georadius, Event::georadiusstore,
     "Finds, or stores, the members within a distance of a position.", "3.2.0",
     "O(N+log(M)), N members in the cells around the position of a set of M"},
    {"GEORADIUS_RO",
     "key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] "
     "[ASC | DESC]", -6,
     flag::read, first_key(reads), georadius_ro, Event::none,
     "Finds the members within a distance of a position.", "3.2.10",
     "O(N+log(M)), N members in the cells around the position of a set of M"},
    {"GEORADIUSBYMEMBER",
     "key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] "
     "[STORE key | STOREDIST key]", -5,
     flag::write | flag::denyoom | flag::movable_keys, radius_keys(5), georadiusbymember, Event::georadiusstore,
     "Finds, or stores, the members within a distance of another.", "3.2.0",
     "O(N+log(M)), N members in the cells around the position of a set of M"},
    {"GEORADIUSBYMEMBER_RO",
     "key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]", -5,
     flag::read, first_key(reads), georadiusbymember_ro, Event::none,
     "Finds the members within a distance of another.", "3.2.10",
     "O(N+log(M)), N members in the cells around the position of a set of M"},
    {"GEOSEARCH",
     "key <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | "
     "BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]", -7,
     flag::read, first_key(reads), geosearch, Event::none,
     "Finds the members within a circle or a box.", "6.2.0",
     "O(N+log(M)), N members in the cells around the area of a set of M"},
    {"GEOSEARCHSTORE",
     "destination source <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | "
     "BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [STOREDIST]", -8,
     flag::write | flag::denyoom, two_keys(stores, reads), geosearchstore, Event::geosearchstore,
     "Stores the members within a circle or a box.", "6.2.0",
     "O(N+log(M)), N members in the cells around the area of a set of M"},
};
// clang-format on

}  // namespace

std::span<const Command> geo_rows() { return rows; }

}  // namespace redipy
