// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the state file: what is read is written and read again as the same, and put together with a
// configuration.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "server/backend_state.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace redipy;
  const auto exact = std::make_unique<char[]>(size);
  std::memcpy(exact.get(), data, size);
  BackendState state;
  try {
    state = read_backend_state(View(exact.get(), size));
  } catch (const BackendStateError&) {
    return 0;
  }
  if (read_backend_state(write_backend_state(state)) != state) std::abort();
  const BackendState::Pairs backends = {{"main", "memory:"}, {"old", "redis://u:p@h:1"}};
  const BackendState::Pairs routes = {{"old:*", "old"}, {"main:*", "main"}};
  try {
    const BackendPlan plan = plan_backends(backends, routes, state);
    if (plan.backends.empty() || plan.backends.front().first != "main") std::abort();
  } catch (const BackendStateError&) {
    return 0;
  }
  return 0;
}
