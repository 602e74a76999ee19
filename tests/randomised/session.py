# SPDX-License-Identifier: Apache-2.0
#
# One step on both servers: sends a command to each and compares. What depends on chance is led by us: what SPOP took
# from our set is removed from the judge's, and random members only have to be there.
#
# Steps of our own: `@RESTORE key to` takes the judge's DUMP of a key and restores it under another on both.

from randomised.compare import same
from transcripts.replies import Reply, text
from transcripts.slots import refused_by_cluster

SCAN_LIMIT = 10000
# SPOP is not run on the judge; a BITFIELD that fails may make the string longer, of which Redis tells nothing.
OTHER_EVENTS = (b"SPOP", b"BITFIELD")
MEMBER_QUERY = {b"SRANDMEMBER": b"SMISMEMBER", b"HRANDFIELD": b"HMGET", b"ZRANDMEMBER": b"ZMSCORE"}


class Pair:
    """The two servers' clients. One step at a time."""

    def __init__(self, ours, judge, judge_version, is_cluster=False):
        self.ours = ours
        self.is_cluster = is_cluster
        self.judge = judge
        self.judge_version = judge_version
        self.events = None  # where they are compared: events.py

    def both(self, *words):
        self.ours.send(*words)
        self.judge.send(*words)
        return self.ours.reply(), self.judge.reply()

    def reset(self):
        self.both(b"FLUSHALL")
        self.both(b"SELECT", b"0")
        if self.events:
            self.events.difference()

    def run(self, step):
        """Runs a step; gives None, or what differed."""
        if any(has_no_judge(self.judge_version, words) for words, _ in step):
            return None
        if self.is_cluster and any(refused_by_cluster(line(words)) for words, _ in step):
            return None
        found = self.run_commands(step)
        if not self.events:
            return found
        unheard = self.events.difference()
        if not unheard or any(words[0].upper() in OTHER_EVENTS for words, _ in step):
            return found
        return found or f"{line(step[0][0])}\n{unheard}"

    def run_commands(self, step):
        if len(step) > 1:
            return self.transaction(step)
        words, mode = step[0]
        if words[0].upper() in (b"SORT", b"SORT_RO"):
            self.judge.call(b"SCAN", b"0")  # Redis's SORT takes an errno left by an earlier command for its own: this clears it
        if words[0] == b"@RESTORE":
            return self.restore(*words[1:])
        by_chance = {"sample": self.sample, "spop": self.spop, "scan": self.scan, "key": self.random_key}
        if mode in by_chance:
            return by_chance[mode](words)
        return difference(mode, words, *self.both(*words))

    def transaction(self, step):
        found = difference("exact", [b"MULTI"], *self.both(b"MULTI"))
        for words, _ in step:
            found = found or difference("exact", words, *self.both(*words))
        ours, judge = self.both(b"EXEC")
        if found or ours.kind != "array" or judge.kind != "array" or len(ours.value) != len(judge.value):
            return found or difference("exact", [b"EXEC"], ours, judge)
        replies = zip(step, ours.value, judge.value)
        return next((d for (words, mode), one, other in replies if (d := difference(mode, words, one, other))), None)

    def restore(self, key, to):
        payload = self.judge.call(b"DUMP", key)
        if payload.kind != "string":
            return difference("exact", [b"DUMP", key], self.ours.call(b"DUMP", key), payload)
        words = [b"RESTORE", to, b"0", payload.value, b"REPLACE"]
        return difference("exact", words, *self.both(*words))

    def sample(self, words):
        ours, judge = self.both(*words)
        if ours.kind != judge.kind or ours.kind == "error":
            return difference("exact", words, ours, judge)
        if ours.kind == "nil":
            return None
        many = ours.kind == "array"
        with_values = many and len(words) > 3
        members = ours.value if many else [ours]
        if many and len(ours.value) != len(judge.value):
            return difference("exact", words, ours, judge)
        if with_values:
            nested = members and members[0].kind == "array"
            members = [pair.value[0] for pair in members] if nested else members[::2]
        names = [member.value for member in members]
        if many and not words[2].startswith(b"-") and len(set(names)) != len(names):
            return f"{line(words)}\nnot distinct: {text(ours)}"
        if not names:
            return None
        there = self.judge.call(MEMBER_QUERY[words[0].upper()], words[1], *names)
        if any(one.value in (None, 0) for one in there.value):
            return f"{line(words)}\nnot all of these are there: {text(ours)}"
        return None

    def spop(self, words):
        """The judge is only asked where nothing is taken from it."""
        ours = self.ours.call(*words)
        taken = [ours] if ours.kind == "string" else ours.value if ours.kind in ("array", "set") else []
        if not taken:
            return difference("exact", words, ours, self.judge.call(*words))
        size = self.judge.call(b"SCARD", words[1])
        wanted = min(size.value, int(words[2])) if len(words) > 2 else min(size.value, 1)
        removed = self.judge.call(b"SREM", words[1], *(member.value for member in taken))
        expected = Reply("integer", wanted)
        return difference("exact", words, Reply("integer", len(taken)), expected) or \
            difference("exact", words, removed, expected)

    def scan(self, words):
        """A spoilt cursor is only good for an error: what it means is each server's own affair."""
        at = 1 if words[0].upper() == b"SCAN" else 2
        if words[at:at + 1] != [b"0"]:
            ours, judge = self.both(*words)
            return None if ours.kind == judge.kind == "array" else difference("exact", words, ours, judge)
        return difference("set", words, self.scan_all(self.ours, words), self.scan_all(self.judge, words))

    def scan_all(self, client, words):
        """All that a walk finds, each once; of hashes and sorted sets pairs."""
        words = list(words)
        at = 1 if words[0].upper() == b"SCAN" else 2
        paired = words[0].upper() in (b"HSCAN", b"ZSCAN")
        found = {}
        for _ in range(SCAN_LIMIT):
            reply = client.call(*words)
            if reply.kind != "array":
                return reply
            cursor, items = reply.value[0], reply.value[1].value
            for item in zip(items[::2], items[1::2]) if paired else ((one, one) for one in items):
                found[item[0].value] = pair_of(words[0].upper(), *item)
            if cursor.value == b"0" or len(words) <= at:
                return Reply("array", list(found.values()))
            words[at] = cursor.value
        return Reply("error", b"the walk does not end")

    def random_key(self, words):
        ours, judge = self.both(*words)
        if ours.kind != "string":
            return difference("exact", words, ours, judge)
        there = self.judge.call(b"EXISTS", ours.value)
        return None if there.value == 1 else f"{line(words)}\nthe judge does not have {ours.value}"


