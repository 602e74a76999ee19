// SPDX-License-Identifier: Apache-2.0
//
// See notifications.h.
#include "server/notifications.h"

#include <string>

#include "server/pubsub.h"

namespace redipy::notify {

namespace {
// In the order in which CONFIG GET shows them; 'A' stands for those up to all_count.
constexpr View letters_in_order = "g$lshzxetdnKEm";
constexpr View all_of = "g$lshzxetd";

constexpr uint32_t bit(char letter) { return 1u << letters_in_order.find(letter); }

constexpr uint32_t all_bits() {
  uint32_t bits = 0;
  for (const char letter : all_of) bits |= bit(letter);
  return bits;
}
}  // namespace

std::optional<uint32_t> parse(View letters) {
  uint32_t flags = 0;
  for (const char letter : letters) {
    if (letter == 'A') {
      flags |= all_bits();
    } else if (letters_in_order.find(letter) == View::npos) {
      return std::nullopt;
    } else {
      flags |= bit(letter);
    }
  }
  return flags;
}

Bytes format(uint32_t flags) {
  Bytes text;
  const bool all = (flags & all_bits()) == all_bits();
  if (all) text = "A";
  for (const char letter : letters_in_order) {
    if (all && (letter == 'n' || all_of.find(letter) != View::npos)) continue;
    if ((flags & bit(letter)) != 0) text += letter;
  }
  return text;
}

bool wants(uint32_t flags, EventClass kind) {
  return kind != EventClass::none && (flags & bit(static_cast<char>(kind))) != 0;
}

void publish(PubSub& pubsub, uint32_t flags, int database, View key, Event event) {
  if (!wants(flags, event_class(event)) || !pubsub.anyone()) return;
  const Bytes number = std::to_string(database);
  if ((flags & bit('K')) != 0) {
    pubsub.publish("__keyspace@" + number + "__:" + Bytes(key), event_name(event));
  }
  if ((flags & bit('E')) != 0) {
    pubsub.publish("__keyevent@" + number + "__:" + Bytes(event_name(event)), key);
  }
}

}  // namespace redipy::notify
