// SPDX-License-Identifier: Apache-2.0
// CRC-64 as Redis writes it at the end of a DUMP payload and of an RDB file: the polynomial of D. Jones
// (0xad93d23594c935a9), bits reflected, nothing added before or after. Not a defence against intent, only against
// accidents.
//
// Eight bytes are taken at a time ("slicing by 8", Kounavis and Berry, Intel 2005): table k gives the effect of a byte
// with k bytes still to come.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "core/base/view.h"

namespace redipy {

namespace detail {

constexpr std::array<std::array<uint64_t, 256>, 8> make_crc64_tables() {
  constexpr uint64_t reflected = 0x95ac9329ac4bc9b5;
  std::array<std::array<uint64_t, 256>, 8> tables{};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? reflected : 0);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint64_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 255];
    }
  }
  return tables;
}

inline constexpr auto crc64_tables = make_crc64_tables();

}  // namespace detail

// The checksum of bytes, going on from that of what stood before them.
inline uint64_t crc64(View bytes, uint64_t crc = 0) {
  const auto& tables = detail::crc64_tables;
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, at, 8);
    crc ^= word;
    crc = tables[7][crc & 255] ^ tables[6][(crc >> 8) & 255] ^ tables[5][(crc >> 16) & 255] ^
          tables[4][(crc >> 24) & 255] ^ tables[3][(crc >> 32) & 255] ^ tables[2][(crc >> 40) & 255] ^
          tables[1][(crc >> 48) & 255] ^ tables[0][crc >> 56];
  }
  for (; left > 0; --left, ++at) crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<unsigned char>(*at)) & 255];
  return crc;
}

}  // namespace redipy
