// SPDX-License-Identifier: Apache-2.0
//
// What one session is subscribed to. Who is subscribed to a channel stands in pubsub.h.
#pragma once

#include <set>

#include "core/base/view.h"

namespace redipy {

struct Subscriptions {
  using Names = std::set<Bytes, std::less<>>;
  Names channels;
  Names patterns;
  Names shard_channels;

  size_t count() const { return channels.size() + patterns.size(); }
  bool any() const { return !channels.empty() || !patterns.empty() || !shard_channels.empty(); }
};

}  // namespace redipy
