// SPDX-License-Identifier: Apache-2.0
//
// The arithmetic of positions. Where the order of operations decides the last bit of a result it is Redis's.
#include "core/commands/geohash.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace redipy {

namespace {

struct Interval {
  double low, high;
  double length() const { return high - low; }
};

constexpr Interval longitudes{-180, 180};
constexpr Interval latitudes{-85.05112878, 85.05112878};
constexpr Interval all_latitudes{-90, 90};

constexpr unsigned score_steps = 26;
constexpr double earth_radius = 6372797.560856;
constexpr double mercator_extent = 20037726.37;  // half of the equator on the map, a bound for any search

constexpr double radians(double degrees) { return degrees * (std::numbers::pi / 180.0); }
constexpr double degrees(double angle) { return angle / (std::numbers::pi / 180.0); }

// --- cells

/// The low 32 bits of `value`, each moved to twice its place.
constexpr uint64_t spread(uint64_t value) {
  value &= 0xffffffff;
  value = (value | value << 16) & 0x0000ffff0000ffff;
  value = (value | value << 8) & 0x00ff00ff00ff00ff;
  value = (value | value << 4) & 0x0f0f0f0f0f0f0f0f;
  value = (value | value << 2) & 0x3333333333333333;
  return (value | value << 1) & 0x5555555555555555;
}

/// The bits of `value` at even places, moved together.
constexpr uint32_t gather(uint64_t value) {
  value &= 0x5555555555555555;
  value = (value | value >> 1) & 0x3333333333333333;
  value = (value | value >> 2) & 0x0f0f0f0f0f0f0f0f;
  value = (value | value >> 4) & 0x00ff00ff00ff00ff;
  value = (value | value >> 8) & 0x0000ffff0000ffff;
  return static_cast<uint32_t>(value | value >> 16);
}

/// A cell of the grid that has 2^steps columns from west to east and as many rows from south to north.
struct Cell {
  uint32_t column = 0, row = 0;
  unsigned steps = score_steps;

  uint64_t bits() const { return spread(row) | spread(column) << 1; }
  static Cell of_bits(uint64_t bits) { return {gather(bits >> 1), gather(bits), score_steps}; }

  /// The cell so many columns and rows further, around the edges of the map.
  Cell moved(int east, int north) const {
    const uint32_t mask = (uint32_t{1} << steps) - 1;
    Cell to = *this;
    if (east != 0) to.column = (column + static_cast<uint32_t>(east)) & mask;
    if (north != 0) to.row = (row + static_cast<uint32_t>(north)) & mask;
    return to;
  }
  ScoreRange scores() const {
    const unsigned cut = 2 * (score_steps - steps);
    return {static_cast<double>(bits() << cut), static_cast<double>((bits() + 1) << cut), false, true};
  }
  friend bool operator==(const Cell&, const Cell&) = default;
};

Cell cell_at(Coordinates at, const Interval& rows, unsigned steps) {
  const auto scale = static_cast<double>(uint64_t{1} << steps);
  const double row = (at.latitude - rows.low) / rows.length();
  const double column = (at.longitude - longitudes.low) / longitudes.length();
  return {static_cast<uint32_t>(column * scale), static_cast<uint32_t>(row * scale), steps};
}

/// Where row or column `index` begins.
double edge(const Interval& whole, uint32_t index, unsigned steps) {
  return whole.low + (index * 1.0 / static_cast<double>(uint64_t{1} << steps)) * whole.length();
}

struct Box {
  Interval longitude, latitude;
};

Box box_of(const Cell& cell) {
  return {{edge(longitudes, cell.column, cell.steps), edge(longitudes, cell.column + 1, cell.steps)},
          {edge(latitudes, cell.row, cell.steps), edge(latitudes, cell.row + 1, cell.steps)}};
}

/// The bits of any score, as the conversion of a double on x86-64 gives them: defined for all values.
uint64_t bits_of(double score) {
  constexpr double two_to_63 = 9223372036854775808.0;
  if (score >= two_to_63) return score < 2 * two_to_63 ? static_cast<uint64_t>(score) : 0;
  return score >= -two_to_63 ? static_cast<uint64_t>(static_cast<int64_t>(score)) : uint64_t{1} << 63;
}

// --- areas

double meridian_distance(double latitude_a, double latitude_b) {
  return earth_radius * std::fabs(radians(latitude_b) - radians(latitude_a));
}

/// The smallest box of degrees around an area. It is wider where it is nearer to a pole, so that side counts.
Box bounding_box(const GeoArea& area) {
  const double half_height = area.is_box ? area.height / 2 : area.radius;
  const double half_width = area.is_box ? area.width / 2 : area.radius;
  const auto [longitude, latitude] = area.centre;
  const double rows = degrees(half_height / earth_radius);
  const double widest = latitude < 0 ? latitude - rows : latitude + rows;
  const double columns = degrees(half_width / earth_radius / std::cos(radians(widest)));
  return {{longitude - columns, longitude + columns}, {latitude - rows, latitude + rows}};
}

/// How fine the grid may be, so that a cell and its neighbours mostly cover a circle of this radius.
unsigned steps_for(double radius, double latitude) {
  if (radius == 0) return score_steps;
  int steps = 1;
  while (radius < mercator_extent) {
    radius *= 2;
    ++steps;
  }
  steps -= 2;
  // Towards the poles a column becomes narrower than it looks on the map.
  if (std::fabs(latitude) > 66) --steps;
  if (std::fabs(latitude) > 80) --steps;
  return static_cast<unsigned>(std::clamp(steps, 1, static_cast<int>(score_steps)));
}

bool neighbours_cover(const Cell& cell, const Box& wanted) {
  return box_of(cell.moved(0, 1)).latitude.high >= wanted.latitude.high &&
         box_of(cell.moved(0, -1)).latitude.low <= wanted.latitude.low &&
         box_of(cell.moved(1, 0)).longitude.high >= wanted.longitude.high &&
         box_of(cell.moved(-1, 0)).longitude.low <= wanted.longitude.low;
}

}  // namespace

