// SPDX-License-Identifier: Apache-2.0
//
// Any text as the URL of a backend. What is taken must be taken again, the same, when written as it is shown, but for
// the password; and a password that no other part of the URL holds must be in no error and not be shown.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/base/backend_url.h"

namespace {

using redipy::Bytes;
using redipy::View;

void check(View text) {
  try {
    const redipy::BackendUrl url = redipy::parse_backend_url(text);
    redipy::BackendUrl again = redipy::parse_backend_url(url.shown);
    if (again.shown != url.shown) std::abort();
    if (url.password.has_value() != again.password.has_value()) std::abort();
    if (url.password && *again.password != "***") std::abort();
    again.password = url.password;
    if (again != url) std::abort();
  } catch (const redipy::BackendUrlError&) {
  }
  (void)redipy::hide_password(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const View input(reinterpret_cast<const char*>(data), size);
  check(input);

  // The secret is somewhere behind the user's colon; whatever else the URL is, no error tells it.
  constexpr View secret = "hunter2";
  if (input.find(secret) != View::npos) return 0;
  const size_t cut = size > 0 ? data[0] % size : 0;
  const Bytes url = "redis://user:" + Bytes(input.substr(0, cut)) + Bytes(secret) + Bytes(input.substr(cut)) + "@host";
  try {
    if (redipy::parse_backend_url(url).shown.find(secret) != Bytes::npos) std::abort();
  } catch (const redipy::BackendUrlError& error) {
    if (View(error.what()).find(secret) != View::npos) std::abort();
  }
  return 0;
}
