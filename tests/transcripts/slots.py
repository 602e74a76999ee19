# SPDX-License-Identifier: Apache-2.0
#
# What of a transcript cannot be asked of a cluster, by the cluster's own rules: a command or a transaction whose keys lie
# in several slots, another database than 0, SORT with patterns. Such sections are found here, not marked in the files.
#
# Keys are found by the upstream itself (COMMAND GETKEYS). Commands that our server splits over the slots may have any.

import binascii
import re

from transcripts import script

SPLIT = {b"MGET", b"MSET", b"DEL", b"UNLINK", b"EXISTS", b"TOUCH"}
DATABASES = re.compile(r"(SELECT (?!0\b)|MOVE |SWAPDB |COPY .* DB )", re.IGNORECASE)
PATTERNS = re.compile(r"(SORT|SORT_RO) .*\b(BY \S*\*|GET \S)", re.IGNORECASE)
CHANNELS = {b"SSUBSCRIBE", b"SUNSUBSCRIBE", b"SPUBLISH"}
ENDS = {b"EXEC", b"DISCARD", b"UNWATCH", b"RESET"}


def slot_of(key):
    tag = re.match(rb"[^{]*\{([^}]+)\}", key)
    return binascii.crc_hqx(tag[1] if tag else key, 0) % 16384


def refused_by_cluster(command):
    """Whether this line, as redis-cli takes it, is nothing for a cluster, wherever its keys are."""
    return bool(DATABASES.match(command) or PATTERNS.match(command))


class Slots:
    """Says which sections need what a cluster does not have. `client`: a connection to a node."""

    def __init__(self, client):
        self.client = client
        self.known = {}

    def refused(self, section, prefix=b""):
        """Why a cluster refuses it; None if it does not."""
        open_blocks = {}  # client -> the slots of its WATCH and MULTI
        for step in section.steps:
            if step.action != "send":
                continue
            if refused_by_cluster(step.text):
                return f"line {step.line}: databases, or SORT with patterns"
            words = words_of(step.text)
            name = words[0].upper() if words else b""
            slots = {slot_of(prefix + key) for key in self.keys(words)}
            if name in (b"MULTI", b"WATCH") and step.client not in open_blocks:
                open_blocks[step.client] = set()
            together = open_blocks.get(step.client)
            if together is not None:
                together |= slots
            if len(slots) > 1 and name not in SPLIT or together and len(together) > 1:
                return f"line {step.line}: several slots"
            if name in ENDS:
                open_blocks.pop(step.client, None)
        return None

    def keys(self, words):
        name = words[0].upper() if words else b""
        if name in CHANNELS:
            return words[1:2] if name == b"SPUBLISH" else words[1:]
        if name == b"SCRIPT" and len(words) > 3 and words[1].upper() == b"RUN" and words[3].isdigit():
            return words[4:4 + int(words[3])]
        asked = tuple(words)
        if asked not in self.known:
            reply = self.client.call(b"COMMAND", b"GETKEYS", *words) if words else None
            is_list = reply is not None and reply.kind == "array"
            self.known[asked] = [each.value for each in reply.value] if is_list else []
        return self.known[asked]


def words_of(text):
    try:
        return script.split_words(script.expand(text, lambda: 0))
    except ValueError:
        return []
