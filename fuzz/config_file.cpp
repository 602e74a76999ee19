// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a configuration file. What is accepted must survive being written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "server/config.h"
#include "server/parameters.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace redipy;
  const View text(reinterpret_cast<const char*>(data), size);
  Config config;
  try {
    config.load_text(text, "fuzz");
  } catch (const ConfigError&) {
    return 0;
  }
  Config again;
  again.load_text(config.rewritten(text), "rewritten");
  for (const Parameter& parameter : parameters()) {
    if (parameter.lines(config.settings()) != parameter.lines(again.settings())) std::abort();
  }
  return 0;
}
