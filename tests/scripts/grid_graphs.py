# SPDX-License-Identifier: Apache-2.0
#
# Every function and operator with every one of a few telling values, a script for each: what random scripts would meet
# too seldom. A value comes as an argument, whose type the printer does not know, or as a literal.

import math
import random
import struct

from scripts.random_graphs import GOOD_JSON, JSON, REAL, TEXT, WHOLE, binary, call, kind_of, val

VALUES = [None, True, False, 0, -0.0, 1, -2, 2.5, 1e300, "", "a", "é日a", "5", "-0", "B", "\u0000", [], [1, None, "x"], [[1], {}], {},
          {"a": None, "é": [2]}]
LITERAL = {"whole": "int", "number": "float", "text": "str", "bool": "bool", "list": "list", "dict": "dict", "none": "none"}
INDEXES = [0, 1, -1, -2, 2, 3, -4, 1.0, 0.5, -0.0, 1e300, "1", None]


def literal(value):
    return val(LITERAL[kind_of(value)], value)


def variable(number):
    return {"kind": "var", "name": f"v{number}"}


def case(value, *statements, arguments=()):
    """Gives the value; the arguments are in the variables v0, v1 …"""
    declared = [{"kind": "declare", "assign": variable(i), "value": {"kind": "load_json_arg", "index": i}}
                for i in range(len(arguments))]
    graph = {"kind": "script", "argv": [f"a{i}" for i in range(len(arguments))], "keyv": [],
             "cmds": [*declared, *statements, {"kind": "return", "value": value}]}
    return {"keys": [], "args": list(arguments), "setup": [["SET", "bytes", b"a\xc3\xe9\x80\xed\xa0\x80\xf5\xf0\x9f\x98\x80"]],
            "graph": graph, "after": []}


def pair(make, left, right):
    """Both ways in which two values can come."""
    yield case(make(variable(0), variable(1)), arguments=(left, right))
    yield case(make(literal(left), variable(0)), arguments=(right,))
    yield case(make(variable(0), literal(right)), arguments=(left,))
    yield case(make(literal(left), literal(right)))


def single(make, value):
    yield case(make(variable(0)), arguments=(value,))
    yield case(make(literal(value)))


def functions():
    texts = [*TEXT, *JSON, *GOOD_JSON, *WHOLE, *REAL, None, True, [1], {"a": 1}]
    for name in ("tonumber", "asintstr", "tostring", "type", "cjson.encode", "cjson.decode"):
        for value in texts:
            yield from single(lambda one, name=name: call("tostring", call(name, one)), value)
    for value in texts + VALUES:
        yield from single(lambda one: {"kind": "concat", "strings": [one]}, value)
        yield from single(lambda one: {"kind": "unary", "op": "not", "arg": one}, value)
        yield from single(lambda one: call("redis.call", val("str", "set"), val("str", "k"), one), value)
        yield case({"kind": "array_len", "var": variable(0)}, arguments=(value,))
        yield case({"kind": "key", "name": "k"}, {"kind": "declare", "assign": {"kind": "key", "name": "k"}, "value": variable(0)},
                   arguments=(value,))


def names():
    """Commands by names of every type, known and unknown, with words of every type."""
    for name in ["get", "nosuch", "GETX", "object", "config", "multi", "", "get\r\n", "=5;", *VALUES]:
        for word in ("k", None, 1, [1]):
            yield case(call("redis.call", literal(name), literal(word)))
            yield case(call("redis.call", variable(0), literal(word)), arguments=(name,))
            yield case(call("redis.call", variable(0), variable(1), variable(1)), arguments=(name, word))
        yield case(call("redis.call", variable(0)), arguments=(name,))


def operators():
    for operation in ("add", "sub", "lt", "le", "gt", "ge", "eq", "ne", "and", "or"):
        for i, left in enumerate(VALUES):
            for j, right in enumerate(VALUES):
                shown = list(pair(lambda x, y, o=operation: call("tostring", binary(o, x, y)), left, right))
                yield shown[(i + j) % 4]


