// SPDX-License-Identifier: Apache-2.0
//
// The ACL categories of a command, as they follow from its flags and family.
#pragma once

#include <span>
#include <vector>

#include "core/command/table.h"

namespace redipy {

/// All categories, in the order in which ACL CAT lists them, in lower case.
std::span<const View> acl_categories();
/// Whether the command is in a category (in lower case).
bool in_acl_category(const CommandTable::Entry& entry, View category);
/// The command's categories, each with '@', in the order of acl_categories().
std::vector<Bytes> acl_categories_of(const CommandTable::Entry& entry);

}  // namespace redipy
