// SPDX-License-Identifier: Apache-2.0
//
// CLIENT TRACKING and its companions; their rows stand with the other CLIENT subcommands (clients.cpp).
#pragma once

#include "core/command/args.h"
#include "core/command/reply.h"

namespace redipy {

class Session;
struct TrackingState;

/// What CLIENT TRACKING asks for, checked against what the session has now.
TrackingState read_tracking(Session& session, const Args& args);

void client_tracking(Session& session, const Args& args, Reply& reply);
void client_caching(Session& session, const Args& args, Reply& reply);
void client_getredir(Session& session, const Args& args, Reply& reply);
void client_trackinginfo(Session& session, const Args& args, Reply& reply);

}  // namespace redipy