def has_no_judge(version, words):
    """Whether this judge does otherwise than Redis 7.2 means to."""
    name = words[0].upper()
    if version < (7, 2, 0):
        return name in (b"ZRANK", b"ZREVRANK") and len(words) > 3 or \
            name == b"LPOS" and b"-9223372036854775808" in words
    return name == b"LSET" and len(words) > 2 and len(words[2]) > 18  # 7.2 cuts such an index to 32 bits


def pair_of(command, name, value):
    """One thing found by a walk; scores in one spelling, for Redis has several."""
    if command == b"ZSCAN":
        return Reply("array", [name, Reply("string", repr(float(value.value) + 0.0).encode())])
    return Reply("array", [name, value])


def difference(mode, words, ours, judge):
    if same(mode, ours, judge):
        return None
    return f"{line(words)}\nours:\n{shown(ours)}\njudge:\n{shown(judge)}"


def shown(reply):
    lines = text(reply).split("\n")
    return "\n".join("  " + one[:200] for one in lines[:40]) + (f"\n  … {len(lines) - 40} more" if len(lines) > 40 else "")


def line(words):
    """The command as redis-cli takes it."""
    out = []
    for word in words:
        plain = word and all(33 <= byte < 127 and byte not in b"\"'\\" for byte in word)
        out.append(word.decode() if plain else '"' + "".join(
            chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}" for byte in word) + '"')
    joined = " ".join(out)
    return joined if len(joined) < 2000 else joined[:2000] + f" … ({len(words)} words)"
