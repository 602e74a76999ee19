# SPDX-License-Identifier: Apache-2.0
#
# Reads a transcript file into sections and steps, and a command's line into words.
#
# A step is one line that does something (`> COMMAND`, `name:`, `raw< "bytes"`) with the reply it expects below it and
# the directives (`@word ...`) above it. The format is described for writers in tests/README.md.
# Next: transcript.py, which runs the steps.

import re
from dataclasses import dataclass, field

from transcripts import replies

DIRECTIVES = {"since", "ours", "judge", "proxy", "not", "unordered", "time", "save", "scan", "repeat", "resp", "reconnect", "restart"}
SECTION_WORDS = {"since", "ours", "judge", "not", "resp2", "resp3", "fresh"}
BACKENDS = {"proxy", "prefix", "cluster", "tables", "database servers"}  # what may stand behind `not`, with the reason


class BadScript(Exception):
    """A transcript that cannot be read; the text says where."""


@dataclass
class Step:
    line: int                 # of the command, counted from 1
    client: str
    action: str               # "send", "read", "raw send", "raw read", "reconnect" or "restart"
    text: str                 # the command, or the bytes in quotes
    section: "Section"
    directives: dict = field(default_factory=dict)
    expected: dict = field(default_factory=dict)   # replies by protocol version; 0: the same for both
    expected_bytes: str = ""
    end: int = 0              # the line after the last expected one, counted from 0

    def wants(self, resp):
        return self.expected.get(resp, self.expected.get(0))

    def has_patterns(self):
        return any(replies.has_pattern(one) for block in self.expected.values() for one in block)


@dataclass
class Section:
    line: int
    title: str
    settings: dict = field(default_factory=dict)
    steps: list = field(default_factory=list)


@dataclass
class Script:
    path: str
    lines: list
    options: list             # how the server is started for this file
    sections: list
    upstreams: dict           # name -> "single" or "cluster": what is started before it for this file


SEND = re.compile(r"(?:([a-z]\w*))?> (.*)")
READ = re.compile(r"([a-z]\w*):")
RAW_READ = re.compile(r"(raw\w*)< (.*)")
BLOCK = re.compile(r"resp([23]):")
DIRECTIVE = re.compile(r"@(\w+)(?: (.*))?")


def read_script(path):
    with open(path, encoding="utf-8") as file:
        return Parser(path, file.read().split("\n")).script()


