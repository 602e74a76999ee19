// SPDX-License-Identifier: Apache-2.0
//
// A request with places to fill in, so that redipy-load needs to know no command. Its arguments may hold
//
//   {n}  the next number of a sequence        twelve digits each, hence every request of a pattern has one length
//   {k}  a random number below the keyspace   and making one is a copy and a few digits: the load must cost less
//   {c}  a collection, all in turn            than the server that it measures
//   {v}  a value of the size asked for
//
// Equal seeds give equal requests, so both servers of a comparison are asked the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace redipy::bench {

struct Ranges {
  std::uint64_t first = 0;        // where {n} begins
  std::uint64_t keyspace = 1;     // {k} is below it
  std::uint64_t collections = 1;  // {c} is below it
  std::uint64_t value_size = 32;  // of {v}
  std::uint64_t seed = 1;
};

class Pattern {
 public:
  // Throws std::invalid_argument when a range is empty.
  Pattern(const std::vector<std::string>& arguments, const Ranges& ranges);

  // Appends the next request to `out`.
  void append_next(std::string& out);

 private:
  enum class Source : char { sequence, random_key, collection };
  struct Slot {
    std::size_t offset;
    Source source;
  };

  std::string expand(std::string_view argument, std::size_t offset);
  std::uint64_t next_random();

  Ranges ranges_;
  std::string text_;
  std::vector<Slot> slots_;
  std::uint64_t requests_ = 0;
};

}  // namespace redipy::bench
