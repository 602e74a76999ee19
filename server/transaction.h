// SPDX-License-Identifier: Apache-2.0
//
// MULTI: the queue of a transaction, and what is watched for it (watches.h knows who watches what).
#pragma once

#include <vector>

#include "core/command/table.h"

namespace redipy {

struct Place;

struct QueuedCommand {
  const CommandTable::Entry* entry;
  std::vector<Bytes> words;
};

struct WatchedKey {
  int database;
  Bytes key;
};

struct Transaction {
  bool open = false;    ///< between MULTI and EXEC
  bool failed = false;  ///< a command could not be queued: EXEC replies EXECABORT
  bool broken = false;  ///< a watched key has changed: EXEC replies null
  std::vector<QueuedCommand> queue;
  std::vector<WatchedKey> watched;
  Place* place = nullptr;  ///< whose keys it is about, as far as is known
  int slot = -1;           ///< of a cluster's: theirs; -1, or without a place: not known
  size_t bytes = 0;        ///< of the queue, for CLIENT LIST

  void discard() {
    open = failed = false;
    queue.clear();
    bytes = 0;
  }
};

}  // namespace redipy
