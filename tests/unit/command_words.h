// SPDX-License-Identifier: Apache-2.0
//
// Random commands for comparing two stores through the handlers: templates whose placeholders are filled with keys,
// elements and numbers. `unordered` marks those whose reply has an order that a store may choose.
#pragma once

#include <string>
#include <vector>

#include "collection_words.h"

namespace redipy {

struct CommandTemplate {
  const char* text;
  bool unordered = false;
};

// {s} {h} {l} {S} {z}: keys meant for a type, {v} a value, {m} a field or member, {n} an integer, {i} an index, {f} a
// score, {t} milliseconds, {c} a count, {b} a bit offset.
inline const std::vector<CommandTemplate>& command_templates() {
  static const std::vector<CommandTemplate> all = {
      {"SET {s} {v}"},
      {"SET {s} {n}"},
      {"SET {s} {v} PX {t}"},
      {"SET {s} {v} KEEPTTL GET"},
      {"SET {s} {v} NX"},
      {"SET {s} {v} XX"},
      {"GET {s}"},
      {"GETSET {s} {v}"},
      {"GETDEL {s}"},
      {"GETEX {s} PX {t}"},
      {"GETEX {s} PERSIST"},
      {"MSET {s} {v} {s} {v}"},
      {"MSETNX {s} {v} {s} {v}"},
      {"MGET {s} {s} {h} {s}"},
      {"APPEND {s} {v}"},
      {"STRLEN {s}"},
      {"INCR {s}"},
      {"INCRBY {s} {n}"},
      {"DECRBY {s} {n}"},
      {"INCRBYFLOAT {s} {f}"},
      {"GETRANGE {s} {i} {i}"},
      {"SETRANGE {s} {c} {v}"},
      {"SETBIT {s} {b} 1"},
      {"GETBIT {s} {b}"},
      {"BITCOUNT {s}"},
      {"BITOP XOR {s} {s} {s}"},
      {"BITFIELD {s} SET u8 {b} {c} GET i16 {b}"},
      {"PFADD {s} {m} {m}"},
      {"PFCOUNT {s} {s}"},
      {"PFMERGE {s} {s}"},
      {"LCS {s} {s}"},
      {"SUBSTR {s} 0 3"},

      {"HSET {h} {m} {v}"},
      {"HSET {h} {m} {v} {m} {v} {m} {v}"},
      {"HSET {h} {m} {n}"},
      {"HSETNX {h} {m} {v}"},
      {"HGET {h} {m}"},
      {"HMGET {h} {m} {m} {m}"},
      {"HGETALL {h}", true},
      {"HKEYS {h}", true},
      {"HVALS {h}", true},
      {"HDEL {h} {m}"},
      {"HDEL {h} {m} {m} {m}"},
      {"HEXISTS {h} {m}"},
      {"HLEN {h}"},
      {"HSTRLEN {h} {m}"},
      {"HINCRBY {h} {m} {n}"},
      {"HINCRBYFLOAT {h} {m} {f}"},

      {"LPUSH {l} {v}"},
      {"RPUSH {l} {v} {m}"},
      {"RPUSH {l} {m} {m} {m} {m}"},
      {"LPUSHX {l} {m}"},
      {"RPUSHX {l} {m}"},
      {"LPOP {l}"},
      {"RPOP {l}"},
      {"LPOP {l} {c}"},
      {"RPOP {l} {c}"},
      {"LLEN {l}"},
      {"LINDEX {l} {i}"},
      {"LRANGE {l} {i} {i}"},
      {"LRANGE {l} 0 -1"},
      {"LSET {l} {i} {v}"},
      {"LINSERT {l} BEFORE {m} {m}"},
      {"LINSERT {l} AFTER {m} {m}"},
      {"LREM {l} 1 {m}"},
      {"LREM {l} -2 {m}"},
      {"LREM {l} 0 {m}"},
      {"LTRIM {l} {i} {i}"},
      {"LPOS {l} {m} COUNT 0 RANK -1"},
      {"LPOS {l} {m} RANK 2"},
      {"RPOPLPUSH {l} {l}"},
      {"LMOVE {l} {l} LEFT RIGHT"},
      {"LMOVE {l} {l} RIGHT RIGHT"},
      {"LMPOP 2 {l} {l} LEFT COUNT {c}"},

      {"SADD {S} {m}"},
      {"SADD {S} {n}"},
      {"SADD {S} {n} {n} {n}"},
      {"SADD {S} {m} {m} {m} {n}"},
      {"SREM {S} {m}"},
      {"SREM {S} {n} {m} {n}"},
      {"SCARD {S}"},
      {"SISMEMBER {S} {m}"},
      {"SMISMEMBER {S} {m} {n} {m}"},
      {"SMEMBERS {S}", true},
      {"SMOVE {S} {S} {m}"},
      {"SMOVE {S} {S} {n}"},
      {"SINTER {S} {S}", true},
      {"SUNION {S} {S}", true},
      {"SDIFF {S} {S}", true},
      {"SINTERCARD 2 {S} {S}"},
      {"SPOP {S} 100000", true},

      {"ZADD {z} {f} {m}"},
      {"ZADD {z} {f} {m} {f} {m} {f} {m}"},
      {"ZADD {z} XX GT CH {f} {m}"},
      {"ZADD {z} NX {f} {m}"},
      {"ZADD {z} LT {f} {m}"},
      {"ZINCRBY {z} {f} {m}"},
      {"ZADD {z} INCR {f} {m}"},
      {"ZSCORE {z} {m}"},
      {"ZMSCORE {z} {m} {m}"},
      {"ZCARD {z}"},
      {"ZRANK {z} {m}"},
      {"ZREVRANK {z} {m}"},
      {"ZREM {z} {m} {m}"},
      {"ZCOUNT {z} {f} {f}"},
      {"ZCOUNT {z} ({f} +inf"},
      {"ZRANGE {z} {i} {i} WITHSCORES"},
      {"ZRANGE {z} {i} {i} REV"},
      {"ZRANGE {z} {f} {f} BYSCORE LIMIT {c} {c}"},
      {"ZRANGE {z} +inf ({f} BYSCORE REV LIMIT {c} {c} WITHSCORES"},
      {"ZRANGEBYSCORE {z} ({f} {f}"},
      {"ZREVRANGEBYSCORE {z} {f} -inf"},
      {"ZPOPMIN {z} {c}"},
      {"ZPOPMAX {z}"},
      {"ZREMRANGEBYRANK {z} {i} {i}"},
      {"ZREMRANGEBYSCORE {z} {f} ({f}"},
      {"ZUNIONSTORE {z} 2 {z} {z}"},
      {"ZINTERSTORE {z} 2 {z} {S}"},
      {"ZDIFFSTORE {z} 2 {z} {z}"},
      {"ZUNION 2 {z} {z} WITHSCORES"},
      {"ZRANGESTORE {z} {z} {i} {i}"},
      {"ZADD lex 0 {m} 0 {m} 0 {m}"},
      {"ZRANGEBYLEX lex [{m} +"},
      {"ZRANGEBYLEX lex - ({m} LIMIT 1 {c}"},
      {"ZREVRANGEBYLEX lex [{m} -"},
      {"ZLEXCOUNT lex ({m} [{m}"},
      {"ZREMRANGEBYLEX lex [{m} [{m}"},
      {"GEOADD {z} {c}.5 {c}.25 {m}"},
      {"GEOPOS {z} {m}"},

      {"DEL {s}"},
      {"DEL {h} {l}"},
      {"UNLINK {S} {z}"},
      {"EXISTS {s} {h} {l} {S} {z}"},
      {"TYPE {s}"},
      {"TYPE {h}"},
      {"RENAME {h} {h}"},
      {"RENAME {l} {l}"},
      {"RENAMENX {z} {z}"},
      {"RENAME {s} {S}"},
      {"COPY {h} {h} REPLACE"},
      {"COPY {l} {l}"},
      {"COPY {S} {S} REPLACE"},
      {"COPY {z} {z} REPLACE"},
      {"COPY {s} {s} DB 1 REPLACE"},
      {"MOVE {l} 1"},
      {"EXPIRE {h} 1"},
      {"PEXPIRE {l} {t}"},
      {"PEXPIRE {s} {t} GT"},
      {"PEXPIRE {z} -1"},
      {"PERSIST {l}"},
      {"PTTL {l}"},
      {"PEXPIRETIME {h}"},
      {"TOUCH {s} {l}"},
      {"KEYS *", true},
      {"DBSIZE"},
      {"SORT {l} ALPHA"},
      {"SORT {S} ALPHA STORE {l}"},
      {"SORT {z} BY nosort LIMIT 1 2"},
      {"SET {l} {v}"},
      {"OBJECT ENCODING {s}"},
      {"OBJECT ENCODING {h}"},
      {"OBJECT ENCODING {S}"},
      {"OBJECT ENCODING {z}"},
      {"DUMP {s}"},
  };
  return all;
}

class CommandWords {
 public:
  explicit CommandWords(uint64_t seed) : words_(seed) {}

