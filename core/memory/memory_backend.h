// SPDX-License-Identifier: Apache-2.0
//
// The backend `memory:`: runs batches of commands on a MemoryStore, at once. This is the server's hot loop: a command
// costs its handler, two calls of its observer, and little else. What a batch gains is that the keys of the commands
// ahead are asked for before the first of them runs, so that their cache misses overlap.
#pragma once

#include <memory>

#include "core/command/backend.h"
#include "core/memory/memory_store.h"
#include "core/store/prefixed_store.h"

namespace redipy {

/// One caller at a time. An observer may call run() again between two commands.
class MemoryBackend final : public Backend {
 public:
  /// Clock and listener outlive the backend. `prefix`: what every key gets, unseen by commands and listener.
  MemoryBackend(const Clock& clock, int databases, ChangeListener& listener, View prefix = {});

  void run(Batch& batch) override;
  void look_ahead(const Batch& batch) override;
  bool has_room() override { return store_.make_room(); }
  /// As commands see it.
  Store* store() override { return &front_; }

  /// The engine itself, whose keys have the prefix.
  MemoryStore& memory() { return store_; }
  void apply(const Options& options) { store_.set_options(options); }
  /// What is done now and then: expiry for a part of the time since the last call, eviction.
  void cron();
  /// Between two calls of cron(): if that left many expired keys behind, expires for a short time, at most half of the
  /// time. True if it wants to be called again, fast_expiry_ms later.
  bool expire_fast();
  static constexpr int64_t fast_expiry_ms = 2;
  /// DEBUG SET-ACTIVE-EXPIRE: whether cron() looks for expired keys; they are absent to commands all the same.
  void set_active_expire(bool on) { active_expire_ = on; }

 private:
  void run_one(const Batch& batch, const Request& request);

  const std::unique_ptr<PrefixedStore> prefixed_;  // null without a prefix
  MemoryStore store_;
  Store& front_;  // what handlers are given: the one or the other
  const Clock& clock_;
  int64_t last_cron_ = 0;  // ticks
  int64_t last_fast_expiry_ms_ = 0;
  bool active_expire_ = true;
};

}  // namespace redipy
