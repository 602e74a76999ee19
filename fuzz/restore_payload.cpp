// SPDX-License-Identifier: Apache-2.0
//
// Feeds bytes to the reader of DUMP payloads, as RESTORE would. A checksum cannot be guessed, so the footer is made to
// fit: what is fuzzed is the value's body.
#include <cstdint>

#include "core/base/crc64.h"
#include "core/command/error.h"
#include "core/dump/dump_format.h"
#include "core/dump/dump_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace redipy;
  constexpr size_t longest_string = 1 << 20;
  Bytes payload(reinterpret_cast<const char*>(data), size);
  const uint16_t version = dump::newest_version;
  payload.append(reinterpret_cast<const char*>(&version), sizeof version);
  const uint64_t checksum = crc64(payload);
  payload.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  try {
    const dump::DumpedValue value = dump::read_payload(payload, longest_string);
    volatile char last = 0;
    for (const View element : value.elements()) {
      if (!element.empty()) last = element.back();
    }
    static_cast<void>(last);
  } catch (const CommandError&) {
    // A refusal is what most inputs deserve.
  }
  return 0;
}
