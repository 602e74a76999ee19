// SPDX-License-Identifier: Apache-2.0
//
// See dump_input.h and, for the format, dump_format.h.
#include "core/dump/dump_input.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/lzf.h"
#include "core/base/numbers.h"
#include "core/command/error.h"
#include "core/dump/dump_format.h"

namespace redipy::dump {

void refuse_data() { throw CommandError("ERR Bad data format"); }

View Unfolded::keep_integer(int64_t number) {
  constexpr size_t chunk_size = 4096;
  if (left_ < integer_text_size) {
    chunks_.push_back(std::make_unique<char[]>(chunk_size));
    left_ = chunk_size;
  }
  char* const at = chunks_.back().get() + (chunk_size - left_);
  const size_t size = format_integer(number, at);
  left_ -= size;
  return {at, size};
}

View DumpInput::bytes(size_t count) {
  if (count > rest_.size()) refuse_data();
  const View taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

uint8_t DumpInput::byte() { return static_cast<uint8_t>(bytes(1)[0]); }

template <typename Integer>
Integer DumpInput::little_endian() {
  Integer value;
  std::memcpy(&value, bytes(sizeof value).data(), sizeof value);
  return value;
}

uint64_t DumpInput::big_endian(size_t count) {
  uint64_t value = 0;
  for (const char c : bytes(count)) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

uint64_t DumpInput::length_after(uint8_t head) {
  if (head >> 6 == length_6_bit) return head;
  if (head >> 6 == length_14_bit) return (head & 0x3fU) << 8 | byte();
  if (head == length_32_bit) return big_endian(4);
  if (head == length_64_bit) return big_endian(8);
  refuse_data();
}

uint64_t DumpInput::length() { return length_after(byte()); }

View DumpInput::string(Unfolded& unfolded) {
  const uint8_t head = byte();
  if (head >> 6 != length_encoded) return bytes(length_after(head));
  switch (head & 0x3f) {
    case string_int8:
      return unfolded.keep_integer(little_endian<int8_t>());
    case string_int16:
      return unfolded.keep_integer(little_endian<int16_t>());
    case string_int32:
      return unfolded.keep_integer(little_endian<int32_t>());
    case string_lzf:
      break;
    default:
      refuse_data();
  }
  const uint64_t compressed_size = length();
  const uint64_t size = length();
  if (size > longest_string_) refuse_data();
  auto unpacked = lzf::decompress(bytes(compressed_size), size);
  if (!unpacked) refuse_data();
  return unfolded.keep(std::move(*unpacked));
}

double DumpInput::binary_score() {
  const auto score = little_endian<double>();
  if (std::isnan(score)) refuse_data();
  return score;
}

double DumpInput::text_score() {
  const uint8_t size = byte();
  if (size == score_infinity) return std::numeric_limits<double>::infinity();
  if (size == score_minus_infinity) return -std::numeric_limits<double>::infinity();
  if (size == score_nan) refuse_data();
  const auto score = parse_double(bytes(size));
  if (!score) refuse_data();
  return *score;
}

}  // namespace redipy::dump