def lookups():
    for at in INDEXES:
        for of in VALUES:
            yield from list(pair(lambda x, y: {"kind": "array_at", "arr": x, "index": y}, of, at))[:2]
            yield case(variable(0), {"kind": "assign_at", "assign": variable(0), "index": literal(at), "value": val("int", 9)}, arguments=(of,))
            yield case(call("string.find", variable(0), val("str", "a"), variable(1)), arguments=(of, at))
    for key in VALUES:
        for of in VALUES[::3] + [{"0": 1, "-0": 2, "2.5": 3, "a": 4}]:
            yield case({"kind": "dict_key", "obj": variable(0), "key": variable(1)}, arguments=(of, key))
            yield case(variable(0), {"kind": "assign_key", "assign": variable(0), "key": variable(1), "value": literal(None)}, arguments=(of, key))
    for text in TEXT:
        for part in ("", "a", "é", "b", "%d", "c"):
            for start in (None, 0, 1, -1, -9, 9):
                more = [] if start is None else [literal(start)]
                yield case(call("string.find", variable(0), literal(part), *more), arguments=(text,))


def bytes_of_redis():
    """Text that is no UTF-8."""
    stored = call("redis.call", val("str", "get"), val("str", "bytes"))
    got = {"kind": "declare", "assign": variable(9), "value": stored}
    for at in range(-8, 9):
        yield case(call("tostring", binary("eq", {"kind": "array_at", "arr": stored, "index": literal(at)}, val("str", "a"))))
        yield case(call("redis.call", val("str", "set"), val("str", "k"), {"kind": "array_at", "arr": stored, "index": literal(at)}))
        yield case(call("string.find", stored, val("str", "😀"), literal(at)))
    yield case({"kind": "array_len", "var": variable(9)}, got)
    yield case(stored)
    yield case(binary("lt", stored, val("str", "aé")))
    yield case(call("cjson.decode", stored))
    yield case(call("cjson.encode", stored))


def loops():
    index, value, made = {"kind": "index", "name": "i"}, {"kind": "var", "name": "x"}, variable(8)
    for over in VALUES:
        for source, arguments in ((variable(0), (over,)), (literal(over), ())):
            start = {"kind": "declare", "assign": made, "value": val("list", [])}
            push = {"kind": "assign_at", "assign": made, "index": {"kind": "array_len", "var": made}, "value": value}
            loop = {"kind": "for", "array": source, "index": index, "value": value, "body": {"kind": "seq", "cmds": [push]}}
            shown = {"kind": "concat", "strings": [call("tostring", one) for one in (made, index, value)]}
            yield case(shown, start, loop, arguments=arguments)


def nested():
    """What is about as deep as it may be, and what has no end."""
    for depth in (200, 998, 999, 1000, 1001):
        value = 1
        for _ in range(depth):
            value = [value] if depth % 2 else {"a": value}
        deep = call("cjson.decode", val("str", ("[" if depth % 2 else '{"a":') * depth + "1" + ("]" if depth % 2 else "}") * depth))
        yield case(deep)
        yield case(binary("eq", deep, deep))
        yield case(call("tostring", deep))
    itself = {"kind": "assign_at", "assign": variable(0), "index": val("int", 0), "value": variable(0)}
    other = {"kind": "assign_at", "assign": variable(1), "index": val("int", 0), "value": variable(1)}
    yield case(variable(0), itself, arguments=([],))
    yield case(binary("eq", variable(0), variable(0)), itself, arguments=([],))
    yield case(binary("eq", variable(0), variable(1)), itself, other, arguments=([], []))


def numbers():
    """The text of numbers: any bits, and those whose shortest text is hard to find."""
    chance = random.Random(1)
    some = [struct.unpack("<d", chance.randbytes(8))[0] for _ in range(600)]
    some += [chance.uniform(-1000, 1000) for _ in range(100)] + [2.0**chance.randrange(-1074, 1023) for _ in range(300)]
    some += [10.0**power for power in range(-9, 24)] + [123456789012345.0, 99999999999999.0, 1e14, 0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308]
    for i in range(0, len(some), 8):
        part = [one for one in some[i:i + 8] if math.isfinite(one)]
        yield case(call("tostring", variable(0)), arguments=(part,))
        yield case(call("tostring", literal(part)))
        yield case({"kind": "concat", "strings": [word for one in part for word in (literal(one), val("str", " "))]})
    large = literal(1.7976931348623157e308)
    for over in (binary("add", large, large), binary("sub", literal(-1e308), large),
                 binary("sub", binary("add", large, large), binary("add", large, large))):
        for shown in (over, call("tostring", over), call("asintstr", over), binary("lt", over, large), binary("eq", over, over),
                      call("cjson.encode", over), {"kind": "unary", "op": "not", "arg": over},
                      {"kind": "array_at", "arr": literal([1]), "index": over}):
            yield case(shown)


