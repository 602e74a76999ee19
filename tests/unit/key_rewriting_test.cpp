// SPDX-License-Identifier: Apache-2.0
//
// The invisible prefix: into every place of every command where a key, pattern or channel is, and nowhere else; and out
// of every reply and message that carries one. What is in <> below gets the prefix, whatever the rows say.
#include "proxy/key_rewriting.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "core/command/key_finder.h"
#include "core/commands/families.h"
#include "core/resp/request_parser.h"
#include "proxy/request_writer.h"
#include "server/commands/families.h"

namespace redipy {
namespace {

using Words = std::vector<Bytes>;

const CommandTable& table() {
  static const CommandTable all = [] {
    std::vector<Family> families(data_families().begin(), data_families().end());
    families.insert(families.end(), session_families().begin(), session_families().end());
    return CommandTable(families);
  }();
  return all;
}

Words split(const Bytes& line) {
  std::istringstream stream(line);
  Words words;
  for (Bytes word; stream >> word;) words.push_back(word);
  return words;
}

std::vector<View> views(const Words& words) { return {words.begin(), words.end()}; }

/// The words of the request that these bytes are.
Words parse(View bytes) {
  RequestParser parser;
  std::vector<View> words;
  const char* at = bytes.data();
  EXPECT_EQ(parser.parse(at, bytes.data() + bytes.size(), words, {}), RequestParser::Result::complete);
  EXPECT_EQ(at, bytes.data() + bytes.size());
  return {words.begin(), words.end()};
}

const CommandTable::Entry& entry_of(const Words& words) {
  const auto all = views(words);
  const auto* entry = table().find(Args{std::span<const View>(all)});
  EXPECT_NE(entry, nullptr) << words[0];
  return *entry;
}

/// What the request becomes; nullopt if it must not be sent.
std::optional<Words> prefixed(const KeyRewriting& rewriting, const Words& words) {
  const auto all = views(words);
  Buffer out;
  if (!rewriting.prefix_request(entry_of(words), Args{std::span<const View>(all)}, out)) {
    EXPECT_TRUE(out.empty());
    return std::nullopt;
  }
  return parse(out.view());
}

Words prefixed(const Bytes& line) {
  return prefixed(KeyRewriting(table(), "p:"), split(line)).value_or(Words{"(refused)"});
}

/// The reply to a command (its name is enough), without the prefix; "(dropped)" if it is not to be passed on.
Bytes stripped(const Bytes& command, View reply) {
  const KeyRewriting rewriting(table(), "p:");
  Buffer out;
  out.append("before");
  const auto& entry = entry_of(split(command));
  EXPECT_TRUE(rewriting.carries_keys(entry)) << command;
  if (!rewriting.strip_reply(entry, reply, out)) {
    EXPECT_EQ(out.view(), "before");
    return "(dropped)";
  }
  return Bytes(out.view().substr(6));
}

Bytes stripped_message(View message) {
  const KeyRewriting rewriting(table(), "p:");
  Buffer out;
  return rewriting.strip_message(message, out) ? Bytes(out.view()) : "(dropped)";
}

constexpr const char* samples[] = {
    // strings, bits
    "APPEND <k> v",
    "DECR <k>",
    "DECRBY <k> 1",
    "GET <k>",
    "GETDEL <k>",
    "GETEX <k> EX 1",
    "GETRANGE <k> 0 1",
    "GETSET <k> v",
    "INCR <k>",
    "INCRBY <k> 1",
    "INCRBYFLOAT <k> 1",
    "LCS <a> <b> IDX",
    "MGET <a> <b> <c>",
    "MSET <a> 1 <b> 2",
    "MSETNX <a> 1 <b> 2",
    "PSETEX <k> 1 v",
    "SET <k> v GET EX 1",
    "SETEX <k> 1 v",
    "SETNX <k> v",
    "SETRANGE <k> 1 v",
    "STRLEN <k>",
    "SUBSTR <k> 0 1",
    "BITCOUNT <k>",
    "BITFIELD <k> GET u8 0",
    "BITFIELD_RO <k> GET u8 0",
    "BITOP AND <d> <a> <b>",
    "BITPOS <k> 1",
    "GETBIT <k> 1",
    "SETBIT <k> 1 1",
    // hashes
    "HDEL <k> f",
    "HEXISTS <k> f",
    "HGET <k> f",
    "HGETALL <k>",
    "HINCRBY <k> f 1",
    "HINCRBYFLOAT <k> f 1",
    "HKEYS <k>",
    "HLEN <k>",
    "HMGET <k> f g",
    "HMSET <k> f v",
    "HRANDFIELD <k> 1",
    "HSCAN <k> 0 MATCH f*",
    "HSET <k> f v",
    "HSETNX <k> f v",
    "HSTRLEN <k> f",
    "HVALS <k>",
    // lists
    "BLMOVE <a> <b> LEFT RIGHT 0",
    "BLMPOP 0 2 <a> <b> LEFT",
    "BLPOP <a> <b> 0",
    "BRPOP <a> 0",
    "BRPOPLPUSH <a> <b> 0",
    "LINDEX <k> 0",
    "LINSERT <k> BEFORE p e",
    "LLEN <k>",
    "LMOVE <a> <b> LEFT RIGHT",
    "LMPOP 2 <a> <b> LEFT COUNT 2",
    "LPOP <k>",
    "LPOS <k> e",
    "LPUSH <k> e f",
    "LPUSHX <k> e",
    "LRANGE <k> 0 1",
    "LREM <k> 0 e",
    "LSET <k> 0 e",
    "LTRIM <k> 0 1",
    "RPOP <k>",
    "RPOPLPUSH <a> <b>",
    "RPUSH <k> e",
    "RPUSHX <k> e",
    // sets
    "SADD <k> m",
    "SCARD <k>",
    "SDIFF <a> <b>",
    "SDIFFSTORE <d> <a> <b>",
    "SINTER <a> <b>",
    "SINTERCARD 2 <a> <b> LIMIT 1",
    "SINTERSTORE <d> <a>",
    "SISMEMBER <k> m",
    "SMEMBERS <k>",
    "SMISMEMBER <k> m n",
    "SMOVE <a> <b> m",
    "SPOP <k>",
    "SRANDMEMBER <k>",
    "SREM <k> m",
    "SSCAN <k> 0",
    "SUNION <a> <b>",
    "SUNIONSTORE <d> <a> <b>",
    // sorted sets
    "BZMPOP 0 2 <a> <b> MIN",
    "BZPOPMAX <a> <b> 0",
    "BZPOPMIN <a> <b> 0",
    "ZADD <k> NX 1 m",
    "ZCARD <k>",
    "ZCOUNT <k> 0 1",
    "ZDIFF 2 <a> <b> WITHSCORES",
    "ZDIFFSTORE <d> 2 <a> <b>",
    "ZINCRBY <k> 1 m",
    "ZINTER 2 <a> <b> WEIGHTS 1 2",
    "ZINTERCARD 2 <a> <b> LIMIT 1",
    "ZINTERSTORE <d> 2 <a> <b> AGGREGATE MIN",
    "ZLEXCOUNT <k> - +",
    "ZMPOP 2 <a> <b> MIN",
    "ZMSCORE <k> m",
    "ZPOPMAX <k>",
    "ZPOPMIN <k>",
    "ZRANDMEMBER <k>",
    "ZRANGE <k> 0 1 REV",
    "ZRANGEBYLEX <k> - +",
    "ZRANGEBYSCORE <k> 0 1",
    "ZRANGESTORE <d> <s> 0 1",
    "ZRANK <k> m",
    "ZREM <k> m",
    "ZREMRANGEBYLEX <k> - +",
    "ZREMRANGEBYRANK <k> 0 1",
    "ZREMRANGEBYSCORE <k> 0 1",
    "ZREVRANGE <k> 0 1",
    "ZREVRANGEBYLEX <k> + -",
    "ZREVRANGEBYSCORE <k> 1 0",
    "ZREVRANK <k> m",
    "ZSCAN <k> 0",
    "ZSCORE <k> m",
    "ZUNION 2 <a> <b> AGGREGATE SUM",
    "ZUNIONSTORE <d> 2 <a> <b> WEIGHTS 1 2",
    // sketches, positions; the last STORE counts
    "PFADD <k> e",
    "PFCOUNT <a> <b>",
    "PFDEBUG ENCODING <k>",
    "PFMERGE <d> <a> <b>",
    "GEOADD <k> 1 2 m",
    "GEODIST <k> m n",
    "GEOHASH <k> m",
    "GEOPOS <k> m",
    "GEORADIUS <k> 1 2 3 km STORE a STOREDIST <b>",
    "GEORADIUS_RO <k> 1 2 3 km",
    "GEORADIUSBYMEMBER <k> m 3 km STORE <d>",
    "GEORADIUSBYMEMBER_RO <k> m 3 km",
    "GEOSEARCH <k> FROMMEMBER m BYRADIUS 1 km",
    "GEOSEARCHSTORE <d> <s> FROMMEMBER m BYRADIUS 1 km",
    // streams
    "XACK <k> g 1-1",
    "XADD <k> * f v",
    "XAUTOCLAIM <k> g c 0 0",
    "XCLAIM <k> g c 0 1-1",
    "XDEL <k> 1-1",
    "XGROUP CREATE <k> g $",
    "XGROUP CREATECONSUMER <k> g c",
    "XGROUP DELCONSUMER <k> g c",
    "XGROUP DESTROY <k> g",
    "XGROUP SETID <k> g $",
    "XINFO CONSUMERS <k> g",
    "XINFO GROUPS <k>",
    "XINFO STREAM <k>",
    "XLEN <k>",
    "XPENDING <k> g",
    "XRANGE <k> - +",
    "XREAD COUNT 1 STREAMS <a> <b> 0 0",
    "XREADGROUP GROUP g c COUNT 1 STREAMS <a> <b> > >",
    "XREVRANGE <k> + -",
    "XSETID <k> 1-1",
    "XTRIM <k> MAXLEN 1",
    // keys
    "COPY <a> <b> REPLACE",
    "DEL <a> <b>",
    "DUMP <k>",
    "EXISTS <a> <b>",
    "EXPIRE <k> 1",
    "EXPIREAT <k> 1",
    "EXPIRETIME <k>",
    "MIGRATE h 1 <k> 0 1000",
    "MOVE <k> 1",
    "OBJECT ENCODING <k>",
    "OBJECT FREQ <k>",
    "OBJECT IDLETIME <k>",
    "OBJECT REFCOUNT <k>",
    "MEMORY USAGE <k> SAMPLES 1",
    "PERSIST <k>",
    "PEXPIRE <k> 1",
    "PEXPIREAT <k> 1",
    "PEXPIRETIME <k>",
    "PTTL <k>",
    "RENAME <a> <b>",
    "RENAMENX <a> <b>",
    "RESTORE <k> 0 payload",
    "SORT <k> BY <w_*> LIMIT 0 5 GET # GET <v_*->f> ALPHA STORE <d>",
    "SORT <k> BY nosort GET GET get BY store <STORE>",
    "SORT <k> GET STORE STORE <d>",
    "SORT_RO <k> BY <w_*> GET <v_*>",
    "TOUCH <a> <b>",
    "TTL <k>",
    "TYPE <k>",
    "UNLINK <a> <b>",
    "WATCH <a> <b>",
    // scripts: the declared keys
    "EVAL script 2 <a> <b> c",
    "EVAL_RO script 0 a",
    "EVALSHA sha 1 <a> b",
    "EVALSHA_RO sha 1 <a> b",
    "FCALL f 1 <a> b",
    "FCALL_RO f 1 <a> b",
    "SCRIPT RUN sha 1 <a> b",
    // channels
    "PUBLISH <c> p:m",
    "PUBLISH __keyspace@0__:<k> set",
    "PUBLISH __keyevent@0__:set <k>",
    "SPUBLISH <c> m",
    "SUBSCRIBE <c> __keyspace@0__:<k> __keyevent@0__:del __redis__:invalidate <__other>",
    "UNSUBSCRIBE <c> <d>",
    "UNSUBSCRIBE",
    "PSUBSCRIBE <c*> <*> __keyspace@*__:<k*> __keyevent@0__:* __key*__:* __key[se]*:x <__keyb*> <_*>",
    "PUNSUBSCRIBE <c*>",
    "SSUBSCRIBE <a> <__keyevent@0__:x>",
    "SUNSUBSCRIBE <a>",
    "SUNSUBSCRIBE",
    "PUBSUB CHANNELS <a*>",
    "PUBSUB NUMSUB <a> __keyevent@0__:x",
    "PUBSUB SHARDCHANNELS <a*>",
    "PUBSUB SHARDNUMSUB <a> <b>",
    "CLIENT TRACKING ON REDIRECT 5 BCAST PREFIX <a> PREFIX <b> NOLOOP",
    "CLIENT TRACKING OFF",
    // patterns of keys
    "KEYS <a*>",
    "SCAN 0 MATCH <a*> COUNT 5",
    // others
    "DEBUG OBJECT <k>",
    "DEBUG DIGEST-VALUE <a> <b>",
    "PING hello",
    "ECHO p:x",
    "SELECT 3",
};

/// Request and expectation of a sample: with `prefix` for each '<'.
std::pair<Words, Words> read_sample(const Bytes& sample, const Bytes& prefix) {
  Bytes plain;
  Bytes expected;
  for (const char c : sample) {
    if (c == '<') expected += prefix;
    if (c == '<' || (c == '>' && !plain.empty() && plain.back() != ' ')) continue;
    plain += c;
    expected += c;
  }
  return {split(plain), split(expected)};
}

TEST(KeyRewriting, puts_the_prefix_where_it_belongs_in_every_command) {
  const KeyRewriting rewriting(table(), "p:");
  for (const char* sample : samples) {
    const auto [request, expected] = read_sample(sample, "p:");
    EXPECT_EQ(prefixed(rewriting, request), expected) << sample;
  }
}

TEST(KeyRewriting, every_command_with_keys_has_a_sample) {
  std::set<Bytes> sampled;
  for (const char* sample : samples) sampled.insert(entry_of(split(sample)).full_name);
  for (const auto& entry : table().entries()) {
    if (entry.command->keys.count == 0 && entry.command->keys.rule == KeyRule::none) continue;
    EXPECT_TRUE(sampled.contains(entry.full_name)) << entry.full_name;
  }
}

TEST(KeyRewriting, finds_keys_among_very_many_words) {
  Words request{"MSET"};
  Words expected{"MSET"};
  for (int i = 0; i < 1000; ++i) {
    const Bytes key = "k" + std::to_string(i);
    request.insert(request.end(), {key, "v"});
    expected.insert(expected.end(), {"p:" + key, "v"});
  }
  EXPECT_EQ(prefixed(KeyRewriting(table(), "p:"), request), expected);
}

TEST(KeyRewriting, what_would_reach_beyond_the_prefix_is_not_written) {
  for (const char* request : {"DBSIZE", "FLUSHALL", "FLUSHDB ASYNC", "SWAPDB 0 1", "RANDOMKEY", "PUBSUB NUMPAT",
                              "DEBUG DIGEST", "DEBUG POPULATE 5", "OBJECT NEWS k", "XGROUP NEWS k", "CLIENT NEWS"}) {
    EXPECT_EQ(prefixed(request), Words{"(refused)"}) << request;
  }
}

TEST(KeyRewriting, adds_a_pattern_where_there_is_none) {
  EXPECT_EQ(prefixed("SCAN 0"), split("SCAN 0 MATCH p:*"));
  EXPECT_EQ(prefixed("SCAN 0 COUNT 5 TYPE hash"), split("SCAN 0 COUNT 5 TYPE hash MATCH p:*"));
  EXPECT_EQ(prefixed("SCAN 0 match a MATCH b"), split("SCAN 0 match p:a MATCH p:b"));
  EXPECT_EQ(prefixed("PUBSUB CHANNELS"), split("PUBSUB CHANNELS p:*"));
  EXPECT_EQ(prefixed("PUBSUB SHARDCHANNELS"), split("PUBSUB SHARDCHANNELS p:*"));
  EXPECT_EQ(prefixed("CLIENT TRACKING ON BCAST"), split("CLIENT TRACKING ON BCAST PREFIX p:"));
  EXPECT_EQ(prefixed("CLIENT TRACKING ON"), split("CLIENT TRACKING ON"));
}

TEST(KeyRewriting, leaves_what_any_redis_refuses_as_it_is) {
  EXPECT_EQ(prefixed("LMPOP 9 a b LEFT"), split("LMPOP 9 a b LEFT"));
  EXPECT_EQ(prefixed("EVAL s x a"), split("EVAL s x a"));
  EXPECT_EQ(prefixed("SCAN 0 MATCH"), split("SCAN 0 MATCH"));
  EXPECT_EQ(prefixed("GET"), split("GET"));
}

TEST(KeyRewriting, migrates_keys_after_the_word) {
  const Words request{"MIGRATE", "h", "1", "", "0", "9", "KEYS", "a", "b"};
  const Words expected{"MIGRATE", "h", "1", "", "0", "9", "KEYS", "p:a", "p:b"};
  EXPECT_EQ(prefixed(KeyRewriting(table(), "p:"), request), expected);
}

TEST(KeyRewriting, escapes_the_prefix_in_patterns_only) {
  const KeyRewriting rewriting(table(), "a[b]?\\^-:");
  EXPECT_EQ(prefixed(rewriting, {"KEYS", "x*"}), (Words{"KEYS", "a\\[b\\]\\?\\\\\\^\\-:x*"}));
  EXPECT_EQ(prefixed(rewriting, {"GET", "x*"}), (Words{"GET", "a[b]?\\^-:x*"}));
  EXPECT_EQ(prefixed(rewriting, {"PSUBSCRIBE", "x*"}), (Words{"PSUBSCRIBE", "a\\[b\\]\\?\\\\\\^\\-:x*"}));
  EXPECT_EQ(rewriting.everything(), "a\\[b\\]\\?\\\\\\^\\-:*");
  Buffer out;
  EXPECT_TRUE(rewriting.strip_message(
      "*4\r\n$8\r\npmessage\r\n$17\r\na\\[b\\]\\?\\\\\\^\\-:x*\r\n$11\r\na[b]?\\^-:xy\r\n$1\r\nm\r\n", out));
  EXPECT_EQ(out.view(), "*4\r\n$8\r\npmessage\r\n$2\r\nx*\r\n$2\r\nxy\r\n$1\r\nm\r\n");
}

TEST(KeyRewriting, does_nothing_without_a_prefix) {
  const KeyRewriting rewriting(table(), "");
  for (const char* request : {"DBSIZE", "SCAN 0", "GET k", "SUBSCRIBE c"}) {
    EXPECT_EQ(prefixed(rewriting, split(request)), split(request));
    EXPECT_FALSE(rewriting.carries_keys(entry_of(split(request))));
  }
}

TEST(KeyRewriting, strips_lists_of_keys) {
  EXPECT_EQ(stripped("KEYS", "*2\r\n$3\r\np:a\r\n$4\r\np:bb\r\n"), "*2\r\n$1\r\na\r\n$2\r\nbb\r\n");
  EXPECT_EQ(stripped("KEYS", "*0\r\n"), "*0\r\n");
  EXPECT_EQ(stripped("KEYS", "*2\r\n$3\r\nq:a\r\n$2\r\np:\r\n"), "*1\r\n$0\r\n\r\n");
  EXPECT_EQ(stripped("KEYS", "-ERR p:x\r\n"), "-ERR p:x\r\n");
  EXPECT_EQ(stripped("KEYS", "+QUEUED\r\n"), "+QUEUED\r\n");
  EXPECT_EQ(stripped("KEYS", "%1\r\n$3\r\nq:a\r\n$3\r\np:a\r\n"), "%1\r\n$3\r\nq:a\r\n$3\r\np:a\r\n");
  EXPECT_EQ(stripped("SCAN", "*2\r\n$1\r\n7\r\n*2\r\n$3\r\np:a\r\n$3\r\np:b\r\n"),
            "*2\r\n$1\r\n7\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n");
  EXPECT_EQ(stripped("SCAN", "*2\r\n$3\r\np:7\r\n*0\r\n"), "*2\r\n$3\r\np:7\r\n*0\r\n");
  EXPECT_EQ(stripped("PUBSUB CHANNELS", "*2\r\n$3\r\np:a\r\n$16\r\n__keyevent@0__:x\r\n"),
            "*2\r\n$1\r\na\r\n$16\r\n__keyevent@0__:x\r\n");
  EXPECT_EQ(stripped("PUBSUB SHARDCHANNELS", "*1\r\n$3\r\np:a\r\n"), "*1\r\n$1\r\na\r\n");
  EXPECT_EQ(stripped("PUBSUB NUMSUB", "*4\r\n$3\r\np:a\r\n:1\r\n$3\r\np:b\r\n:2\r\n"),
            "*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n:2\r\n");
}

TEST(KeyRewriting, strips_a_random_key_or_says_that_it_is_not_ours) {
  EXPECT_EQ(stripped("RANDOMKEY", "$3\r\np:a\r\n"), "$1\r\na\r\n");
  EXPECT_EQ(stripped("RANDOMKEY", "$3\r\nq:a\r\n"), "(dropped)");
  EXPECT_EQ(stripped("RANDOMKEY", "$-1\r\n"), "$-1\r\n");
  EXPECT_EQ(stripped("RANDOMKEY", "_\r\n"), "_\r\n");
}

TEST(KeyRewriting, strips_the_key_that_was_popped_from) {
  for (const char* command : {"BLPOP", "BRPOP", "BZPOPMIN", "BZPOPMAX", "LMPOP", "BLMPOP", "ZMPOP", "BZMPOP"}) {
    EXPECT_EQ(stripped(command, "*2\r\n$3\r\np:k\r\n$3\r\np:v\r\n"), "*2\r\n$1\r\nk\r\n$3\r\np:v\r\n") << command;
    EXPECT_EQ(stripped(command, "*-1\r\n"), "*-1\r\n") << command;
    EXPECT_EQ(stripped(command, "_\r\n"), "_\r\n") << command;
  }
  EXPECT_EQ(stripped("LMPOP", "*2\r\n$3\r\np:k\r\n*2\r\n$3\r\np:v\r\n$1\r\nw\r\n"),
            "*2\r\n$1\r\nk\r\n*2\r\n$3\r\np:v\r\n$1\r\nw\r\n");
}

TEST(KeyRewriting, strips_names_of_streams) {
  const Bytes entries = "*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$3\r\np:f\r\n$3\r\np:v\r\n";
  EXPECT_EQ(stripped("XREAD", "*2\r\n*2\r\n$3\r\np:a\r\n" + entries + "*2\r\n$3\r\np:b\r\n" + entries),
            "*2\r\n*2\r\n$1\r\na\r\n" + entries + "*2\r\n$1\r\nb\r\n" + entries);
  EXPECT_EQ(stripped("XREADGROUP", "%2\r\n$3\r\np:a\r\n" + entries + "$3\r\np:b\r\n" + entries),
            "%2\r\n$1\r\na\r\n" + entries + "$1\r\nb\r\n" + entries);
  EXPECT_EQ(stripped("XREAD", "*-1\r\n"), "*-1\r\n");
}

TEST(KeyRewriting, strips_the_errors_that_name_a_key) {
  EXPECT_EQ(stripped("XREADGROUP", "-NOGROUP No such key 'p:k' or consumer group 'p:g'\r\n"),
            "-NOGROUP No such key 'k' or consumer group 'p:g'\r\n");
  EXPECT_EQ(stripped("XGROUP SETID", "-NOGROUP No such consumer group 'g' for key name 'p:k'\r\n"),
            "-NOGROUP No such consumer group 'g' for key name 'k'\r\n");
  EXPECT_EQ(stripped("XPENDING", "*0\r\n"), "*0\r\n");
}

TEST(KeyRewriting, strips_messages) {
  EXPECT_EQ(stripped_message("*3\r\n$7\r\nmessage\r\n$3\r\np:c\r\n$3\r\np:m\r\n"),
            "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$3\r\np:m\r\n");
  EXPECT_EQ(stripped_message(">3\r\n$8\r\nsmessage\r\n$3\r\np:c\r\n$1\r\nm\r\n"),
            ">3\r\n$8\r\nsmessage\r\n$1\r\nc\r\n$1\r\nm\r\n");
  EXPECT_EQ(stripped_message(">4\r\n$8\r\npmessage\r\n$4\r\np:c*\r\n$4\r\np:cd\r\n$1\r\nm\r\n"),
            ">4\r\n$8\r\npmessage\r\n$2\r\nc*\r\n$2\r\ncd\r\n$1\r\nm\r\n");
  EXPECT_EQ(stripped_message("*2\r\n$4\r\npong\r\n$3\r\np:x\r\n"), "*2\r\n$4\r\npong\r\n$3\r\np:x\r\n");
  EXPECT_EQ(stripped_message("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n"), "(dropped)");
}

TEST(KeyRewriting, strips_confirmations) {
  for (const Bytes kind : {"subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe"}) {
    const Bytes begin = ">3\r\n$" + std::to_string(kind.size()) + "\r\n" + kind + "\r\n";
    EXPECT_EQ(stripped(kind, begin + "$3\r\np:c\r\n:1\r\n"), begin + "$1\r\nc\r\n:1\r\n");
    EXPECT_EQ(stripped(kind, begin + "_\r\n:0\r\n"), begin + "_\r\n:0\r\n");
    EXPECT_EQ(stripped(kind, begin + "$-1\r\n:0\r\n"), begin + "$-1\r\n:0\r\n");
  }
}

TEST(KeyRewriting, gives_back_the_names_that_were_subscribed_to) {
  const KeyRewriting rewriting(table(), "p:");
  const auto check = [&](const Bytes& command, const Bytes& name) {
    const auto request = prefixed(rewriting, {command, name});
    ASSERT_TRUE(request);
    Buffer confirmation;
    append_header('>', 3, confirmation);
    append_bulk(command, {}, confirmation);
    append_bulk(request->at(1), {}, confirmation);
    confirmation.append(":1\r\n");
    Buffer expected;
    append_header('>', 3, expected);
    append_bulk(command, {}, expected);
    append_bulk(name, {}, expected);
    expected.append(":1\r\n");
    Buffer out;
    EXPECT_TRUE(rewriting.strip_message(confirmation.view(), out));
    EXPECT_EQ(out.view(), expected.view()) << name;
  };
  for (const Bytes name : {"c", "", "p:c", "__keyspace@0__:k", "__keyspace@0__:", "__keyspace@x", "__keyevent@0__:del",
                           "__redis__:invalidate", "__x", "__keyspace@0__:p:"}) {
    check("subscribe", name);
    check("ssubscribe", name);
    check("psubscribe", name);
  }
  for (const Bytes name : {"*", "c*", "__key*__:*", "__keyspace@*__:k*", "__keyspace@*", "__keyevent@?__:*", "__keyb*",
                           "_*", "\\__key*", "p:*", "__key[s]pace@0__:p:"}) {
    check("psubscribe", name);
  }
}

TEST(KeyRewriting, tells_events_of_our_keys_from_those_of_others) {
  EXPECT_EQ(stripped_message("*3\r\n$7\r\nmessage\r\n$18\r\n__keyspace@0__:p:k\r\n$3\r\nset\r\n"),
            "*3\r\n$7\r\nmessage\r\n$16\r\n__keyspace@0__:k\r\n$3\r\nset\r\n");
  EXPECT_EQ(stripped_message("*3\r\n$7\r\nmessage\r\n$18\r\n__keyspace@0__:q:k\r\n$3\r\nset\r\n"), "(dropped)");
  EXPECT_EQ(stripped_message("*3\r\n$7\r\nmessage\r\n$18\r\n__keyevent@0__:set\r\n$3\r\np:k\r\n"),
            "*3\r\n$7\r\nmessage\r\n$18\r\n__keyevent@0__:set\r\n$1\r\nk\r\n");
  EXPECT_EQ(stripped_message("*3\r\n$7\r\nmessage\r\n$18\r\n__keyevent@0__:set\r\n$3\r\nq:k\r\n"), "(dropped)");
  const Bytes begin = ">4\r\n$8\r\npmessage\r\n$10\r\n__key*__:*\r\n";
  EXPECT_EQ(stripped_message(begin + "$18\r\n__keyspace@0__:p:k\r\n$3\r\nset\r\n"),
            begin + "$16\r\n__keyspace@0__:k\r\n$3\r\nset\r\n");
  EXPECT_EQ(stripped_message(begin + "$18\r\n__keyevent@0__:set\r\n$3\r\nq:k\r\n"), "(dropped)");
  EXPECT_EQ(stripped_message(
                ">4\r\n$8\r\npmessage\r\n$19\r\n__keyspace@0__:p:k*\r\n$18\r\n__keyspace@0__:p:k\r\n$3\r\nset\r\n"),
            ">4\r\n$8\r\npmessage\r\n$17\r\n__keyspace@0__:k*\r\n$16\r\n__keyspace@0__:k\r\n$3\r\nset\r\n");
}

TEST(KeyRewriting, strips_invalidations) {
  EXPECT_EQ(stripped_message(">2\r\n$10\r\ninvalidate\r\n*2\r\n$3\r\np:a\r\n$3\r\nq:b\r\n"),
            ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n");
  EXPECT_EQ(stripped_message(">2\r\n$10\r\ninvalidate\r\n*1\r\n$3\r\nq:b\r\n"), "(dropped)");
  EXPECT_EQ(stripped_message(">2\r\n$10\r\ninvalidate\r\n_\r\n"), ">2\r\n$10\r\ninvalidate\r\n_\r\n");
  EXPECT_EQ(stripped_message("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$3\r\np:a\r\n"),
            "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\na\r\n");
  EXPECT_EQ(stripped_message("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*1\r\n$1\r\na\r\n"), "(dropped)");
  EXPECT_EQ(stripped_message("*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*-1\r\n"),
            "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n*-1\r\n");
}

TEST(KeyRewriting, commands_whose_replies_hold_no_keys_need_no_stripping) {
  const KeyRewriting rewriting(table(), "p:");
  for (const char* command : {"GET", "SET", "MGET", "HGETALL", "SORT", "PING", "PUBLISH", "DEL"}) {
    EXPECT_FALSE(rewriting.carries_keys(entry_of({command}))) << command;
  }
}

TEST(RequestWriter, writes_a_request_as_it_was) {
  const Words request{"SET", "", Bytes("a\0\r\n", 4), Bytes(1000, 'x')};
  const auto all = views(request);
  Buffer out;
  reencode(Args{std::span<const View>(all)}, out);
  EXPECT_EQ(parse(out.view()), request);
  EXPECT_EQ(out.view().substr(0, 19), "*4\r\n$3\r\nSET\r\n$0\r\n\r\n");
}

}  // namespace
}  // namespace redipy
