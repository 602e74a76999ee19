// SPDX-License-Identifier: Apache-2.0
//
// A prefix that clients do not see: put before each key of a request on its way to an upstream, and taken off again in
// the replies and messages that carry keys. Where keys are is read from the command's row (core/command/key_finder.h);
// what is more than a key (patterns, channels, replies) is a role that key_rewriting.cpp gives to commands by name.
//
//   request                     becomes, with the prefix p:
//   GET k                       GET p:k
//   SORT k BY w_* GET # GET v_*  SORT p:k BY p:w_* GET # GET p:v_*      (no prefix for a BY without '*', nor for #)
//   KEYS a*, SCAN 0 MATCH a*    p:a*, where what is special in the prefix is escaped; SCAN 0 gets MATCH p:*
//   SUBSCRIBE c, PUBLISH c m    channels are names like keys: p:c. PSUBSCRIBE c*: p:c*
//   __keyspace@0__:k            __keyspace@0__:p:k, as channel and as pattern
//   __keyevent@0__:del          stays; messages there are keys, and those of keys without the prefix are dropped
//   __key*__:*                  stays, as any pattern that may fit both kinds; what arrives is judged by its channel
//
// So a pattern such as * does not bring keyspace events under a prefix, and __key*__:k* brings none of keys.
#pragma once

#include <optional>
#include <vector>

#include "core/command/table.h"
#include "core/resp/buffer.h"

namespace redipy {

/// Immutable once made: any number of threads may use it.
class KeyRewriting {
 public:
  /// `prefix` holds no '*' and begins not with "__", nor is it "_" (core/base/backend_url.h sees to that). Empty:
  /// requests and replies pass as they are.
  KeyRewriting(const CommandTable& commands, View prefix);

  View prefix() const { return prefix_; }
  /// A pattern that fits exactly what begins with the prefix: "p:*".
  Bytes everything() const { return escaped_prefix_ + "*"; }

  /// Appends the request with the prefix in it. False, with nothing appended, if the command as it stands would reach
  /// beyond the prefix: it is about the whole keyspace (DBSIZE, FLUSHDB, FLUSHALL, RANDOMKEY, SWAPDB, PUBSUB NUMPAT),
  /// or a subcommand that the table does not know. Of Lua (EVAL, FCALL) the declared keys get the prefix. A request
  /// whose count of keys is wrong is appended as it is, for any Redis refuses it.
  bool prefix_request(const CommandTable::Entry& entry, const Args& args, Buffer& out) const;

  /// Whether replies to the command may hold keys: if not, strip_reply() need not be asked.
  bool carries_keys(const CommandTable::Entry& entry) const {
    return !prefix_.empty() && role_of(entry) >= first_that_carries;
  }
  /// Appends the complete reply to a request of prefix_request(), without the prefix; in lists, keys without it are
  /// left out. False, with nothing appended, if the reply as a whole is about a key without it (RANDOMKEY), or is a
  /// message that must be dropped. What has not the shape of such a reply, as an error or null, passes as it is.
  /// Replies in either protocol version; of EXEC each element is a reply of its own.
  bool strip_reply(const CommandTable::Entry& entry, View reply, Buffer& out) const;

  /// The same for what comes unasked, or answers SUBSCRIBE and its kin: messages (message, pmessage, smessage),
  /// confirmations, invalidations.
  bool strip_message(View message, Buffer& out) const;

  /// The key as the client knows it; nullopt if it has not the prefix.
  std::optional<View> strip_key(View key) const {
    if (!key.starts_with(prefix_)) return std::nullopt;
    return key.substr(prefix_.size());
  }

 private:
  enum class Role : uint8_t {
    keys,              ///< keys where the row says
    debug_keys,        ///< DEBUG OBJECT, DIGEST-VALUE: all from 2 on
    sort,              ///< SORT, SORT_RO
    whole_keyspace,    ///< not under a prefix
    publish,           ///< PUBLISH
    shard_publish,     ///< SPUBLISH
    tracking,          ///< CLIENT TRACKING
    random_key,        ///< as whole_keyspace, but its reply is a key
    pattern,           ///< KEYS
    scan,              ///< SCAN
    popped_key,        ///< keys; the reply is an array with the key first
    streams,           ///< XREAD, XREADGROUP
    groups,            ///< keys; an error may name the key
    channels,          ///< SUBSCRIBE, UNSUBSCRIBE
    patterns,          ///< PSUBSCRIBE, PUNSUBSCRIBE
    shard_channels,    ///< SSUBSCRIBE, SUNSUBSCRIBE
    listed_channels,   ///< PUBSUB CHANNELS
    listed_shards,     ///< PUBSUB SHARDCHANNELS
    counted_channels,  ///< PUBSUB NUMSUB
    counted_shards,    ///< PUBSUB SHARDNUMSUB
  };
  static constexpr Role first_that_carries = Role::random_key;

  struct Named {
    View name;
    Role role;
  };
  static const Named named_roles[];
  struct Way {
    Role role = Role::keys;
    uint8_t only_key = 0;  ///< the argument that is the only key, if the row is as simple as that
  };
  /// A name in two parts, between which the prefix goes or was.
  struct Split {
    View before;
    View after;
  };

  Role role_of(const CommandTable::Entry& entry) const { return ways_[entry.id].role; }
  static Role find_role(const CommandTable::Entry& entry);

  void write_keys(const CommandTable::Entry& entry, const Args& args, Buffer& out) const;
  void write_sort(const Args& args, Buffer& out) const;
  void write_scan(const Args& args, Buffer& out) const;
  void write_publish(const Args& args, Buffer& out) const;
  void write_patterns(size_t first, const Args& args, Buffer& out) const;
  void write_listed(const Args& args, bool shards, Buffer& out) const;
  void write_tracking(const Args& args, Buffer& out) const;

  std::optional<Split> strip_channel(View name) const;
  std::optional<Split> strip_name(View name) const;
  Split strip_pattern(View pattern) const;

  Bytes prefix_;
  Bytes escaped_prefix_;   // fits the prefix, as a pattern
  std::vector<Way> ways_;  // by the entry's id
};

}  // namespace redipy