class Parser:
    def __init__(self, path, lines):
        self.path = path
        self.lines = lines
        self.row = 0
        self.options = []
        self.sections = []
        self.upstreams = {}
        self.pending = {}

    def bad(self, why):
        return BadScript(f"{self.path}:{self.row + 1}: {why}")

    def script(self):
        while self.row < len(self.lines):
            line = self.lines[self.row]
            if line.startswith("## "):
                self.sections.append(Section(self.row + 1, line[3:]))
                self.row += 1
            elif not line or line.startswith("#"):
                self.row += 1
            elif line.startswith("@"):
                self.directive(line)
                self.row += 1
            else:
                self.step(line)
        if self.pending:
            raise self.bad("directives without a step")
        return Script(self.path, self.lines, self.options, self.sections, self.upstreams)

    def directive(self, line):
        found = DIRECTIVE.fullmatch(line)
        word, rest = found and found[1], (found and found[2]) or ""
        if word == "config":
            name, _, value = rest.partition(" ")
            self.options += ["--" + name] + [part.decode() for part in split_words(value)]
        elif word == "upstream":
            name, _, kind = rest.partition(" ")
            if not name.isalpha() or kind not in ("", "cluster"):
                raise self.bad("@upstream takes a name of letters, and `cluster` where it is one")
            self.upstreams[name] = kind or "single"
        elif word == "section":
            name, _, value = rest.partition(" ")
            if name not in SECTION_WORDS or not self.sections or self.sections[-1].steps:
                raise self.bad("@section stands below a heading and takes one of " + " ".join(sorted(SECTION_WORDS)))
            self.keep(self.sections[-1].settings, name, value)
        elif word in ("reconnect", "restart"):
            self.add(Step(self.row + 1, rest or "client", word, "", self.section(), end=self.row + 1))
        elif word in DIRECTIVES:
            self.keep(self.pending, word, rest)
        else:
            raise self.bad(f"unknown directive: {line}")

    def keep(self, settings, word, rest):
        if word == "not":
            backend, _, reason = rest.partition(": ")
            if backend not in BACKENDS or not reason:
                raise self.bad("`not` takes " + " or ".join(sorted(BACKENDS)) + ", a colon and the reason")
            word = "not " + backend
        settings[word] = rest

    def section(self):
        if not self.sections:
            raise self.bad("a step before the first heading (## sentence)")
        return self.sections[-1]

    def add(self, step):
        step.directives, self.pending = self.pending, {}
        step.section.steps.append(step)

    def step(self, line):
        number = self.row + 1
        if found := SEND.fullmatch(line):
            client = found[1] or "client"
            action = "raw send" if client.startswith("raw") else "send"
            step = Step(number, client, action, found[2], self.section())
        elif found := RAW_READ.fullmatch(line):
            step = Step(number, found[1], "raw read", "", self.section(), expected_bytes=found[2], end=number)
            self.row += 1
            return self.add(step)
        elif (found := READ.fullmatch(line)) and not BLOCK.fullmatch(line):
            step = Step(number, found[1], "read", "", self.section())
        else:
            raise self.bad(f"neither a step nor below one: {line}")
        self.row += 1
        self.expectation(step)
        return self.add(step)

    def expectation(self, step):
        version, block = 0, []
        start = self.row
        while self.row < len(self.lines):
            line = self.lines[self.row]
            if found := BLOCK.fullmatch(line):
                self.block(step, version, block, start)
                version, block, start = int(found[1]), [], self.row + 1
            elif not line or line[0] in "#@" or SEND.match(line) or RAW_READ.fullmatch(line) or READ.fullmatch(line):
                break
            else:
                block.append(line)
            self.row += 1
        self.block(step, version, block, start)
        step.end = self.row

    def block(self, step, version, block, start):
        if not block:
            return
        try:
            step.expected[version] = replies.read_text(block)
        except (replies.BadText, re.error) as error:
            raise BadScript(f"{self.path}:{start + 1}: {error}") from None


# ---- words

TIMES = re.compile(r"\{([^{}]*)\*(\d+)\}")
SERIES = re.compile(r"\{(-?\d+)\.\.(-?\d+)(?:: ([^{}]*))?\}")
NOW = re.compile(r"\{now(ms)?([+-]\d+)?\}")
VARIABLE = re.compile(rb"\{\$([\w.]+)\}")


def expand(line, now):
    """Replaces {text*count}, {first..last}, {first..last: text with #} and {now+seconds}; now() is in milliseconds."""
    line = TIMES.sub(lambda m: m[1] * int(m[2]), line)
    line = SERIES.sub(lambda m: " ".join((m[3] or "#").replace("#", str(number))
                                         for number in range(int(m[1]), int(m[2]) + 1)), line)
    return NOW.sub(lambda m: str((now() if m[1] else now() // 1000) + int(m[2] or 0)), line)


def split_words(line):
    """The words of a line by redis-cli's rules: "..." with escapes, '...' with \\' only."""
    words, at = [], 0
    while True:
        while at < len(line) and line[at].isspace():
            at += 1
        if at >= len(line):
            return words
        word = bytearray()
        while at < len(line) and not line[at].isspace():
            if line[at] not in "\"'":
                word += line[at].encode()
                at += 1
                continue
            quoted = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'').match(line, at)
            if not quoted or (quoted.end() < len(line) and not line[quoted.end()].isspace()):
                raise ValueError("unbalanced quotes")
            word += replies.unquote(quoted[1]) if quoted[1] is not None else quoted[2].replace("\\'", "'").encode()
            at = quoted.end()
        words.append(bytes(word))


def substitute(word, variables):
    """Puts saved values in the place of {$name}."""
    return VARIABLE.sub(lambda m: variables[m[1].decode()], word) if b"{$" in word else word
