// SPDX-License-Identifier: Apache-2.0
//
// Positions on earth as scores of sorted sets, and the search among them. Nothing here knows of stores or replies.
//
// A score has 52 bits: longitude and latitude, each as a fraction of its range in 26 bits, interleaved so that what is
// near in the plane tends to be near in the order of scores. Cutting the low bits of both off leaves a cell, and a cell
// is one range of scores: a search looks through the cell around its centre and the eight around that one.
//
//        +-----+-----+-----+
//        | nw  |  n  | ne  |      The cell is chosen so large that these nine cover the area searched; those that
//        +-----+-----+-----+      cannot hold a part of it are left out. What the ranges hold is then measured
//        |  w  |  x  |  e  |      exactly.
//        +-----+-----+-----+
//        | sw  |  s  | se  |      Numbers agree with Redis's to the last bit, so that data can be exchanged.
//        +-----+-----+-----+
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/store/types.h"

namespace redipy {

/// In degrees.
struct Coordinates {
  double longitude = 0;
  double latitude = 0;

  /// Whether it can be a score: the latitude is that of the web's Mercator maps, without the poles.
  bool valid() const;
};

double geo_score(Coordinates at);
/// The middle of what the score stands for; any score is taken.
Coordinates geo_coordinates(double score);
/// A score as the integer that WITHHASH shows.
int64_t geo_hash_integer(double score);
/// The position as the eleven characters known from geohash.org (the last one is always 0: there are only 52 bits).
std::array<char, 11> geo_hash_text(Coordinates at);

/// Metres along the surface, by the haversine formula.
double geo_distance(Coordinates a, Coordinates b);

/// A circle, or a box whose sides follow the meridians and parallels, around a centre. Lengths in metres.
struct GeoArea {
  Coordinates centre;
  bool is_box = false;
  double radius = 0;
  double width = 0, height = 0;

  /// The distance from the centre, if the position lies within.
  std::optional<double> distance_within(Coordinates at) const;
};

/// The ranges of scores in which all positions of an area lie: first the cell of its centre, then north, south, east,
/// west, north-east, north-west, south-east, south-west of it.
class GeoCells {
 public:
  explicit GeoCells(const GeoArea& area);
  std::span<const ScoreRange> ranges() const { return std::span(ranges_).first(size_); }

 private:
  std::array<ScoreRange, 9> ranges_;
  size_t size_ = 0;
};

}  // namespace redipy