bool Coordinates::valid() const {
  return longitude >= longitudes.low && longitude <= longitudes.high && latitude >= latitudes.low &&
         latitude <= latitudes.high;
}

double geo_score(Coordinates at) { return static_cast<double>(cell_at(at, latitudes, score_steps).bits()); }

Coordinates geo_coordinates(double score) {
  const auto [longitude, latitude] = box_of(Cell::of_bits(bits_of(score)));
  return {std::clamp((longitude.low + longitude.high) / 2, longitudes.low, longitudes.high),
          std::clamp((latitude.low + latitude.high) / 2, latitudes.low, latitudes.high)};
}

int64_t geo_hash_integer(double score) {
  constexpr double two_to_63 = 9223372036854775808.0;
  return score >= -two_to_63 && score < two_to_63 ? static_cast<int64_t>(score) : std::numeric_limits<int64_t>::min();
}

std::array<char, 11> geo_hash_text(Coordinates at) {
  constexpr View alphabet = "0123456789bcdefghjkmnpqrstuvwxyz";
  const uint64_t bits = cell_at(at, all_latitudes, score_steps).bits();
  std::array<char, 11> text;
  for (size_t i = 0; i < 10; ++i) text[i] = alphabet[bits >> (52 - 5 * (i + 1)) & 31];
  text[10] = alphabet[0];
  return text;
}

double geo_distance(Coordinates a, Coordinates b) {
  const double v = std::sin((radians(b.longitude) - radians(a.longitude)) / 2);
  if (v == 0) return meridian_distance(a.latitude, b.latitude);
  const double latitude_a = radians(a.latitude);
  const double latitude_b = radians(b.latitude);
  const double u = std::sin((latitude_b - latitude_a) / 2);
  const double square = u * u + std::cos(latitude_a) * std::cos(latitude_b) * v * v;
  return 2.0 * earth_radius * std::asin(std::sqrt(std::min(square, 1.0)));
}

std::optional<double> GeoArea::distance_within(Coordinates at) const {
  if (is_box) {
    if (meridian_distance(at.latitude, centre.latitude) > height / 2) return std::nullopt;
    if (geo_distance(at, {centre.longitude, at.latitude}) > width / 2) return std::nullopt;
    return geo_distance(centre, at);
  }
  const double distance = geo_distance(centre, at);
  if (distance > radius) return std::nullopt;
  return distance;
}

GeoCells::GeoCells(const GeoArea& area) {
  const Box wanted = bounding_box(area);
  const double reach = area.is_box
                           ? std::sqrt((area.width / 2) * (area.width / 2) + (area.height / 2) * (area.height / 2))
                           : area.radius;
  unsigned steps = steps_for(reach, area.centre.latitude);
  Cell middle = cell_at(area.centre, latitudes, steps);
  if (steps > 1 && !neighbours_cover(middle, wanted)) middle = cell_at(area.centre, latitudes, --steps);

  // A side that the middle cell covers by itself needs no neighbour; in the coarsest grid all cells count.
  const Box covered = box_of(middle);
  const bool all = steps < 2;
  const bool south = all || !(covered.latitude.low < wanted.latitude.low);
  const bool north = all || !(covered.latitude.high > wanted.latitude.high);
  const bool west = all || !(covered.longitude.low < wanted.longitude.low);
  const bool east = all || !(covered.longitude.high > wanted.longitude.high);
  const struct {
    bool needed;
    int east, north;
  } cells[] = {{true, 0, 0},           {north, 0, 1},          {south, 0, -1},
               {east, 1, 0},           {west, -1, 0},          {north && east, 1, 1},
               {north && west, -1, 1}, {south && east, 1, -1}, {south && west, -1, -1}};
  // Around the map's edge two neighbours may be one cell; they then follow one another.
  Cell last;
  for (const auto& [needed, to_east, to_north] : cells) {
    const Cell cell = middle.moved(to_east, to_north);
    if (!needed || (size_ > 0 && cell == last)) continue;
    ranges_[size_++] = cell.scores();
    last = cell;
  }
}

}  // namespace redipy
