# SPDX-License-Identifier: Apache-2.0
#
# Replies as trees: read from the wire, printed as redis-cli prints them, read back from that print, and compared.
#
# A transcript holds one expected reply, written in its RESP3 form. What RESP2 has to send instead follows from
# it by fixed rules (a map is a flat array, a double is a string, ...), which stand in `matches`. Where a command does
# not follow those rules the transcript has two blocks.
#
# An expected tree may also hold patterns: `<any>`, `<integer 1..9>`, `~ /regex/`, `...`; see tests/README.md.
# Next: script.py, which reads transcripts, and server.py, which owns the connections.

import re
from dataclasses import dataclass
from typing import Any

AGGREGATES = {"array": ")", "set": "~", "map": "#", "push": ">"}
KIND_OF_MARK = {mark: kind for kind, mark in AGGREGATES.items()}
EMPTY = {"(empty array)": "array", "(empty set)": "set", "(empty hash)": "map", "(empty push)": "push"}
STATES = {"blocks", "closed", "nothing", "no reply"}  # what may happen instead of a reply
PATTERNS = {"any", "some_integer", "some_double", "some_string", "regex", "one_of", "more"}


@dataclass(slots=True)
class Reply:
    """One reply or a part of one. `value`: bytes, int, bool, None or a list; of a map, a list of pairs."""
    kind: str
    value: Any = None


class BadText(Exception):
    """An expected reply that cannot be read."""


# ---- from the wire

def parse(data, at):
    """The reply that begins at data[at], and where it ends; raises IndexError when it is not all there yet."""
    end = data.find(b"\r\n", at)
    if end < 0:
        raise IndexError
    mark, line, at = bytes(data[at:at + 1]), bytes(data[at + 1:end]), end + 2
    if mark == b"+":
        return Reply("status", line), at
    if mark == b"-":
        return Reply("error", line), at
    if mark == b":":
        return Reply("integer", int(line)), at
    if mark in (b"$", b"=", b"!"):
        size = int(line)
        if size < 0:
            return Reply("nil"), at
        if len(data) < at + size + 2:
            raise IndexError
        body = bytes(data[at:at + size])
        if data[at + size:at + size + 2] != b"\r\n":
            raise ValueError(f"a string of {size} bytes does not end in CRLF")
        at += size + 2
        if mark == b"$":
            return Reply("string", body), at
        return Reply("verbatim" if mark == b"=" else "error", body), at
    if mark == b"_":
        return Reply("nil"), at
    if mark == b",":
        return Reply("double", line), at
    if mark == b"#":
        return Reply("boolean", line == b"t"), at
    if mark == b"(":
        return Reply("bignum", line), at
    if mark in (b"*", b"~", b">", b"%", b"|"):
        count = int(line)
        if count < 0:
            return Reply("nil array"), at
        items = []
        for _ in range(count * 2 if mark in (b"%", b"|") else count):
            item, at = parse(data, at)
            items.append(item)
        if mark == b"|":  # attributes describe the reply that follows; they are not part of it
            return parse(data, at)
        if mark == b"%":
            return Reply("map", list(zip(items[::2], items[1::2]))), at
        return Reply({b"*": "array", b"~": "set", b">": "push"}[mark], items), at
    raise ValueError(f"not a reply: {mark + line[:60]!r}")


# ---- to text

ESCAPES = {0x22: '\\"', 0x5c: "\\\\", 0x0a: "\\n", 0x0d: "\\r", 0x09: "\\t", 0x07: "\\a", 0x08: "\\b"}


def quote(data):
    return '"' + "".join(ESCAPES.get(b) or (chr(b) if 32 <= b < 127 else f"\\x{b:02x}") for b in data) + '"'


def is_multiline(reply):
    if reply.kind not in AGGREGATES or not reply.value:
        return False
    if len(reply.value) > 1:
        return True
    return is_multiline(reply.value[0][1] if reply.kind == "map" else reply.value[0])


def text(reply, indent=0):
    """As redis-cli prints it to a terminal, but for pushes (`1>`), verbatim strings and null arrays."""
    kind, value = reply.kind, reply.value
    if kind == "status":
        return value.decode("latin-1")
    if kind == "error":
        return "(error) " + value.decode("latin-1").rstrip()
    if kind == "integer":
        return f"(integer) {value}"
    if kind == "string":
        return quote(value)
    if kind == "verbatim":
        return f"(verbatim {value[:3].decode('latin-1')}) {quote(value[4:])}"
    if kind in ("double", "bignum"):
        return f"({kind}) {value.decode('latin-1')}"
    if kind == "boolean":
        return "(true)" if value else "(false)"
    if kind in ("nil", "nil array"):
        return f"({kind})"
    if kind in AGGREGATES:
        return aggregate_text(reply, indent)
    return pattern_text(reply)