  const CommandTemplate& pick() {
    const auto& all = command_templates();
    return all[words_.random.below(all.size())];
  }

  std::vector<std::string> fill(const CommandTemplate& command) {
    std::vector<std::string> result(1);
    const std::string_view text = command.text;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == ' ') {
        result.emplace_back();
      } else if (text[i] == '{') {
        result.back() += value(text[i + 1]);
        i += 2;
      } else {
        result.back() += text[i];
      }
    }
    return result;
  }

  Random& random() { return words_.random; }
  bool one_in(uint64_t n) { return words_.one_in(n); }
  /// How many different elements there are: more make larger collections.
  void set_kinds(size_t kinds) { kinds_ = kinds; }

 private:
  std::string value(char kind) {
    switch (kind) {
      case 'v':
        return one_in(40) ? std::string(words_.random.below(9000), 'h') + words_.word(kinds_, true)
                          : words_.word(kinds_, one_in(10));
      case 'm':
        return words_.word(kinds_, one_in(300));
      case 'n':
        return words_.number(kinds_);
      case 'i':
        return std::to_string(static_cast<int64_t>(words_.random.below(2 * kinds_)) - static_cast<int64_t>(kinds_));
      case 'f':
        return one_in(20)  ? (one_in(2) ? "inf" : "-inf")
               : one_in(3) ? std::to_string(words_.random.below(100)) + ".125"
                           : words_.number(kinds_);
      case 't':
        return std::to_string(1 + words_.random.below(300));
      case 'c':
        return std::to_string(words_.random.below(one_in(5) ? kinds_ : 5));
      case 'b':
        return std::to_string(words_.random.below(one_in(20) ? 100'000 : 200));
      default: {
        constexpr std::string_view types = "shlSz";
        const char type = one_in(25) ? types[words_.random.below(types.size())] : kind;
        return std::string(1, type) + std::to_string(words_.random.below(3));
      }
    }
  }

  Words words_;
  size_t kinds_ = 30;
};

}  // namespace redipy
