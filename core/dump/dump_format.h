// SPDX-License-Identifier: Apache-2.0
//
// The numbers of Redis's DUMP payload, which is one value of an RDB file with a footer. Facts from 7.2.4:src/rdb.h.
//
//   payload   type (1) | body | version (2, little endian) | CRC-64 of all before (8, little endian)
//   length    00llllll | 01llllll l | 0x80 llll | 0x81 llllllll        big endian
//   string    length, bytes | 11000000 int8 | 11000001 int16 | 11000010 int32 (little endian)
//             | 11000011 length of compressed, length, compressed (LZF)
//
// dump_writer.h writes values as Redis 7.0 reads them (version 10); dump_reader.h reads all that Redis ever wrote,
// up to version 11 (7.2).
#pragma once

#include <cstddef>
#include <cstdint>

namespace redipy::dump {

constexpr uint16_t written_version = 10;
constexpr uint16_t newest_version = 11;
constexpr size_t footer_size = 10;

/// The first byte of a payload.
enum ValueType : uint8_t {
  string_plain = 0,
  list_plain = 1,
  set_plain = 2,
  sorted_set_text = 3,  ///< scores as decimal text
  hash_plain = 4,
  sorted_set_binary = 5,
  module_before_release = 6,
  module = 7,
  hash_zipmap = 9,
  list_ziplist = 10,
  set_intset = 11,
  sorted_set_ziplist = 12,
  hash_ziplist = 13,
  list_of_ziplists = 14,
  stream_1 = 15,
  hash_listpack = 16,
  sorted_set_listpack = 17,
  list_of_nodes = 18,  ///< each a listpack or a single element
  stream_2 = 19,
  set_listpack = 20,
  stream_3 = 21,
};

/// What a node of list_of_nodes holds.
enum NodeKind : uint8_t { node_plain = 1, node_listpack = 2 };

/// The two highest bits of a length's first byte, and the whole byte of the long ones.
constexpr uint8_t length_6_bit = 0, length_14_bit = 1, length_encoded = 3;
constexpr uint8_t length_32_bit = 0x80, length_64_bit = 0x81;
/// The other six bits, when the two are length_encoded.
constexpr uint8_t string_int8 = 0, string_int16 = 1, string_int32 = 2, string_lzf = 3;

/// The length byte of a score as text, where it is none.
constexpr uint8_t score_nan = 253, score_infinity = 254, score_minus_infinity = 255;

}  // namespace redipy::dump
