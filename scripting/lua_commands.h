// SPDX-License-Identifier: Apache-2.0
//
// What Redis's Lua gives for a command's reply, and what a script of ours has to get (functions.h, docs/scripts.md): a
// row for each command whose reply is plain in RESP2 or needs a conversion of its own. A command without a row is
// called in RESP3, whose replies tell their types, and converted by what they are.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/view.h"
#include "scripting/graph.h"

namespace redipy::script {

enum class ReplyShape : uint8_t {
  integer,
  integer_or_none,
  text,
  text_or_none,
  number_or_none,  ///< a double, in RESP2 its text
  status,
  list,  ///< of texts or integers, without nulls
  list_or_none,
  sorted_list,      ///< a set: in byte order
  list_with_nones,  ///< may hold nulls, which RESP3's Lua tables lose
  list_or_count,    ///< the same, or an integer: SORT with STORE
  number_list,      ///< of doubles and nulls, one inside another
  dict,             ///< in RESP2 a flat array
  type_name,
  done,          ///< SET without GET
  done_or_text,  ///< SET with options that are not known before
  increment,
  score_pairs,
  fields,
  truth,
  any,  ///< RESP3
};

struct ReplyRow {
  View name;      ///< in upper case
  uint8_t least;  ///< words after the name for which the shape holds
  uint8_t most;   ///< 255: any number
  ReplyShape shape;
};
std::span<const ReplyRow> reply_rows();

/// Whether some row has that name (in upper case).
bool has_reply_row(View name);

/// Of a call of redis.call with its arguments.
ReplyShape reply_shape(const Expression& call);

/// The command's name in upper case, when it is a literal; empty if it is not.
Bytes command_of(const Expression& call);

}  // namespace redipy::script
