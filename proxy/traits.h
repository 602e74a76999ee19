// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace redipy::proxy {

/// What may be done with a request, beside sending it.
struct Traits {
  bool repeatable = false;     ///< it only reads: it may be executed twice
  bool patient = false;        ///< its reply may take any time (a blocking command)
  bool whole = false;          ///< it is one block (MULTI … EXEC): of no use in part
  bool ignored = false;        ///< nobody asks what comes of it
  bool vital = false;          ///< if it is refused, the connection is of no use
  bool confirmations = false;  ///< what it gets confirms subscriptions: pushes in RESP3
  bool anywhere = false;       ///< means the same in every database, and may run where others are told BUSY
  bool guided = false;         ///< a cluster's redirections are seen to, and are no errors of the command
};

}  // namespace redipy::proxy