def aggregate_text(reply, indent):
    if not reply.value:
        return next(word for word, kind in EMPTY.items() if kind == reply.kind)
    width = len(str(len(reply.value)))
    inner = indent + width + 2
    lines = []
    for number, item in enumerate(reply.value, 1):
        start = ("" if number == 1 else " " * indent) + f"{number:{width}}{AGGREGATES[reply.kind]} "
        if reply.kind != "map":
            lines.append(start + text(item, inner))
        elif isinstance(item, Reply):
            lines.append(start + text(item, inner))
        else:
            key, value = item
            gap = "\n" + " " * inner if is_multiline(value) else " "
            lines.append(f"{start}{text(key, inner)} =>{gap}{text(value, inner)}")
    return "\n".join(lines)


def pattern_text(reply):
    if reply.kind == "any":
        return "<any>"
    if reply.kind == "more":
        return "..."
    if reply.kind == "regex":
        return " and ".join(f"~ /{one.pattern.decode('latin-1')}/" for one in reply.value)
    if reply.kind == "one_of":
        return "<one " + " | ".join(text(one) for one in reply.value) + ">"
    bounds = "" if reply.value is None else " {}..{}".format(*("" if b is None else b for b in reply.value))
    return f"<{reply.kind[5:]}{bounds}>"


def texts(several):
    """Several replies, and what may stand in place of one, below one another."""
    return "\n".join(f"({reply.kind})" if reply.kind in STATES else text(reply) for reply in several)


# ---- from text

QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
MARK = re.compile(r" *(\d+)([)~#>]) ")
RANGE = re.compile(r"<(integer|double|string)(?: (-?[\d.]*?)\.\.(-?[\d.]*))?>")
UNESCAPE = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b"}


def unquote(body):
    """The bytes that the inside of a double-quoted text stands for."""
    out = re.sub(r"\\(x[0-9a-fA-F]{2}|.)",
                 lambda m: chr(int(m[1][1:], 16)) if len(m[1]) == 3 else UNESCAPE.get(m[1], m[1]), body)
    return out.encode("latin-1")


class TextReader:
    """Reads printed replies back. The columns carry the structure: siblings' markers stand in one column."""

    def __init__(self, lines):
        self.lines = lines
        self.row = 0

    def replies(self):
        found = []
        while self.row < len(self.lines):
            if self.lines[self.row].startswith("~ /"):
                found.append(self.regexes())
            else:
                found.append(self.value(0))
        return found

    def regexes(self):
        several = []
        while self.row < len(self.lines) and self.lines[self.row].startswith("~ /"):
            several.append(self.regex(self.lines[self.row]))
            self.row += 1
        return Reply("regex", several)

    @staticmethod
    def regex(line):
        if not line.endswith("/"):
            raise BadText(f"a regular expression without its last slash: {line}")
        return re.compile(line[3:-1].encode("latin-1"), re.S)

    def value(self, column):
        """The value at this column of the current row; ends on the row after it."""
        line = self.lines[self.row][column:]
        if MARK.match(line):
            return self.aggregate(column)
        self.row += 1
        return self.leaf(line)

    def aggregate(self, column):
        kind, items = None, []
        while self.row < len(self.lines):
            line = self.lines[self.row]
            if items and line[:column].strip():
                break
            if line[column:] == "...":
                items.append(Reply("more"))
                self.row += 1
                break
            mark = MARK.match(line, column)
            if not mark or int(mark[1]) != len(items) + 1 or kind not in (None, KIND_OF_MARK[mark[2]]):
                break
            kind = KIND_OF_MARK[mark[2]]
            items.append(self.pair(mark.end()) if kind == "map" else self.value(mark.end()))
        if not items:
            raise BadText(f"an element out of its place: {self.lines[self.row]}")
        return Reply(kind, items)

    def pair(self, column):
        line = self.lines[self.row]
        quoted = QUOTED.match(line, column)
        end = quoted.end() if quoted else line.find(" => ", column)
        if end < 0 or not line.startswith(" =>", end):
            raise BadText(f"a map's element without =>: {line}")
        key = self.leaf(line[column:end])
        if line[end:].rstrip() == " =>":
            self.row += 1
            return key, self.value(column)
        return key, self.value(end + 4)

    def leaf(self, line):
        if line.startswith('"'):
            quoted = QUOTED.fullmatch(line)
            if not quoted:
                raise BadText(f"a string that does not end: {line}")
            return Reply("string", unquote(quoted[1]))
        if line in EMPTY:
            return Reply(EMPTY[line], [])
        if line in ("(nil)", "(nil array)") or line[1:-1] in STATES and line[0] + line[-1] == "()":
            return Reply(line[1:-1])
        if line in ("(true)", "(false)"):
            return Reply("boolean", line == "(true)")
        if line.startswith("(integer) "):
            return Reply("integer", int(line[10:]))
        for kind in ("double", "bignum", "error"):
            if line.startswith(f"({kind}) "):
                return Reply(kind, line[len(kind) + 3:].encode("latin-1"))
        if found := re.fullmatch(r'\(verbatim (...)\) "(.*)"', line):
            return Reply("verbatim", found[1].encode() + b":" + unquote(found[2]))
        return self.pattern(line)

    def pattern(self, line):
        if line == "<any>":
            return Reply("any")
        if line == "...":
            return Reply("more")
        if line.startswith("~ /"):
            return Reply("regex", [self.regex(line)])
        if line.startswith("<one ") and line.endswith(">"):
            return Reply("one_of", [self.leaf(one) for one in line[5:-1].split(" | ")])
        if found := RANGE.fullmatch(line):
            low, high = found[2], found[3]
            bounds = None if low is None else tuple(float(b) if b else None for b in (low, high))
            return Reply("some_" + found[1], bounds)
        if line.startswith(("(", "<")):
            raise BadText(f"not a reply: {line}")
        return Reply("status", line.encode("latin-1"))


