# SPDX-License-Identifier: Apache-2.0
#
# The commands that random scripts call: a row each, with what the reply is in a script and the words after the name.
# Words: k h l s z a key (of strings, hashes …), v a value, n a number that may be negative, count, score, amount, field;
# =WORD is itself; [a|b] is one of them, [a|] one or nothing.

import re
from dataclasses import dataclass


@dataclass
class Row:
    name: str
    gives: str
    words: str
    grows: bool = False

    def pick(self, chance):
        """The words of one call."""
        made = []
        for part in re.findall(r"\[[^\]]*\]|\S+", self.words):
            if part.startswith("["):
                part = chance.choice(part[1:-1].split("|"))
            made += part.split()
        return made


COMMANDS = [
    Row("exists", "whole", "k [h|]"), Row("del", "whole", "k [l|]"), Row("type", "text", "[k|h|l|s|z]"),
    Row("expire", "whole", "k =1000 [=NX|=XX|=GT|]"), Row("persist", "whole", "k"), Row("touch", "whole", "k l"),
    Row("rename", "text", "k k"), Row("copy", "whole", "k k [=REPLACE|]"),
    Row("set", "bool", "k v [=NX|=XX|=KEEPTTL|=PX =100000|=nx =get|=GET|=BOGUS|v||||]"), Row("get", "text", "k"),
    Row("incrby", "number", "k amount"), Row("incr", "whole", "k"), Row("decr", "whole", "k"), Row("decrby", "whole", "k n"),
    Row("incrbyfloat", "text", "k score"), Row("append", "whole", "k v", grows=True), Row("strlen", "whole", "k"),
    Row("getrange", "text", "k n n"), Row("setrange", "whole", "k count v"), Row("getset", "text", "k v"),
    Row("getdel", "text", "k"), Row("getex", "text", "k [=PERSIST|]"), Row("setnx", "whole", "k v"),
    Row("mset", "text", "k v k v"), Row("mget", "list", "k k [h|]"), Row("setbit", "whole", "k count count"),
    Row("getbit", "whole", "k count"), Row("bitcount", "whole", "k"),
    Row("lpush", "whole", "l v [v|]"), Row("rpush", "whole", "l v [v|]"), Row("lpushx", "whole", "l v", grows=True),
    Row("lpop", "text", "l"), Row("rpop", "text", "l"), Row("lpop", "list", "l n"), Row("rpop", "list", "l n"),
    Row("lrange", "list", "l n n"), Row("llen", "whole", "l"), Row("lindex", "text", "l n"), Row("lset", "text", "l n v"),
    Row("lrem", "whole", "l n v"), Row("ltrim", "text", "l n n"), Row("linsert", "whole", "l [=BEFORE|=after] v v"),
    Row("lpos", "whole", "l v"), Row("lpos", "list", "l v =COUNT count"), Row("lmove", "text", "l l =LEFT =RIGHT"),
    Row("lmpop", "list", "=1 l =LEFT"),
    Row("zadd", "whole", "z score v"), Row("zadd", "number", "z [=NX|=XX|=INCR] score v"), Row("zadd", "whole", "z score v score v"),
    Row("zpopmax", "list", "z [count|]"), Row("zpopmin", "list", "z [count|]"),
    Row("zrange", "list", "z n n [=WITHSCORES|=REV|||]"), Row("zrangebyscore", "list", "z =-inf =(5 [=WITHSCORES|]"),
    Row("zrevrange", "list", "z n n [=withscores|]"), Row("zcard", "whole", "z"), Row("zscore", "number", "z v"),
    Row("zmscore", "list", "z v v"), Row("zrank", "whole", "z v"), Row("zincrby", "number", "z score v"),
    Row("zcount", "whole", "z =0 =2"), Row("zrem", "whole", "z v"), Row("zmpop", "list", "=1 z =MIN"),
    Row("zunion", "list", "=2 z z [=WITHSCORES|]"), Row("zdiff", "list", "=2 z s"),
    Row("hset", "whole", "h field v [field v|]"), Row("hsetnx", "whole", "h field v"), Row("hdel", "whole", "h field [field|]"),
    Row("hget", "text", "h field"), Row("hmget", "dict", "h field [field|]"), Row("hincrby", "number", "h field amount"),
    Row("hincrbyfloat", "text", "h field score"), Row("hkeys", "list", "h"), Row("hvals", "list", "h"),
    Row("hgetall", "dict", "h"), Row("hlen", "whole", "h"), Row("hexists", "whole", "h field"), Row("hstrlen", "whole", "h field"),
    Row("sadd", "whole", "s v [v|]"), Row("srem", "whole", "s v"), Row("sismember", "bool", "s v"), Row("smembers", "list", "s"),
    Row("scard", "whole", "s"), Row("smismember", "list", "s v v"), Row("sinter", "list", "s [s|]"), Row("sunion", "list", "s s"),
    Row("sdiff", "list", "s s"), Row("smove", "whole", "s s v"), Row("sintercard", "whole", "=2 s s"),
    Row("sort", "list", "[l|s] =ALPHA"), Row("dbsize", "whole", ""),
    Row("bitfield", "list", "k =GET =u4 count"), Row("lcs", "text", "k k"), Row("bitpos", "whole", "k =1"),
    Row("geoadd", "whole", "z =13.5 =52.5 v"), Row("geopos", "list", "z v v"),
    # Keys in many places, and in replies.
    Row("keys", "list", "[k|h|l|s|z]"), Row("scan", "list", "=0 [=MATCH k|=match =h?] =COUNT =1000"),
    Row("flushdb", "text", "[=SYNC|=async|=BOGUS]"), Row("object", "whole", "=idletime [k|h]"), Row("object", "any", "v [k|]"),
    Row("lmpop", "list", "[count|=2|=02] l l =RIGHT [=COUNT n|]"), Row("zmpop", "list", "[count|=2] z z =MAX"),
    Row("zunionstore", "whole", "z [count|=1|=2] z s [=WEIGHTS =2 =1|]"), Row("zinterstore", "whole", "z =2 z z [=AGGREGATE =MAX|]"),
    Row("zrangestore", "whole", "z z n n"), Row("zintercard", "whole", "[count|=2] z z =LIMIT n"),
    Row("sintercard", "whole", "count s s [=LIMIT n|]"), Row("sunionstore", "whole", "s s s"), Row("sdiffstore", "whole", "s s [s|]"),
    Row("sort", "list", "l [=BY =h*->f|=by =nosort|=BY =k*|] =GET [=#|=k*|=h*->a|=*|=nothing] =ALPHA"),
    Row("sort", "whole", "[l|s] =ALPHA [=LIMIT n n|] =STORE [l|s] [=STORE l|]"), Row("sort_ro", "list", "s =ALPHA =GET =#"),
    Row("georadius", "whole", "z =13.5 =52.5 =100 =km [=STORE|=STOREDIST] z"), Row("geosearchstore", "whole", "z z =FROMLONLAT =13 =52 =BYRADIUS =90 =km"),
    Row("bitop", "whole", "[=and|=not|=XOR] k k [k|]"), Row("msetnx", "whole", "k v k v"), Row("renamenx", "whole", "k k"),
    Row("rpoplpush", "text", "l l"), Row("unlink", "whole", "k h"), Row("pfadd", "whole", "k v"), Row("pfcount", "whole", "k k"),
    Row("pfmerge", "text", "k k"), Row("publish", "whole", "v v"), Row("echo", "text", "v"), Row("dbsize", "whole", ""),
]
