// SPDX-License-Identifier: Apache-2.0
//
// What BACKEND ADD, REMOVE, ROUTE and UNROUTE have changed since the configuration, as text in the state file
// (state_file.h keeps it) and put together with the configuration:
//
//     redipy-state 1                      what this is, and its version
//     removed old                         of the configuration: not there any more
//     backend side redis://u:p@h:6379     added
//     unrouted archive:*                  of the configuration: not in force any more
//     route side:* side                   added: behind those of the configuration that are in force
//     end                                 nothing is missing
//
// Lines are split into words, and quoted where they have to be, as those of the configuration.
#pragma once

#include <stdexcept>
#include <utility>
#include <vector>

#include "core/base/backend_url.h"
#include "core/base/view.h"

namespace redipy {

/// What is wrong with a state's text: "line 3: …". Shows no URL.
class BackendStateError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct BackendState {
  using Pairs = std::vector<std::pair<Bytes, Bytes>>;

  Pairs added;                  ///< name, url
  std::vector<Bytes> removed;   ///< names that the configuration has
  Pairs routed;                 ///< pattern, name
  std::vector<Bytes> unrouted;  ///< patterns that the configuration has

  bool empty() const { return added.empty() && removed.empty() && routed.empty() && unrouted.empty(); }
  bool operator==(const BackendState&) const = default;
};

/// Reads the URL of a backend, of a kind that this server can have; throws std::runtime_error, which shows no password.
BackendUrl read_backend_url(View url);

Bytes write_backend_state(const BackendState& state);
/// Strict: throws BackendStateError for what write_backend_state() would not have written, but for blanks and quotes.
BackendState read_backend_state(View text);

/// What is in force: backends, the default one first, and routes, the first that matches counts.
struct BackendPlan {
  BackendState::Pairs backends;
  BackendState::Pairs routes;
  std::vector<Bytes> differences;  ///< from the configuration, in words to be logged; no passwords
};
/// `backends` and `routes` as configured. Throws BackendStateError where they and the state contradict each other in a
/// way that nobody can decide: a default that was removed, a route to a backend that is not there.
BackendPlan plan_backends(const BackendState::Pairs& backends, const BackendState::Pairs& routes,
                          const BackendState& state);

// --- the state after one more change; `backends` and `routes` as configured
void note_added(BackendState& state, View name, View url);
void note_removed(BackendState& state, const BackendState::Pairs& backends, View name);
void note_routed(BackendState& state, View pattern, View name);
void note_unrouted(BackendState& state, const BackendState::Pairs& routes, View pattern);

}  // namespace redipy
