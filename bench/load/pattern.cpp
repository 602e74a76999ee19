// SPDX-License-Identifier: Apache-2.0
//
// Patterns of requests; see pattern.h.
#include "bench/load/pattern.h"

#include <stdexcept>
#include <string_view>

namespace redipy::bench {

namespace {

constexpr std::size_t digits = 12;
constexpr std::uint64_t stride = 7919;  // a prime: neighbours in time are no neighbours by name

void write_digits(char* first, std::uint64_t number) {
  for (char* at = first + digits; at != first; number /= 10) *--at = static_cast<char>('0' + number % 10);
}

}  // namespace

Pattern::Pattern(const std::vector<std::string>& arguments, const Ranges& ranges) : ranges_(ranges) {
  if (ranges.keyspace == 0 || ranges.collections == 0) throw std::invalid_argument("an empty range of keys");
  if (ranges.collections % stride == 0) throw std::invalid_argument("collections may not be a multiple of 7919");
  text_ = "*" + std::to_string(arguments.size()) + "\r\n";
  for (const std::string& argument : arguments) {
    // The length is needed ahead of the argument, whose slots are counted from behind it: hence twice.
    const std::size_t kept = slots_.size();
    const std::size_t size = expand(argument, 0).size();
    slots_.resize(kept, Slot{});
    text_ += "$" + std::to_string(size) + "\r\n";
    text_ += expand(argument, text_.size());
    text_ += "\r\n";
  }
}

std::string Pattern::expand(std::string_view argument, std::size_t offset) {
  std::string result;
  for (std::size_t at = 0; at < argument.size();) {
    const std::string_view mark = argument.substr(at, 3);
    if (mark == "{v}") {
      result.append(ranges_.value_size, 'v');
    } else if (mark == "{n}" || mark == "{k}" || mark == "{c}") {
      const Source source = mark == "{n}" ? Source::sequence : mark == "{k}" ? Source::random_key : Source::collection;
      slots_.push_back({offset + result.size(), source});
      result.append(digits, '0');
    } else {
      result += argument[at++];
      continue;
    }
    at += mark.size();
  }
  return result;
}

void Pattern::append_next(std::string& out) {
  const std::size_t begin = out.size();
  out += text_;
  for (const Slot& slot : slots_) {
    std::uint64_t number = 0;
    switch (slot.source) {
      case Source::sequence:
        number = ranges_.first++;
        break;
      case Source::random_key:
        number = next_random() % ranges_.keyspace;
        break;
      case Source::collection:
        number = requests_ * stride % ranges_.collections;
        break;
    }
    write_digits(out.data() + begin + slot.offset, number);
  }
  ++requests_;
}

// SplitMix64: one addition and a mix, good enough to scatter keys, and the seed may be any number.
std::uint64_t Pattern::next_random() {
  std::uint64_t mixed = ranges_.seed += 0x9e3779b97f4a7c15U;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31U);
}

}  // namespace redipy::bench
