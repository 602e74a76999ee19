// SPDX-License-Identifier: Apache-2.0
//
// See upstream.h.
#include "proxy/upstream.h"

#include <spdlog/spdlog.h>

#include "core/base/text.h"
#include "proxy/transport.h"

namespace redipy::proxy {

Upstream::Upstream(Bytes name, BackendUrl url) : url_(std::move(url)) {
  auto access = std::make_shared<Access>();
  access->name = std::move(name);
  access->user = url_.user.value_or("");
  access->password = url_.password.value_or("");
  access->database = url_.database;
  access->timeout_ms = url_.upstream.timeout.count();
  access->connect_timeout_ms = url_.upstream.connect_timeout.count();
  access->reads_from_replica = url_.upstream.read_from_replicas;
  if (url_.tls) {
    access->tls = std::make_shared<TlsContext>(TlsContext::Options{.authorities = url_.upstream.ca_file,
                                                                   .certificate = url_.upstream.certificate_file,
                                                                   .key = url_.upstream.key_file,
                                                                   .server_name = url_.upstream.server_name,
                                                                   .verify = url_.upstream.verify});
  }
  pool_ = url_.upstream.pool;
  if (!url_.path.empty()) {
    addresses_.push_back({.host = {}, .port = 0, .path = url_.path});
  } else {
    for (const auto& host : url_.hosts) addresses_.push_back({.host = host.name, .port = host.port, .path = {}});
  }
  access_ = std::move(access);
}

Health Upstream::health() const {
  const std::lock_guard guard(mutex_);
  return health_;
}

bool Upstream::may_know(View command) const {
  const std::lock_guard guard(mutex_);
  return commands_.empty() || commands_.contains(lower(command));
}

bool Upstream::has_told_commands() const {
  const std::lock_guard guard(mutex_);
  return !commands_.empty();
}

void Upstream::note_commands(std::set<Bytes, std::less<>> lower_case) {
  const std::lock_guard guard(mutex_);
  commands_ = std::move(lower_case);
}

std::optional<size_t> Upstream::known_keys() const {
  const std::lock_guard guard(mutex_);
  return keys_;
}

void Upstream::note_keys(size_t keys) {
  const std::lock_guard guard(mutex_);
  keys_ = keys;
}

void Upstream::came_up(View version, View role, View mode) {
  const std::lock_guard guard(mutex_);
  ++health_.connections_made;
  if (health_.state == Health::down) spdlog::info("Backend {}: it is there again", name());
  health_.state = Health::ready;
  health_.version = version;
  health_.role = role;
  health_.mode = mode;
  health_.fault.clear();
}

void Upstream::went_down(View why) {
  const std::lock_guard guard(mutex_);
  health_.state = Health::down;
  health_.fault = why;
}

void Upstream::lost_connection() {
  const std::lock_guard guard(mutex_);
  ++health_.connections_lost;
}

void Upstream::count_retried(uint64_t requests) {
  const std::lock_guard guard(mutex_);
  health_.retried += requests;
}

void Upstream::count_unanswered(uint64_t requests) {
  const std::lock_guard guard(mutex_);
  health_.unanswered += requests;
}

void Upstream::measured(int64_t latency_us) {
  const std::lock_guard guard(mutex_);
  // A moving average over some ten measurements.
  health_.latency_us = health_.latency_us == 0 ? latency_us : health_.latency_us + (latency_us - health_.latency_us) / 8;
}

}  // namespace redipy::proxy
