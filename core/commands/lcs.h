// SPDX-License-Identifier: Apache-2.0
//
// LCS key1 key2 [options]: the longest common subsequence of two strings. It stands apart from strings.cpp for its
// algorithm.
#pragma once

#include "core/command/args.h"
#include "core/command/reply.h"

namespace redipy {

class Store;

void lcs(Store& store, const Args& args, Reply& reply);

}  // namespace redipy
