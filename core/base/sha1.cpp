// SPDX-License-Identifier: Apache-2.0
// See sha1.h; computed by OpenSSL's libcrypto.
#include "core/base/sha1.h"

#include <openssl/sha.h>

#include <array>

namespace redipy {

Bytes sha1_hex(View bytes) {
  static constexpr char hex[] = "0123456789abcdef";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  Bytes text;
  text.reserve(2 * digest.size());
  for (unsigned char byte : digest) {
    text += hex[byte >> 4];
    text += hex[byte & 15];
  }
  return text;
}

}  // namespace redipy
