# SPDX-License-Identifier: Apache-2.0
#
# Whether two servers gave the same reply. How strict that is depends on the command:
#
#   exact   the same to the byte              floats  numbers by value: Redis 7.0 prints more digits than 7.2
#   set     in any order                      pairs   pairs of elements in any order
#   near    numbers within a second or so     found   positions: numbers within a rounding error
#   sort    as exact; the judge is prepared (session.py)
#
# The two kinds of null of RESP2 are told apart, as are types; an error has to have the same text.

FLOAT = frozenset(b"0123456789+-.einfa")
AGGREGATES = ("array", "set", "map", "push")


def same(mode, ours, judge):
    if mode in ("exact", "sort", "floats", "near", "found"):
        return equal(mode, ours, judge)
    if ours.kind != judge.kind or ours.kind not in AGGREGATES:
        return equal("exact", ours, judge)
    return elements(mode, ours) == elements(mode, judge)


def equal(mode, ours, judge):
    if ours.kind != judge.kind:
        return False
    if ours.kind == "map":
        return len(ours.value) == len(judge.value) and all(
            equal(mode, a, c) and equal(mode, b, d) for (a, b), (c, d) in zip(ours.value, judge.value))
    if ours.kind in AGGREGATES:
        return len(ours.value) == len(judge.value) and all(
            equal(mode, one, other) for one, other in zip(ours.value, judge.value))
    if ours.value == judge.value:
        return True
    if ours.kind == "double" or mode not in ("exact", "sort") and ours.kind in ("string", "integer"):
        return same_number(mode, ours.value, judge.value)
    return False


def same_number(mode, ours, judge):
    if isinstance(ours, bytes) and not (FLOAT.issuperset(ours) and FLOAT.issuperset(judge)):
        return False
    try:
        ours, judge = float(ours), float(judge)
    except ValueError:
        return False
    if mode == "near":
        return abs(ours - judge) <= 3000
    if mode == "found":
        return abs(ours - judge) <= 1e-4
    return ours == judge


def elements(mode, reply):
    """The elements in an order of their own; of `pairs`, the pairs."""
    items = reply.value
    if reply.kind == "map":
        return sorted((plain(key), plain(value)) for key, value in items)
    if mode == "pairs" and reply.kind == "array" and items and items[0].kind != "array":
        items = list(zip(items[::2], items[1::2]))
        return sorted((plain(key), plain(value)) for key, value in items)
    return sorted(plain(item) for item in items)


def plain(reply):
    """A reply as something that can be sorted and compared, nulls included."""
    if reply.kind in AGGREGATES:
        return [plain(part) for part in reply.value]
    if reply.value is None:
        return b"\x00null"
    return reply.value if isinstance(reply.value, bytes) else b"%d" % reply.value
