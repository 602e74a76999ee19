# SPDX-License-Identifier: Apache-2.0
#
# All data of the two servers, compared key by key: type, value, deadline; and each value's DUMP, restored into the
# other server, has to be the same value there.

from randomised.compare import elements, plain
from randomised.session import line

DATABASES = 3
DEADLINE_TOLERANCE = 60000  # milliseconds; deadlines that differ are days apart
SPARE_KEY = b"restored"


def compare_data(pair, exchange):
    """None, or a description of the first difference. Leaves database 0 selected."""
    try:
        for database in range(1 if pair.is_cluster else DATABASES):
            pair.both(b"SELECT", b"%d" % database)
            found = compare_database(pair, exchange)
            if found:
                return f"in database {database}: {found}"
        return None
    finally:
        pair.both(b"SELECT", b"0")


def compare_database(pair, exchange):
    ours, judge = (sorted(plain(reply)) for reply in pair.both(b"KEYS", b"*"))
    if ours != judge:
        return f"keys: only ours {sorted(set(ours) - set(judge))}, only the judge {sorted(set(judge) - set(ours))}"
    for key in judge:
        found = compare_key(pair, key) or (exchange and exchange_dumps(pair, key))
        if found:
            return found
    return None


def compare_key(pair, key):
    ours, judge = pair.both(b"PEXPIRETIME", key)
    if (ours.value < 0) != (judge.value < 0) or abs(ours.value - judge.value) > DEADLINE_TOLERANCE:
        return f"{key.decode()}: deadline {ours.value}, the judge has {judge.value}"
    return compare_values(key, value_of(pair.ours, key), value_of(pair.judge, key))


def compare_values(key, ours, judge):
    if ours == judge:
        return None
    return f"{key.decode()}:\nours  {ours!r:.2000}\njudge {judge!r:.2000}"


def value_of(client, key):
    kind = client.call(b"TYPE", key).value
    if kind == b"string":
        return kind, client.call(b"GET", key).value
    if kind == b"list":
        return kind, plain(client.call(b"LRANGE", key, b"0", b"-1"))
    if kind == b"set":
        return kind, elements("set", client.call(b"SMEMBERS", key))
    if kind == b"hash":
        return kind, elements("pairs", client.call(b"HGETALL", key))
    if kind == b"zset":
        members = client.call(b"ZRANGE", key, b"0", b"-1").value
        scores = client.call(b"ZMSCORE", key, *(member.value for member in members)).value
        return kind, [(member.value, float(score.value)) for member, score in zip(members, scores)]
    return kind, None


def exchange_dumps(pair, key):
    for giver, taker, name in ((pair.judge, pair.ours, "the judge's"), (pair.ours, pair.judge, "our")):
        payload = giver.call(b"DUMP", key)
        if payload.kind != "string":
            return f"{name} DUMP {line([key])} is no string"
        restored = taker.call(b"RESTORE", SPARE_KEY, b"0", payload.value)
        if restored.kind != "status":
            return f"{name} DUMP {line([key])} is refused: {restored.value!r}, payload {payload.value!r:.1000}"
        found = compare_values(key, value_of(taker, SPARE_KEY), value_of(giver, key))
        taker.call(b"DEL", SPARE_KEY)
        if found:
            return f"{name} DUMP, restored, is another value: {found}"
    return None
