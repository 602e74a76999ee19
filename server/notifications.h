// SPDX-License-Identifier: Apache-2.0
//
// Keyspace notifications: which events are published, by the letters of notify-keyspace-events (K E g $ l s h z x e n
// m d t A).
#pragma once

#include <cstdint>
#include <optional>

#include "core/store/event.h"

namespace redipy {

class PubSub;

namespace notify {
/// The flags that the letters mean; nullopt if one is none of them.
std::optional<uint32_t> parse(View letters);
/// The letters, as CONFIG GET shows them.
Bytes format(uint32_t flags);
/// Whether a flag says that events of this class are published.
bool wants(uint32_t flags, EventClass kind);
/// Publishes to __keyspace@db__:key and __keyevent@db__:event what the flags ask for.
void publish(PubSub& pubsub, uint32_t flags, int database, View key, Event event);
}  // namespace notify

}  // namespace redipy
