// SPDX-License-Identifier: Apache-2.0
//
// CLIENT TRACKING: reading its options, with Redis's rules for what goes together. What it does is in tracking.h.
#include "server/commands/client_tracking.h"

#include <algorithm>

#include "core/base/numbers.h"
#include "server/server.h"
#include "server/session.h"

namespace redipy {

namespace {

/// Prefixes of one client must not overlap, neither among themselves nor with those it has.
void check_overlap(const std::vector<Bytes>& wanted, const std::vector<Bytes>& had) {
  const auto overlap = [](View a, View b) { return a.starts_with(b) || b.starts_with(a); };
  for (size_t i = 0; i < wanted.size(); ++i) {
    for (const Bytes& other : had) {
      if (overlap(wanted[i], other)) {
        throw CommandError("ERR Prefix '" + wanted[i] + "' overlaps with an existing prefix '" + other +
                           "'. Prefixes for a single client must not overlap.");
      }
    }
    for (size_t j = i + 1; j < wanted.size(); ++j) {
      if (overlap(wanted[i], wanted[j])) {
        throw CommandError("ERR Prefix '" + wanted[i] + "' overlaps with another provided prefix '" + wanted[j] +
                           "'. Prefixes for a single client must not overlap.");
      }
    }
  }
}

}  // namespace

TrackingState read_tracking(Session& session, const Args& args) {
  Server& server = session.server();
  TrackingState wanted;
  bool prefix_given = false;
  for (size_t i = 3; i < args.size(); ++i) {
    const bool more = i + 1 < args.size();
    if (args.is(i, "REDIRECT") && more) {
      if (wanted.redirect != 0) throw CommandError("ERR A client can only redirect to a single other client");
      const int64_t id = args.integer(++i);
      if (id < 0 || !server.session(static_cast<uint64_t>(id))) {
        throw CommandError("ERR The client ID you want redirect to does not exist");
      }
      wanted.redirect = static_cast<uint64_t>(id);
    } else if (args.is(i, "BCAST")) {
      wanted.broadcast = true;
    } else if (args.is(i, "OPTIN")) {
      wanted.opt_in = true;
    } else if (args.is(i, "OPTOUT")) {
      wanted.opt_out = true;
    } else if (args.is(i, "NOLOOP")) {
      wanted.no_loop = true;
    } else if (args.is(i, "PREFIX") && more) {
      wanted.prefixes.emplace_back(args[++i]);
      prefix_given = true;
    } else {
      throw CommandError(error::syntax);
    }
  }

  if (args.is(2, "OFF")) return {};
  if (!args.is(2, "ON")) throw CommandError(error::syntax);
  if (prefix_given && !wanted.broadcast) {
    throw CommandError("ERR PREFIX option requires BCAST mode to be enabled");
  }
  TrackingState& now = session.tracking;
  if (now.on && now.broadcast != wanted.broadcast) {
    throw CommandError(
        "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it "
        "with a different mode.");
  }
  if (wanted.broadcast && (wanted.opt_in || wanted.opt_out)) {
    throw CommandError("ERR OPTIN and OPTOUT are not compatible with BCAST");
  }
  if (wanted.opt_in && wanted.opt_out) {
    throw CommandError("ERR You can't specify both OPTIN mode and OPTOUT mode");
  }
  if (now.on && ((wanted.opt_in && now.opt_out) || (wanted.opt_out && now.opt_in))) {
    throw CommandError(
        "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it "
        "with a different mode.");
  }
  if (wanted.broadcast) {
    check_overlap(wanted.prefixes, now.prefixes);
    wanted.prefixes.insert(wanted.prefixes.end(), now.prefixes.begin(), now.prefixes.end());
  }
  wanted.on = true;
  return wanted;
}

// CLIENT TRACKING <ON | OFF> [REDIRECT client-id] [PREFIX prefix …] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]
void client_tracking(Session& session, const Args& args, Reply& reply) {
  TrackingState wanted = read_tracking(session, args);
  Tracking& tracking = session.server().tracking();
  tracking.disable(session);
  if (wanted.on) {
    session.tracking = std::move(wanted);
    tracking.enable(session);
  }
  reply.ok();
}

// CLIENT CACHING <YES | NO>
void client_caching(Session& session, const Args& args, Reply& reply) {
  TrackingState& tracking = session.tracking;
  if (!tracking.on) {
    throw CommandError(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled");
  }
  if (args.is(2, "YES")) {
    if (!tracking.opt_in)
      throw CommandError("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
  } else if (args.is(2, "NO")) {
    if (!tracking.opt_out)
      throw CommandError("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
  } else {
    throw CommandError(error::syntax);
  }
  tracking.caching = true;
  reply.ok();
}

// CLIENT GETREDIR
void client_getredir(Session& session, const Args&, Reply& reply) {
  reply.integer(session.tracking.on ? static_cast<int64_t>(session.tracking.redirect) : -1);
}

// CLIENT TRACKINGINFO
void client_trackinginfo(Session& session, const Args&, Reply& reply) {
  const TrackingState& tracking = session.tracking;
  std::vector<View> flags;
  flags.emplace_back(tracking.on ? "on" : "off");
  if (tracking.broadcast) flags.emplace_back("bcast");
  if (tracking.opt_in) {
    flags.emplace_back("optin");
    if (tracking.caching) flags.emplace_back("caching-yes");
  }
  if (tracking.opt_out) {
    flags.emplace_back("optout");
    if (tracking.caching) flags.emplace_back("caching-no");
  }
  if (tracking.no_loop) flags.emplace_back("noloop");
  if (tracking.broken_redirect) flags.emplace_back("broken_redirect");
  reply.map(3);
  reply.bulk("flags");
  reply.set(flags.size());
  for (const View flag : flags) reply.bulk(flag);
  reply.bulk("redirect");
  reply.integer(tracking.on ? static_cast<int64_t>(tracking.redirect) : -1);
  reply.bulk("prefixes");
  std::vector<Bytes> sorted = tracking.prefixes;
  std::sort(sorted.begin(), sorted.end());
  reply.array(sorted.size());
  for (const Bytes& prefix : sorted) reply.bulk(prefix);
}

}  // namespace redipy
