# SPDX-License-Identifier: Apache-2.0
#
# Random scripts that end: every kind, operator and function, mostly used as they are meant, now and then not. A case is
# what scripts/vectors have, without a result. What a loop assigns is kept from growing by more than a little a turn.

import json

from scripts.random_commands import COMMANDS

KEYS = ["k1", "k2", "k3", "h1", "l1", "s1", "z1"]

WHOLE = [0, 1, 2, 3, 5, 10, -1, -2, -7, 100, 4096, 1000000, 123456789012]
REAL = [0.0, -0.0, 0.5, 2.5, -1.5, 3.7, 0.1, 1e-7, 0.0001, 1.5e-10, 2e19, 1e20, -1e300, 2.0, 1e16, 123456.789, 5e-324, 2.0**-44, 0.3]
TEXT = ["", "a", "b", "abc", "abcabc", "é", "日本語", "😀x", "aé", "5", "-3", "2.5", " 7 ", "007", "+4", "0x10", "1e3", "-0", "-0.0", ".5",
        "5.", "1e", "nan", "inf", "1_0", "a\"b", "back\\slash", "two\nlines", "\u0000z", "5\u0000", "\u001f", "\u007f", "/", "c\rd", "]]", "%d", "key",
        "1e400", "tail\\", "$x$", "--", "=5;", "=", "list", "hash"]
JSON = ["null", "[]", "{}", "[1,null,\"x\"]", "{\"a\":{\"b\":[]},\"é\":2.50}", " 5 ", "-0", "1e2", "\"\\u00e9\\ud83d\\ude00\"", "[1,]", "01", "nul",
        "{\"a\":1,\"a\":null}", "\"a", "[\"\\ud800\"]", "1e999", "9223372036854775808", "true", "[[[[]]]]", "{\"a\" : [ true , false ] }", "\"\t\"", "1.", "-", "[1 2]",
        "\"\\/\\b\\f\\n\\r\\t\\u0000\"", "", "{1:2}", "-0.0", "5 5"]
GOOD_JSON = ["[]", "[1,null,\"x\"]", "[[],{}]", "[0.1,-0.0,\"é\"]"]
FIELDS = ["a", "b", "é", "x y", "1", ""]


def val(kind, value):
    return {"kind": "val", "type": kind, "value": value}


def text(value):
    return val("str", value)


def call(name, *arguments):
    return {"kind": "call", "name": name, "args": list(arguments), "no_adjust": False}


def binary(operation, left, right):
    return {"kind": "binary", "op": operation, "left": left, "right": right}


def seq(statements):
    return {"kind": "seq", "cmds": statements}