def read_text(lines):
    """The expected replies that these lines hold."""
    return TextReader(lines).replies()


def has_pattern(reply):
    if reply.kind in PATTERNS:
        return True
    if reply.kind == "map":
        return any(isinstance(item, Reply) or has_pattern(item[0]) or has_pattern(item[1]) for item in reply.value)
    return reply.kind in AGGREGATES and any(has_pattern(item) for item in reply.value)


# ---- comparing

@dataclass(slots=True)
class Rules:
    """How strictly to compare: the protocol version, whether the order counts, and whether doubles count by value."""
    resp: int
    unordered: bool = False
    doubles_by_value: bool = False


def matches(expected, actual, rules):
    kind = expected.kind
    if kind in PATTERNS:
        return matches_pattern(expected, actual, rules)
    if rules.resp == 2:
        if kind == "double":
            return actual.kind == "string" and same_double(expected.value, actual.value, rules)
        if kind == "boolean":
            return actual.kind == "integer" and actual.value == int(expected.value)
        if kind == "verbatim":
            return actual.kind == "string" and actual.value == expected.value[4:]
        if kind == "bignum":
            return actual.kind == "string" and actual.value == expected.value
        if kind in ("set", "push"):
            return actual.kind == "array" and matches_items(expected, actual.value, rules)
        if kind == "map":
            if actual.kind != "array" or len(actual.value) % 2:
                return False
            pairs = list(zip(actual.value[::2], actual.value[1::2]))
            return matches_items(expected, pairs, rules)
    elif kind in ("nil", "nil array"):
        return actual.kind == "nil"
    if kind != actual.kind:
        return False
    if kind == "double":
        return same_double(expected.value, actual.value, rules)
    if kind in AGGREGATES:
        return matches_items(expected, actual.value, rules)
    if kind == "error":  # a transcript holds no blanks at the end of a line
        return expected.value.rstrip() == actual.value.rstrip()
    return expected.value == actual.value


def all_match(wanted, got, rules):
    """Compares several replies, one by one."""
    return len(wanted) == len(got) and all(matches(one, other, rules) for one, other in zip(wanted, got))


def same_double(expected, actual, rules):
    if expected == actual:
        return True
    try:
        return rules.doubles_by_value and float(expected) == float(actual)
    except ValueError:
        return False


def matches_items(expected, actual, rules):
    wanted, inner = list(expected.value), Rules(rules.resp, False, rules.doubles_by_value)
    open_ended = bool(wanted) and isinstance(wanted[-1], Reply) and wanted[-1].kind == "more"
    if open_ended:
        wanted.pop()
    if len(wanted) > len(actual) or (len(wanted) < len(actual) and not open_ended):
        return False

    def same(one, other):
        if isinstance(one, tuple):
            return matches(one[0], other[0], inner) and matches(one[1], other[1], inner)
        return matches(one, other, inner)

    if not rules.unordered and expected.kind in ("array", "push"):
        return all(same(one, other) for one, other in zip(wanted, actual))
    left = list(actual)
    for one in wanted:
        found = next((at for at, other in enumerate(left) if same(one, other)), None)
        if found is None:
            return False
        left.pop(found)
    return True


def matches_pattern(expected, actual, rules):
    kind, value = expected.kind, expected.value
    if kind == "any":
        return True
    if kind == "one_of":
        return any(matches(one, actual, rules) for one in value)
    if kind == "regex":
        raw = actual.value if isinstance(actual.value, bytes) else text(actual).encode("latin-1")
        if actual.kind == "verbatim":
            raw = raw[4:]
        return all(one.search(raw) for one in value)
    if kind == "some_integer":
        return actual.kind == "integer" and within(actual.value, value)
    if kind == "some_double":
        try:
            return actual.kind == ("string" if rules.resp == 2 else "double") and within(float(actual.value), value)
        except ValueError:
            return False
    if kind == "some_string":
        return actual.kind == "string" and within(len(actual.value), value)
    return False


def within(number, bounds):
    low, high = bounds or (None, None)
    return (low is None or number >= low) and (high is None or number <= high)
