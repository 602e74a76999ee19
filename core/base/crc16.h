// SPDX-License-Identifier: Apache-2.0
// CRC-16/XMODEM and what a Redis Cluster makes of it: the slot of a key. A key may hold a tag in braces; then only the
// tag counts, so that keys with the same tag lie in one slot.
#pragma once

#include <array>
#include <cstdint>

#include "core/base/view.h"

namespace redipy {

constexpr uint16_t slot_count = 16384;

namespace detail {

constexpr std::array<uint16_t, 256> make_crc16_table() {
  std::array<uint16_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021U : 0U);
    table[byte] = static_cast<uint16_t>(crc);
  }
  return table;
}

inline constexpr auto crc16_table = make_crc16_table();

}  // namespace detail

constexpr uint16_t crc16(View bytes) {
  uint32_t crc = 0;
  for (char c : bytes) crc = (crc << 8) ^ detail::crc16_table[((crc >> 8) ^ static_cast<unsigned char>(c)) & 255];
  return static_cast<uint16_t>(crc);
}

// What of a key decides its slot: what stands between the first { and the next }, unless that is nothing.
constexpr View hash_tag(View key) {
  const size_t open = key.find('{');
  if (open == View::npos) return key;
  const size_t close = key.find('}', open + 1);
  if (close == View::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

constexpr uint16_t key_slot(View key) { return crc16(hash_tag(key)) % slot_count; }

}  // namespace redipy
