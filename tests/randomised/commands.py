# SPDX-License-Identifier: Apache-2.0
#
# The commands, a row each: weight, how the two replies are compared (compare.py), template (grammar.py).

from randomised.grammar import Template

STRINGS = """
6 exact   SET {s} {value} [NX|XX] [GET] [EX {seconds}|PX {ms}|EXAT {at_seconds}|PXAT {at_ms}|KEEPTTL]
4 exact   SET {n} {int}
4 exact   SET {n} {float}
3 exact   GET {s}
1 exact   GET {n}
2 exact   APPEND {s} {value}
2 exact   INCR {n}
2 exact   DECR {n}
2 exact   INCRBY {n} ({int}|{value})
2 exact   DECRBY {n} ({int}|{value})
2 exact   INCRBYFLOAT {n} ({float}|{int})
2 exact   GETRANGE {s} {i} {i}
1 exact   SUBSTR {s} {i} {i}
2 exact   SETRANGE {s} (0|1|3|12|{i}) {value}
1 exact   STRLEN {s}
1 exact   GETSET {s} {value}
1 exact   GETDEL {s}
2 exact   GETEX {s} [EX {seconds}|PX {ms}|EXAT {at_seconds}|PXAT {at_ms}|PERSIST]
1 exact   SETNX {s} {value}
1 exact   SETEX {s} {seconds} {value}
1 exact   PSETEX {s} {ms} {value}
2 exact   MSET ({s} {value})+
1 exact   MSETNX ({s} {value})+
2 exact   MGET ({s}|{n}|{k})+
1 exact   LCS {s} {s} [LEN] [IDX] [MINMATCHLEN {count}] [WITHMATCHLEN]
1 exact   SET {s} {letters}
"""

BITS = """
3 exact   SET {b} {bits}
3 exact   SETBIT {b} ({i}|5|9|200) {bit}
2 exact   GETBIT {b} {i}
2 exact   BITCOUNT {b} [{i} {i} [BIT|BYTE]]
2 exact   BITPOS {b} {bit} [{i} [{i} [BIT|BYTE]]]
2 exact   BITOP (AND|OR|XOR) {b} {b}+
1 exact   BITOP NOT {b} {b} [{b}]
3 exact   BITFIELD {b} ([OVERFLOW (WRAP|SAT|FAIL|x)] (GET {bit_type} {bit_offset}|SET {bit_type} {bit_offset} {value}|INCRBY {bit_type} {bit_offset} {int}))+
1 exact   BITFIELD_RO {b} (GET {bit_type} {bit_offset})+
"""

HASHES = """
6 exact   HSET {h} ({field} {value})+
2 exact   HSET {h} ({new_member} {value})++
1 exact   HMSET {h} ({field} {value})+
1 exact   HSETNX {h} {field} {value}
2 exact   HGET {h} {field}
2 exact   HMGET {h} {field}+
1 exact   HDEL {h} {new_member}++
3 exact   HDEL {h} {field}+
1 exact   HLEN {h}
1 exact   HSTRLEN {h} {field}
1 exact   HEXISTS {h} {field}
2 pairs   HGETALL {h}
1 set     HKEYS {h}
1 set     HVALS {h}
2 exact   HINCRBY {h} {field} ({int}|{value})
2 exact   HINCRBYFLOAT {h} {field} {float}
2 sample  HRANDFIELD {h} [{count} [WITHVALUES]]
1 scan    HSCAN {h} 0 [MATCH {pattern}] [COUNT {count}]
"""

