# SPDX-License-Identifier: Apache-2.0
#
# Templates of commands, and the random commands made from them:
#
#   ZADD {z} [NX|XX] [CH] ({score} {member})+
#
#   WORD       stands for itself            {name}   a random word of that kind (words.py)
#   [a | b]    one of them, or nothing      (a | b)  one of them
#   ...+       one to four times            ...++    now and then some hundreds
#
# Now and then a command is spoilt: a word is dropped, doubled or made nonsense of.

import re

from randomised.words import KINDS, NONSENSE

TOKEN = re.compile(r"\{\w+\}|\+\+|[\[\]()|+]|[^\s\[\](){}|+]+")


class Template:
    def __init__(self, text):
        self.tokens = TOKEN.findall(text)
        self.at = 0
        self.tree = self.sequence()
        # The keys x and y have an invariant to keep; @ marks steps of our own (session.py).
        self.can_spoil = "{x}" not in text and "{y}" not in text and not text.startswith("@")
        if self.at != len(self.tokens):
            raise ValueError(f"cannot read: {text}")

    def sequence(self):
        items = []
        while self.at < len(self.tokens) and self.tokens[self.at] not in "])|":
            items.append(self.repeated())
        return items

    def repeated(self):
        item = self.item()
        if self.at < len(self.tokens) and self.tokens[self.at] in ("+", "++"):
            item = (self.tokens[self.at], item)
            self.at += 1
        return item

    def item(self):
        token = self.tokens[self.at]
        self.at += 1
        if token in ("[", "("):
            choices = [self.sequence()]
            while self.tokens[self.at] == "|":
                self.at += 1
                choices.append(self.sequence())
            self.at += 1
            return ("maybe" if token == "[" else "one", choices)
        if token.startswith("{"):
            return ("word", KINDS[token[1:-1]])
        return ("literal", token.encode())

    def words(self, random):
        out = []
        for item in self.tree:
            expand(item, random, out)
        if self.can_spoil and random.random() < 0.03:
            spoil(out, random)
        if self.can_spoil and random.random() < 0.1:
            out[0] = out[0].lower()
        return out


def expand(item, random, out):
    kind, what = item
    if kind == "literal":
        out.append(what)
    elif kind == "word":
        out.append(what(random))
    elif kind in ("one", "maybe"):
        if kind == "one" or random.random() < 0.35:
            for inner in random.choice(what):
                expand(inner, random, out)
    else:
        times = random.randint(1, 4)
        if kind == "++" and random.random() < 0.03:
            times = random.choice((130, 300, 600))
        for _ in range(times):
            expand(what, random, out)


def spoil(words, random):
    at = random.randrange(1, len(words)) if len(words) > 1 else 0
    how = random.random()
    if how < 0.3 and len(words) > 1:
        del words[at]
    elif how < 0.6:
        words.insert(at, words[at])
    else:
        words[at] = random.choice(NONSENSE) if at > 0 else words[at]