class Generator:
    def __init__(self, chance):
        self.chance = chance

    def case(self):
        """A script with its input."""
        chance = self.chance
        self.names = 0
        self.scope = []       # (reference, what it probably is)
        self.loops = 0
        self.tame = chance.random() < 0.7  # hardly anything that fails
        self.left = chance.choice([4, 8, 8, 15, 30])  # statements
        arguments = [self.json_value(2) for _ in range(chance.randrange(4))]
        keys = chance.sample(KEYS, chance.randrange(1, 5))
        statements = []
        for i, value in enumerate(arguments):
            reference = {"kind": "arg", "name": f"arg_{i}", "readable": chance.choice(["limit", "tok en", "end", f"a{i}"])}
            statements.append({"kind": "declare", "assign": reference, "value": {"kind": "load_json_arg", "index": i}})
            self.scope.append((reference, kind_of(value)))
        for i in range(len(keys)):
            reference = {"kind": "key", "name": f"key_{i}", "readable": f"k{i}"}
            statements.append({"kind": "declare", "assign": reference, "value": {"kind": "load_key_arg", "index": i}})
            self.scope.append((reference, "key"))
        if chance.random() < 0.1:  # so many that the printer has to spread them
            statements += [{"kind": "declare", "assign": {"kind": "var", "name": f"many_{i}"}, "value": val("int", i)}
                           for i in range(90)]
        for _ in range(chance.randrange(4)):
            statements.append(self.declaration())
        statements += self.statements(6, 0)
        if chance.random() < 0.85:
            statements.append({"kind": "return", "value": self.result()})
        if not self.tame and chance.random() < 0.05:
            keys, arguments = keys[:-1], arguments[:-1]
        graph = {"kind": "script", "cmds": statements, "argv": [f"n{i}" for i in range(len(arguments))], "keyv": keys}
        return {"keys": keys, "args": arguments, "setup": self.setup(), "graph": graph, "after": []}

    def result(self):
        """What shows most of what the script has done."""
        variables = [reference for reference, _ in self.scope]
        if not variables or self.chance.random() < 0.5:
            return self.expression("any", 3)
        shown = [call("tostring", self.chance.choice(variables)) for _ in range(3)]
        return {"kind": "concat", "strings": shown}

    # --- input

    def json_value(self, depth):
        chance = self.chance
        pick = chance.random()
        if pick < 0.3:
            return chance.choice(TEXT)
        if pick < 0.55:
            return chance.choice(WHOLE)
        if pick < 0.65:
            return chance.choice(REAL)
        if pick < 0.75 or depth == 0:
            return chance.choice([None, True, False])
        size = chance.randrange(4)
        if pick < 0.9:
            return [self.json_value(depth - 1) for _ in range(size)]
        return {chance.choice(FIELDS): self.json_value(depth - 1) for _ in range(size)}

    def setup(self):
        chance = self.chance
        commands = []
        for key in KEYS:
            if chance.random() < 0.4:
                continue
            some = [chance.choice(TEXT[1:]) for _ in range(chance.randrange(1, 5))]
            if key[0] == "k":
                commands.append(["SET", key, chance.choice(TEXT + ["5", "12", "2.5", b"\xff\xfe", b"a\xc3", b"\xe9b"])])
            elif key[0] == "l":
                commands.append(["RPUSH", key, *some])
            elif key[0] == "h":
                commands.append(["HSET", key, *(word for field in set(chance.choices(FIELDS, k=3))
                                               for word in (field, chance.choice(TEXT + ["5", "7"])))])
            elif key[0] == "s":
                commands.append(["SADD", key, *some])
            else:
                commands.append(["ZADD", key, *(word for member in some for word in (chance.choice(["1", "2", "2.5", "-1", "0.1"]), member))])
            if chance.random() < 0.1:
                commands.append(["EXPIRE", key, "1000"])
        return commands

    # --- statements

    def fresh(self, kind="var"):
        self.names += 1
        return {"kind": kind, "name": f"{kind}_{self.names}"}

    def variables(self, *kinds):
        return [reference for reference, _ in self.scope if reference["kind"] in kinds]

    def learn(self, reference, kind):
        self.scope = [one for one in self.scope if one[0]["name"] != reference["name"]] + [(reference, kind)]

    def declaration(self):
        kind = self.chance.choice(["whole", "number", "text", "list", "list", "dict", "any"])
        value = self.expression(kind, 2)
        reference = self.fresh()
        self.learn(reference, kind)
        return {"kind": "declare", "assign": reference, "value": value}

    def statements(self, most, depth):
        made = []
        for _ in range(self.chance.randrange(1, most + 1)):
            if self.left <= 0:
                break
            self.left -= 1
            made.append(self.statement(depth))
        return made

    def statement(self, depth):
        chance = self.chance
        pick = chance.random()
        if pick < 0.12:
            return self.declaration()
        if pick < 0.25 and self.scope:
            reference, kind = chance.choice(self.scope)
            if kind == "key" and chance.random() < 0.3:
                kind = "whole"
            if not reference["name"].startswith("turn"):
                if not self.tame and chance.random() < 0.3:
                    kind = chance.choice(["any", "number", "text", "list"])
                value = self.expression(kind if kind != "key" else "text", 2)
                self.learn(reference, "key" if reference["kind"] == "key" else kind)
                return {"kind": "assign", "assign": reference, "value": value}
        if pick < 0.42 and self.variables("var"):
            return self.change(depth)
        if pick < 0.62:
            return {"kind": "stmt", "expr": self.command(2) if chance.random() < 0.8 else self.expression("any", 2)}
        if pick < 0.76 and depth < 4:
            return {"kind": "branch", "condition": self.expression("bool", 3), "then": seq(self.statements(3, depth + 1)),
                    "else": seq(self.statements(2, depth + 1) if chance.random() < 0.5 else [])}
        if pick < 0.84 and self.loops < 2:
            return self.for_each(depth)
        if pick < 0.9 and self.loops < 2:
            return self.loop(depth)
        if pick < 0.94:
            value = None if chance.random() < 0.2 else self.expression("any", 2)
            return {"kind": "return", "value": value}
        return {"kind": "stmt", "expr": self.command(2)}

    def change(self, depth):
        """An element or entry; in a loop only of what is still short."""
        chance = self.chance
        lists = [one for one, kind in self.scope if one["kind"] == "var" and kind == "list"]
        dicts = [one for one, kind in self.scope if one["kind"] == "var" and kind == "dict"]
        entry = chance.random() < 0.4
        wanted = dicts if entry else lists
        if self.tame and not wanted:
            return {"kind": "stmt", "expr": self.command(2)}
        if not wanted or not self.tame and chance.random() < 0.1:
            wanted = self.variables("var")
        target = chance.choice(wanted)
        if target["name"].startswith("turn"):
            return {"kind": "stmt", "expr": self.command(2)}
        value = self.expression("any", 2)
        if entry:
            return {"kind": "assign_key", "assign": target, "key": self.entry_key(), "value": value}
        index = {"kind": "array_len", "var": target} if chance.random() < 0.6 else self.index()
        made = {"kind": "assign_at", "assign": target, "index": index, "value": value}
        if self.loops == 0:
            return made
        short = binary("lt", {"kind": "array_len", "var": target}, val("int", 8))
        return {"kind": "branch", "condition": short, "then": seq([made]), "else": seq([])}

    def for_each(self, depth):
        array = self.expression(self.chance.choice(["list", "list", "list", "text", "dict"]), 2)
        index, value = self.fresh("index"), self.fresh()
        self.learn(index, "whole")
        self.learn(value, "any")
        self.loops += 1
        body = self.statements(4, depth + 1)
        self.loops -= 1
        return {"kind": "for", "array": array, "index": index, "value": value, "body": seq(body)}

    def loop(self, depth):
        """As a branch that is always taken, for the counter has to be declared before."""
        self.names += 1
        turn = {"kind": "var", "name": f"turn_{self.names}"}
        self.learn(turn, "whole")
        self.loops += 1
        go_on = binary("lt", turn, val("int", self.chance.randrange(1, 4)))
        if self.chance.random() < 0.5:
            go_on = binary("and", go_on, self.expression("bool", 2))
        step = {"kind": "assign", "assign": turn, "value": binary("add", turn, val("int", 1))}
        body = [step, *self.statements(4, depth + 1)]
        self.loops -= 1
        loop = {"kind": "while", "condition": go_on, "body": seq(body)}
        start = {"kind": "declare", "assign": turn, "value": val("int", 0)}
        return {"kind": "branch", "condition": val("bool", True), "then": seq([start, loop]), "else": seq([])}

    # --- expressions

    def reference(self, kind):
        if kind == "key":
            kind = "text"
        fitting = [one for one, known in self.scope if known == kind or (kind == "number" and known == "whole")]
        if fitting and (self.tame or self.chance.random() < 0.9):
            return self.chance.choice(fitting)
        if self.tame:
            return None
        return self.chance.choice(self.scope)[0] if self.scope else None

    def expression(self, kind, depth):
        chance = self.chance
        if not self.tame and chance.random() < 0.06:
            kind = "any"
        if kind == "any":
            kind = chance.choice(["whole", "number", "text", "text", "list", "dict", "bool", "none"])
        pick = chance.random()
        if (pick < 0.35 or depth == 0) and chance.random() < 0.6:
            reference = self.reference(kind)
            if reference:
                return reference
        if depth == 0 or pick < 0.45:
            return self.literal(kind)
        if chance.random() < 0.12:
            return self.choice(kind, depth)
        return getattr(self, "a_" + kind)(depth - 1)

    def literal(self, kind):
        chance = self.chance
        if kind == "whole":
            return val("int", chance.choice(WHOLE))
        if kind == "number":
            return val("float", chance.choice(REAL)) if chance.random() < 0.4 else val("int", chance.choice(WHOLE))
        if kind in ("text", "key"):
            return text(chance.choice(TEXT))
        if kind == "list":
            return val("list", [self.json_value(1) for _ in range(chance.randrange(4))])
        if kind == "dict":
            return val("dict", {field: self.json_value(1) for field in set(chance.choices(FIELDS, k=chance.randrange(4)))})
        if kind == "bool":
            return val("bool", chance.random() < 0.5)
        return val("none", None)

    def choice(self, kind, depth):
        operation = self.chance.choice(["and", "or"])
        left = kind if self.tame else self.chance.choice(["any", kind])
        return binary(operation, self.expression(left, depth - 1), self.expression(kind, depth - 1))

    def surely(self, kind, expression):
        """In place of none, which it may be, a value of its kind."""
        if not self.tame or self.chance.random() < 0.05:
            return expression
        return binary("or", expression, {"whole": val("int", 0), "number": val("float", 0.5), "text": text("-"), "list": val("list", []),
                                         "dict": val("dict", {}), "bool": val("bool", False), "none": val("none", None)}[kind])

    def growing(self, one, depth):
        """A part of a text or list that gets longer: in a loop only one part is not a literal."""
        return self.expression(one, depth) if self.loops == 0 else self.literal(one)

    def a_whole(self, depth):
        pick = self.chance.random()
        if pick < 0.25:
            return binary(self.chance.choice(["add", "sub"]), self.expression("whole", depth), self.expression("whole", depth))
        if pick < 0.45:
            measured = self.reference(self.chance.choice(["list", "text", "dict"]))
            if measured:
                return {"kind": "array_len", "var": measured}
        if pick < 0.55:
            return call("asintstr", self.expression("number" if self.tame else self.chance.choice(["number", "text"]), depth))
        if pick < 0.7:
            return self.surely("whole", self.find(depth))
        if pick < 0.75:
            return {"kind": "constant", "raw": self.chance.choice(["redis.LOG_DEBUG", "redis.LOG_WARNING", "redis.LOG_NOTICE", "redis.LOG_VERBOSE"])}
        return self.command(depth, "whole")

    def find(self, depth):
        parts = [self.expression("text", depth), self.expression("text", depth)]
        if self.chance.random() < 0.4:
            parts.append(self.index())
        return call("string.find", *parts)

    def a_number(self, depth):
        pick = self.chance.random()
        if pick < 0.35:
            return binary(self.chance.choice(["add", "sub"]), self.expression("number", depth), self.expression("number", depth))
        if pick < 0.6:
            return self.surely("number", call("tonumber", self.expression(self.chance.choice(["text", "text", "number", "any"]), depth)))
        return self.a_whole(depth)

    def a_text(self, depth):
        pick = self.chance.random()
        if pick < 0.25:
            parts = [self.expression(self.chance.choice(["text", "text", "number"]), depth)]
            parts += [self.growing(self.chance.choice(["text", "number"]), depth) for _ in range(self.chance.randrange(3))]
            if self.chance.random() < 0.02:
                parts = parts * 12
            return {"kind": "concat", "strings": parts[self.chance.random() < 0.03:]}
        if pick < 0.32:
            return binary("add", self.expression("text", depth), self.growing("text", depth))
        if pick < 0.45:
            return call("tostring", self.growing(self.chance.choice(["any", "number", "list", "dict"]), depth))
        if pick < 0.5:
            return call("type", self.expression("any", depth))
        if pick < 0.58:
            return call("cjson.encode", self.growing("any", depth))
        if pick < 0.68:
            some = binary("add", self.literal("text"), text("é!")) if self.tame else self.expression("text", depth)
            return {"kind": "array_at", "arr": some, "index": self.index()}
        return self.command(depth, "text")

    def a_list(self, depth):
        pick = self.chance.random()
        if pick < 0.15:
            return binary("add", self.expression("list", depth), self.growing("list", depth))
        if pick < 0.3:
            return call("cjson.decode", self.json_text(depth))
        if pick < 0.5:
            return self.literal("list")
        return self.command(depth, "list")

    def a_dict(self, depth):
        pick = self.chance.random()
        if pick < 0.2:
            return call("cjson.decode", text("{\"a\":{\"b\":[]},\"é\":2.50}") if self.tame else self.json_text(depth))
        if pick < 0.5:
            return self.literal("dict")
        return self.command(depth, "dict")

    def json_text(self, depth):
        if not self.tame and self.chance.random() < 0.3:
            return self.expression("text", depth)
        return text(self.chance.choice(GOOD_JSON if self.tame else JSON))

    def a_bool(self, depth):
        pick = self.chance.random()
        if pick < 0.35:
            kind = self.chance.choice(["number", "number", "text"])
            return binary(self.chance.choice(["lt", "le", "gt", "ge"]), self.expression(kind, depth), self.expression(kind, depth))
        if pick < 0.65:
            kind = self.chance.choice(["any", "number", "text", "list", "dict", "none"])
            return binary(self.chance.choice(["eq", "ne"]), self.expression(kind, depth), self.expression(kind, depth))
        if pick < 0.78:
            return {"kind": "unary", "op": "not", "arg": self.expression("any", depth)}
        if pick < 0.9:
            return binary(self.chance.choice(["and", "or"]), self.expression("bool", depth), self.expression("bool", depth))
        return self.command(depth, "bool")

    def a_none(self, depth):
        pick = self.chance.random()
        if self.tame and 0.3 < pick < 0.7:
            return val("none", None)
        if pick < 0.3:
            return call("redis.log", {"kind": "constant", "raw": "redis.LOG_DEBUG"}, self.expression("text", depth))
        if pick < 0.36:
            return call(self.chance.choice(["math.floor", "no\nsuch", "tostring", "redis.call"]))
        if pick < 0.4:
            return call(self.chance.choice(["tostring", "asintstr"]), self.command(depth), self.literal("text"))
        if pick < 0.42:
            return {"kind": "constant", "raw": "redis.NO"}
        if pick < 0.7:
            return {"kind": "array_at", "arr": self.expression("list", depth), "index": self.index()}
        return {"kind": "dict_key", "obj": self.expression("dict", depth), "key": self.entry_key()}

    a_key = a_text

    def index(self):
        if self.tame:
            return val("int", self.chance.choice([0, 0, 0, 1, -1]))
        if self.chance.random() < 0.75:
            return val("int", self.chance.choice([0, 0, 1, -1, 2, -2, 3]))
        return self.expression(self.chance.choice(["whole", "number"]), 1)

    def entry_key(self):
        if self.chance.random() < 0.8:
            return text(self.chance.choice(FIELDS))
        return self.expression(self.chance.choice(["number", "text", "any"]), 1)

    # --- commands

    def command(self, depth, gives=None):
        chance = self.chance
        fitting = [row for row in COMMANDS if (gives is None or row.gives == gives) and not (row.grows and self.loops)]
        row = chance.choice(fitting)
        words = [self.word(one, depth) for one in row.pick(chance)]
        if words and chance.random() < 0.05:  # a word that is known only at run time
            hidden = chance.randrange(len(words))
            words[hidden] = binary("or", val("none", None), words[hidden])
        if row.name != "zrank" and chance.random() < (0.002 if self.tame else 0.02):  # ZRANK takes one more from 7.2 on
            words = words[:-1] if chance.random() < 0.5 else words + [text("more")]
        name = row.name.upper() if chance.random() < 0.1 else row.name
        if chance.random() < 0.005:
            name = "nosuch"
        made = call("redis.call", text(name), *words)
        if chance.random() < 0.04 and self.variables("var"):
            made["args"][0] = binary("or", val("none", None), text(name))  # a name that is known only at run time
        return self.surely(gives, made) if gives else made

    def word(self, kind, depth):
        chance = self.chance
        if kind.startswith("="):
            return text(kind[1:])
        if kind in ("k", "h", "l", "s", "z"):
            keys = [reference for reference, known in self.scope if known == "key"]
            if keys and chance.random() < (0.02 if self.tame else 0.4):
                return chance.choice(keys)
            sure = self.tame or chance.random() < 0.9
            return text(chance.choice([key for key in KEYS if not sure or key[0] == kind]))
        if kind == "field":
            return text(chance.choice(FIELDS)) if chance.random() < 0.8 else self.value(depth)
        if kind == "n":
            return val("int", chance.choice([0, 1, 2, -1, -2, 3, 10])) if chance.random() < 0.85 else self.expression("whole", 1)
        if kind == "count":
            return val("int", chance.choice([0, 1, 2, 3])) if chance.random() < 0.95 else self.expression("whole", 0)
        if kind == "score":
            return val("float", chance.choice([0.5, 1.0, -2.25, 0.1])) if chance.random() < 0.5 else val("int", chance.choice([0, 1, 2, 5]))
        if kind == "amount":
            some = [val("int", 1), val("int", -3), val("float", 0.5), text("4"), text("2.5"), text("+4"), text("-0")]
            return chance.choice(some if self.tame else [*some, text("x")])
        return self.value(depth)

    def value(self, depth):
        if self.loops:
            return self.literal(self.chance.choice(["text", "whole", "number"])) if self.chance.random() < 0.5 else self.loop_value()
        return self.expression(self.chance.choice(["text", "text", "text", "number", "whole"] + ["any"] * (not self.tame and self.chance.random() < 0.3)), depth)

    def loop_value(self):
        numbers = [one for one, known in self.scope if known in ("whole", "any")]
        return self.chance.choice(numbers) if numbers else self.literal("text")


def kind_of(value):
    kinds = {str: "text", bool: "bool", int: "whole", float: "number", list: "list", dict: "dict", type(None): "none"}
    return kinds[type(value)]


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
