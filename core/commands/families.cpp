// SPDX-License-Identifier: Apache-2.0
//
// The list of families.
#include "core/commands/families.h"

#include <vector>

namespace redipy {

std::span<const Family> data_families() {
  static const std::vector<Family> families = {
      {Group::string, string_rows()},   {Group::bitmap, bit_rows()},
      {Group::hash, hash_rows()},       {Group::list, list_rows()},
      {Group::set, set_rows()},         {Group::sorted_set, sorted_set_rows()},
      {Group::geo, geo_rows()},         {Group::hyperloglog, hyperloglog_rows()},
      {Group::generic, key_rows()},     {Group::generic, expiry_rows()},
      {Group::generic, sort_rows()},    {Group::generic, dump_rows()},
      {Group::server, database_rows()},
  };
  return families;
}

}  // namespace redipy