LISTS = """
4 exact   RPUSH {l} {member}+
4 exact   LPUSH {l} {member}+
2 exact   RPUSH {l} {new_member}++
1 exact   RPUSHX {l} {member}+
1 exact   LPUSHX {l} {member}+
2 exact   LPOP {l} [{count}]
2 exact   RPOP {l} [{count}]
1 exact   LLEN {l}
2 exact   LINDEX {l} {i}
2 exact   LSET {l} {i} {value}
2 exact   LRANGE {l} {i} {i}
1 exact   LTRIM {l} {i} {i}
2 exact   LREM {l} {i} {member}
2 exact   LINSERT {l} (BEFORE|AFTER) {member} {value}
2 exact   LPOS {l} {member} [RANK {i}] [COUNT {count}] [MAXLEN {count}]
2 exact   LMOVE {l} {l} (LEFT|RIGHT) (LEFT|RIGHT|x)
1 exact   RPOPLPUSH {l} {l}
1 exact   LMPOP (1 {l}|2 {l} {l}|{count} {l}) (LEFT|RIGHT) [COUNT {count}]
"""

SETS = """
5 exact   SADD {t} {member}+
2 exact   SADD {t} {new_member}++
2 exact   SADD {t} {int}+
3 exact   SREM {t} {member}+
1 exact   SREM {t} {new_member}++
1 exact   SCARD {t}
1 exact   SISMEMBER {t} {member}
1 exact   SMISMEMBER {t} {member}+
2 exact   SMOVE {t} {t} {member}
2 set     SMEMBERS {t}
1 set     SINTER {t}+
1 set     SUNION {t}+
1 set     SDIFF {t}+
1 exact   SINTERSTORE {t} {t}+
1 exact   SUNIONSTORE {t} {t}+
1 exact   SDIFFSTORE {t} {t}+
1 exact   SINTERCARD (1 {t}|2 {t} {t}|{count} {t} {t}) [LIMIT {count}]
2 sample  SRANDMEMBER {t} [{count}]
2 spop    SPOP {t} [{count}]
1 scan    SSCAN {t} 0 [MATCH {pattern}] [COUNT {count}]
"""

SORTED_SETS = """
8 floats  ZADD {z} [NX|XX] [GT|LT] [CH] [INCR] ({score} {member})+
4 floats  ZADD {z} ({score} {member})+
2 floats  ZADD {z} ({score} {new_member})++
2 floats  ZINCRBY {z} {score} {member}
3 exact   ZREM {z} {member}+
1 exact   ZREM {z} {new_member}++
1 exact   ZCARD {z}
2 floats  ZSCORE {z} {member}
1 floats  ZMSCORE {z} {member}+
2 exact   ZRANK {z} {member}
1 exact   ZREVRANK {z} {member}
2 exact   ZCOUNT {z} {bound} {bound}
3 floats  ZRANGE {z} {i} {i} [REV] [WITHSCORES]
2 floats  ZRANGE {z} {bound} {bound} BYSCORE [REV] [LIMIT {i} {i}] [WITHSCORES]
1 floats  ZRANGE {z} {i} {i} [BYSCORE] [REV] [LIMIT {i} {i}] [WITHSCORES]
1 floats  ZREVRANGE {z} {i} {i} [WITHSCORES]
2 floats  ZRANGEBYSCORE {z} {bound} {bound} [WITHSCORES] [LIMIT {i} {i}]
2 floats  ZREVRANGEBYSCORE {z} {bound} {bound} [WITHSCORES] [LIMIT {i} {i}]
1 exact   ZRANGESTORE {z} {z} {i} {i} [REV]
1 exact   ZRANGESTORE {z} {z} {bound} {bound} BYSCORE [REV] [LIMIT {i} {i}]
1 exact   ZREMRANGEBYRANK {z} {i} {i}
1 exact   ZREMRANGEBYSCORE {z} {bound} {bound}
1 floats  ZPOPMIN {z} [{count}]
1 floats  ZPOPMAX {z} [{count}]
1 floats  ZMPOP (1 {z}|2 {z} {z}|{count} {z}) (MIN|MAX) [COUNT {count}]
2 floats  (ZUNION|ZINTER) (1 {z}|2 ({z}|{t}) {z}|{count} {z} {z}) [WEIGHTS {weight} {weight}] [AGGREGATE (SUM|MIN|MAX|x)] [WITHSCORES]
2 exact   (ZUNIONSTORE|ZINTERSTORE) {z} (1 {z}|2 ({z}|{t}) {z}|3 {z} {z} {z}) [WEIGHTS {weight} {weight}] [AGGREGATE (SUM|MIN|MAX)]
1 floats  ZDIFF (1 {z}|2 {z} ({z}|{t})) [WITHSCORES]
1 exact   ZDIFFSTORE {z} (1 {z}|2 {z} ({z}|{t})|{count} {z})
1 exact   ZINTERCARD (1 {z}|2 {z} ({z}|{t})|{count} {z} {z}) [LIMIT {count}]
2 sample  ZRANDMEMBER {z} [{count} [WITHSCORES]]
1 scan    ZSCAN {z} 0 [MATCH {pattern}] [COUNT {count}]
4 exact   ZADD {x} (0 {member})+
1 exact   ZADD {x} (0 {new_member})++
1 exact   ZREM {x} {member}+
1 exact   ZLEXCOUNT {x} {lex} {lex}
2 exact   ZRANGEBYLEX {x} {lex} {lex} [LIMIT {i} {i}]
1 exact   ZREVRANGEBYLEX {x} {lex} {lex} [LIMIT {i} {i}]
2 exact   ZRANGE {x} {lex} {lex} BYLEX [REV] [LIMIT {i} {i}] [WITHSCORES]
1 exact   ZRANGESTORE {x} {x} {lex} {lex} BYLEX [REV] [LIMIT {i} {i}]
1 exact   ZREMRANGEBYLEX {x} {lex} {lex}
1 exact   ZRANK {x} {member}
"""

