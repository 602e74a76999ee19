// SPDX-License-Identifier: Apache-2.0
//
// The list of families of session commands.
#include "server/commands/families.h"

#include <vector>

namespace redipy {

std::span<const Family> session_families() {
  static const std::vector<Family> families = {
      {Group::connection, connection_rows()},     {Group::connection, client_rows()},
      {Group::transactions, transaction_rows()},  {Group::pubsub, pubsub_rows()},
      {Group::server, introspection_rows()},      {Group::server, server_rows()},
      {Group::backend, backend_rows()},           {Group::cluster, cluster_rows()},
      {Group::scripting, scripting_rows()},       {Group::scripting, unsupported_function_rows()},
      {Group::stream, unsupported_stream_rows()}, {Group::generic, unsupported_key_rows()},
      {Group::server, unsupported_server_rows()},
  };
  return families;
}

}  // namespace redipy
