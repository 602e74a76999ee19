// SPDX-License-Identifier: Apache-2.0
// See random.h: where seeds come from.
#include "core/base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace redipy {

void fill_with_entropy(void* bytes, size_t size) {
  auto* at = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t got = getrandom(at, size, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    at += got;
    size -= static_cast<size_t>(got);
  }
}

Random::Random() {
  uint64_t seed = 0;
  fill_with_entropy(&seed, sizeof seed);
  reseed(seed);
}

}  // namespace redipy