POSITIONS = """
5 exact   GEOADD {g} [NX|XX] [CH] ({lon} {lat} {place})+
4 exact   GEOADD {y} [NX|XX] [CH] ({east} {north} {place})+
1 floats  GEOPOS ({g}|{z}) {place}+
1 exact   GEOHASH ({g}|{z}) {place}+
1 near    GEODIST {g} {place} {place} [{unit}]
1 found   GEODIST {y} {place} {place} [{unit}]
3 found   GEOSEARCH {y} (FROMMEMBER {place}|FROMLONLAT {lon} {lat}) (BYRADIUS {radius} {unit}|BYBOX {radius} {radius} {unit}) [ASC|DESC] [COUNT {count}] [WITHCOORD] [WITHDIST] [WITHHASH]
2 found   GEOSEARCH ({g}|{z}) (FROMMEMBER {place}|FROMLONLAT {lon} {lat}) (BYRADIUS {radius} {unit}|BYBOX {radius} {radius} {unit}) [ASC|DESC] [WITHCOORD] [WITHDIST] [WITHHASH]
1 found   GEORADIUS {y} {lon} {lat} {radius} {unit} [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT {count} [ANY]] [ASC|DESC]
1 found   GEORADIUSBYMEMBER {y} {place} {radius} {unit} [WITHCOORD] [WITHDIST] [COUNT {count}] [ASC|DESC]
1 found   GEORADIUS_RO {g} {lon} {lat} {radius} {unit} [STORE {g}]
1 found   GEORADIUSBYMEMBER_RO {g} {place} {radius} {unit} [WITHHASH]
1 exact   GEOSEARCHSTORE {g} ({g}|{y}) (FROMMEMBER {place}|FROMLONLAT {lon} {lat}) (BYRADIUS {radius} {unit}|BYBOX {radius} {radius} {unit}) [ASC|DESC] [WITHDIST]
1 exact   GEORADIUS {g} {lon} {lat} {radius} {unit} STORE {g}
1 exact   ZREM {y} {place}+
"""

HYPERLOGLOGS = """
4 exact   PFADD {p} {member}+
1 exact   PFADD {p} {new_member}++
2 exact   PFCOUNT {p}+
1 exact   PFMERGE {p} {p}+
"""

