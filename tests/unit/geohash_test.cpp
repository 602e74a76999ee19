// SPDX-License-Identifier: Apache-2.0
//
// Positions as scores: what Redis gives for the same positions, corners of the map, and a search's cells, which must
// cover its area whatever the centre and the size.
#include "core/commands/geohash.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace redipy {
namespace {

constexpr Coordinates palermo{13.361389, 38.115556};
constexpr Coordinates catania{15.087269, 37.502669};

TEST(Geohash, a_position_has_the_score_that_redis_gives_it) {
  EXPECT_EQ(geo_score(palermo), 3479099956230698.0);
  EXPECT_EQ(geo_score(catania), 3479447370796909.0);
  EXPECT_EQ(geo_score({-180, -85.05112878}), 0.0);
}

TEST(Geohash, a_score_stands_for_the_middle_of_its_cell) {
  const Coordinates at = geo_coordinates(3479099956230698.0);
  EXPECT_EQ(at.longitude, 13.361389338970184);
  EXPECT_EQ(at.latitude, 38.1155563954963);
}

TEST(Geohash, the_text_is_the_one_that_maps_know) {
  const auto text = geo_hash_text(geo_coordinates(geo_score(palermo)));
  EXPECT_EQ(View(text.data(), text.size()), "sqc8b49rny0");
}

TEST(Geohash, distances_follow_the_surface) {
  const double metres = geo_distance(geo_coordinates(geo_score(palermo)), geo_coordinates(geo_score(catania)));
  EXPECT_NEAR(metres, 166274.1516, 0.0001);
  EXPECT_EQ(geo_distance(palermo, palermo), 0);
}

TEST(Geohash, any_score_is_some_position_on_the_map) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const double score : {-1.0, -infinity, infinity, 1e300, -1e300, 1.8446744073709550e19, 9.3e18, -0.0, 0.5}) {
    EXPECT_TRUE(geo_coordinates(score).valid()) << score;
  }
  EXPECT_EQ(geo_hash_integer(infinity), std::numeric_limits<int64_t>::min());
}

TEST(Geohash, positions_off_the_map_are_not_valid) {
  EXPECT_FALSE((Coordinates{180.1, 0}.valid()));
  EXPECT_FALSE((Coordinates{0, 86}.valid()));
  EXPECT_FALSE((Coordinates{std::nan(""), 0}.valid()));
  EXPECT_TRUE((Coordinates{180, 85.05112878}.valid()));
}

TEST(Geohash, a_position_within_the_area_is_within_its_cells) {
  std::mt19937_64 random(7);  // NOLINT: the same cases in each run
  const auto between = [&](double low, double high) { return std::uniform_real_distribution(low, high)(random); };
  int within = 0;
  for (int round = 0; round < 20000; ++round) {
    GeoArea area;
    // Away from the map's edges, where Redis's search does not look further than the edge either.
    area.centre = {between(-120, 120), between(-70, 70)};
    area.is_box = round % 2 != 0;
    const double reach = std::pow(10, between(0, 6));
    area.radius = reach;
    area.width = 2 * reach;
    area.height = between(0.1, 2) * reach;
    const double degrees = reach / 111000;
    const Coordinates at{area.centre.longitude + between(-2, 2) * degrees,
                         area.centre.latitude + between(-1, 1) * degrees};
    if (!at.valid()) continue;
    const double score = geo_score(at);
    if (!area.distance_within(geo_coordinates(score))) continue;
    ++within;
    const GeoCells cells(area);
    bool covered = false;
    for (const ScoreRange& range : cells.ranges()) covered |= range.above_low(score) && range.below_high(score);
    EXPECT_TRUE(covered) << area.centre.longitude << ' ' << area.centre.latitude << ' ' << reach;
  }
  EXPECT_GT(within, 1000);
}

TEST(Geohash, a_box_is_measured_along_meridian_and_parallel) {
  GeoArea box;
  box.centre = {10, 0};
  box.is_box = true;
  box.width = 400000;
  box.height = 200000;
  EXPECT_TRUE(box.distance_within({11.7, 0.8}));
  EXPECT_FALSE(box.distance_within({10, 1}));
  EXPECT_FALSE(box.distance_within({11.9, 0}));
}

}  // namespace
}  // namespace redipy
