// SPDX-License-Identifier: Apache-2.0
//
// The handlers of set algebra, whose rows stand in sets.cpp.
#pragma once

#include "core/command/args.h"
#include "core/command/reply.h"

namespace redipy {

class Store;

void sinter(Store& store, const Args& args, Reply& reply);
void sintercard(Store& store, const Args& args, Reply& reply);
void sinterstore(Store& store, const Args& args, Reply& reply);
void sunion(Store& store, const Args& args, Reply& reply);
void sunionstore(Store& store, const Args& args, Reply& reply);
void sdiff(Store& store, const Args& args, Reply& reply);
void sdiffstore(Store& store, const Args& args, Reply& reply);

}  // namespace redipy
