// SPDX-License-Identifier: Apache-2.0
//
// See client_text.h.
#include "server/client_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/server.h"
#include "server/session.h"

namespace redipy {

Bytes client_flags(Session& session) {
  Bytes flags;
  if (session.monitor) flags += 'O';
  if (session.subscriptions.any()) flags += 'P';
  if (session.transaction.open) flags += 'x';
  const bool waits = session.wait.active() && session.wait.kind != Wait::flow;
  if (waits || session.paused) flags += 'b';
  if (session.tracking.on) flags += 't';
  if (session.tracking.broken_redirect) flags += 'R';
  if (session.tracking.broadcast) flags += 'B';
  if (session.transaction.broken) flags += 'd';
  if (session.closing) flags += 'c';
  if (session.killed) flags += 'A';
  if (session.link().peer_address().starts_with('/')) flags += 'U';
  if (session.no_evict) flags += 'e';
  if (session.no_touch) flags += 'T';
  return flags.empty() ? "N" : flags;
}

Bytes client_text(Session& session) {
  const int64_t now = session.server().clock().now_ms();
  const bool transaction = session.transaction.open;
  const size_t argument_bytes = session.argument_bytes;
  const size_t inbox = session.inbox_bytes();
  const size_t input = session.input_bytes;
  const size_t capacity = session.input_capacity;
  const size_t output = session.output_bytes;
  const size_t total = Server::client_bytes(session);
  return fmt::format(
      "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} multi={} "
      "qbuf={} qbuf-free={} argv-mem={} multi-mem={} rbs={} rbp={} obl={} oll={} omem={} tot-mem={} events={} cmd={} "
      "user={} redir={} resp={} lib-name={} lib-ver={}",
      session.id(), session.link().peer_address(), session.link().local_address(), session.link().descriptor(),
      session.name, std::max<int64_t>(0, (now - session.created_ms) / 1000),
      std::max<int64_t>(0, (now - session.last_interaction_ms) / 1000), client_flags(session), session.database,
      session.subscriptions.channels.size(), session.subscriptions.patterns.size(),
      session.subscriptions.shard_channels.size(),
      transaction ? static_cast<int64_t>(session.transaction.queue.size()) : -1, input,
      capacity - std::min(capacity, input + argument_bytes), argument_bytes, session.transaction.bytes, 0, 0, inbox,
      output > 0 ? 1 : 0, output, total, output > 0 ? "rw" : "r",
      session.last_command ? session.last_command->full_name : Bytes("NULL"), "default",
      session.tracking.on ? static_cast<int64_t>(session.tracking.redirect) : -1, session.protocol(),
      session.library_name, session.library_version);
}

}  // namespace redipy