def deep(levels, wrap, core):
    for i in range(levels):
        core = wrap(core, i)
    return core


def large():
    """What is beyond Lua's own limits: locals, levels, registers."""
    one, x = val("int", 1), variable(0)
    levels = 995
    words = val("str", "w")
    branch = lambda inner, i: {"kind": "branch", "condition": binary("ge", x, val("int", i % 2)), "then": {"kind": "seq", "cmds": [add_one, inner]},
                               "else": {"kind": "seq", "cmds": []}}
    add_one = {"kind": "assign", "assign": x, "value": binary("add", x, one)}
    for shape in (lambda e, i: binary("add", e, one), lambda e, i: binary("add", one, e), lambda e, i: binary("or", e, one),
                  lambda e, i: binary("and", e, one), lambda e, i: binary("and", one, e), lambda e, i: binary("or", val("int", 0), e),
                  lambda e, i: {"kind": "unary", "op": "not", "arg": e}, lambda e, i: call("tonumber", e),
                  lambda e, i: binary("add", call("asintstr", e), call("asintstr", x)), lambda e, i: binary("eq", e, x),
                  lambda e, i: {"kind": "concat", "strings": [one, e] if i % 100 == 0 else [e]},
                  lambda e, i: binary("and", binary("lt", x, one), e), lambda e, i: binary("or", e, call("string.find", words, words)),
                  lambda e, i: binary("and", call("redis.call", val("str", "incr"), val("str", "k")), e),
                  lambda e, i: call("redis.call", val("str", "incrby"), val("str", f"k{i % 7}"), e)):
        for count in (25, 40, 200, levels):
            yield case(deep(count, shape, x), arguments=(0,))
    for count in (25, 40, 200, levels):
        yield case(x, deep(count, branch, add_one), arguments=(0,))
        yield case(x, deep(count, lambda s, i: {"kind": "branch", "condition": binary("lt", x, val("int", -i)), "then": {"kind": "seq", "cmds": []},
                                                "else": {"kind": "seq", "cmds": [s]}}, add_one), arguments=(0,))
        loop = lambda s, i: {"kind": "for", "array": val("list", [7]), "index": {"kind": "index", "name": f"i{i}"}, "value": variable(i + 10),
                             "body": {"kind": "seq", "cmds": [s]}}
        yield case(binary("add", x, variable(12)), deep(count, loop, add_one), arguments=(0,))
        turn = lambda s, i: {"kind": "while", "condition": binary("eq", x, val("int", 0)), "body": {"kind": "seq", "cmds": [s]}}
        yield case(x, deep(count, turn, add_one), arguments=(0,))
    for count in (75, 100, 190, 300, 9999):
        declared = [{"kind": "declare", "assign": variable(i + 1), "value": binary("add", variable(i), one)} for i in range(count)]
        yield case(variable(count), *declared, arguments=(0,))
        inner = {"kind": "branch", "condition": val("bool", True), "then": {"kind": "seq", "cmds": declared}, "else": {"kind": "seq", "cmds": []}}
        yield case(variable(count), inner, arguments=(0,))
    for count in (10, 30, 60, 300, 5000):
        parts = [call("tostring", binary("or", x, val("int", i))) for i in range(count)]
        yield case({"kind": "concat", "strings": parts}, arguments=(0,))
        yield case(call("redis.call", val("str", "rpush"), val("str", "l"), *parts), arguments=(0,))
        yield case(call("redis.call", val("str", "hmget"), val("str", "h"), *parts), arguments=(0,))
        yield case(literal(list(range(count))))
        yield case(literal({f"f{i}": [i] for i in range(count)}))
    yield case(x, *[add_one] * 3000, arguments=(0,))
    yield case(x, {"kind": "while", "condition": binary("lt", x, val("int", 5000)), "body": {"kind": "seq", "cmds": [add_one] * 1500}}, arguments=(0,))


def cases():
    for some in (functions, names, operators, lookups, bytes_of_redis, loops, nested, numbers, large):
        yield from some()