KEYS = """
3 exact   DEL {k}+
1 exact   UNLINK {k}+
2 exact   EXISTS {k}+
2 exact   TYPE {k}
1 exact   TOUCH {k}+
2 exact   RENAME {k} {k}
1 exact   RENAMENX {k} {k}
2 exact   COPY {k} {k} [DB {db}] [REPLACE]
2 exact   MOVE {k} {db}
6 exact   SELECT {db}
1 exact   SWAPDB {db} {db}
1 exact   DBSIZE
1 set     KEYS ({k}|{key_pattern})
1 scan    SCAN 0 [MATCH ?1] [COUNT {count}] [TYPE (string|list|zset|x)]
1 key     RANDOMKEY
2 exact   RESTORE {k} {ms} {value}
3 exact   @RESTORE {k} {k}
2 exact   EXPIRE {k} {seconds} [NX|XX|GT|LT]
2 exact   PEXPIRE {k} {ms} [NX|XX|GT|LT]
1 exact   EXPIREAT {k} {at_seconds} [NX|XX|GT|LT]
1 exact   PEXPIREAT {k} {at_ms} [NX|XX|GT|LT]
2 exact   PERSIST {k}
2 near    TTL {k}
1 near    PTTL {k}
1 near    EXPIRETIME {k}
1 near    PEXPIRETIME {k}
2 sort    SORT ({l}|{z}|{t}) [LIMIT {i} {i}] [ASC|DESC] [ALPHA]
1 sort    SORT ({l}|{t}) ALPHA [GET #] [GET s*] [STORE {l}]
1 set     SORT ({l}|{t}) [ALPHA] BY s* [GET #] [GET s*]
1 set     SORT {l} BY nosort [GET h*->a]
1 sort    SORT_RO {l} [ALPHA] [STORE {l}]
"""

FAMILIES = {"strings": STRINGS, "bits": BITS, "hashes": HASHES, "lists": LISTS, "sets": SETS,
            "sorted_sets": SORTED_SETS, "positions": POSITIONS, "hyperloglogs": HYPERLOGLOGS, "keys": KEYS}

# They wait where there is nothing, so they are only sent within MULTI.
BLOCKING = """
1 exact   (BLPOP|BRPOP) {l}+ (0|0.5)
1 exact   BLMOVE {l} {l} (LEFT|RIGHT) (LEFT|RIGHT) 0
1 exact   BRPOPLPUSH {l} {l} 0
1 exact   BLMPOP 0 (1 {l}|2 {l} {l}) (LEFT|RIGHT) [COUNT {count}]
1 floats  (BZPOPMIN|BZPOPMAX) {z}+ 0
1 floats  BZMPOP 0 (1 {z}|2 {z} {z}) (MIN|MAX) [COUNT {count}]
"""

# How the replies of commands that may stand within MULTI are compared.
ORDERED = {"exact", "floats", "near", "found"}


def rows(text):
    found = []
    for line in text.strip().split("\n"):
        weight, mode, template = line.split(None, 2)
        found.append((int(weight), mode, Template(template)))
    return found


class Generator:
    """Gives steps: lists of (words, mode). Several words lists are a MULTI block."""

    def __init__(self, random, families):
        self.random = random
        table = [row for name in families for row in rows(FAMILIES[name])]
        self.plain = Choice(table)
        self.queued = Choice([row for row in table if row[1] in ORDERED and row[2].can_spoil] + rows(BLOCKING))

    def step(self):
        if self.random.random() < 0.02:
            return [self.queued.command(self.random) for _ in range(self.random.randint(2, 4))]
        return [self.plain.command(self.random)]


class Choice:
    def __init__(self, table):
        self.rows = table
        self.weights = [weight for weight, _, _ in table]

    def command(self, random):
        _, mode, template = random.choices(self.rows, self.weights)[0]
        return template.words(random), mode
