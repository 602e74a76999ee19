# SPDX-License-Identifier: Apache-2.0
#
# Writes the replies of the judge into a transcript (transcript.py --update).
#
# One block is written where RESP2 follows from RESP3 by the rules in replies.py, else two. Steps that already match,
# or hold a pattern, stay as they are.

from transcripts.replies import AGGREGATES, Reply, Rules, all_match, texts


def updated_lines(parsed, seen):
    """The file's lines with the replies that were seen, `seen` by step line, then protocol version."""
    lines = list(parsed.lines)
    steps = [step for section in parsed.sections for step in section.steps if step.line in seen]
    for step in reversed(steps):
        if step.has_patterns():
            continue
        by_version = seen[step.line]
        unordered = "unordered" in step.directives
        if all(step.wants(resp) is not None and all_match(step.wants(resp), got, Rules(resp, unordered))
               for resp, got in by_version.values()):
            continue
        lines[step.line:step.end] = new_block(by_version, unordered)
    return lines


def new_block(by_version, unordered):
    if 2 not in by_version or 3 not in by_version:
        return texts(next(iter(by_version.values()))[1]).split("\n")
    (old_resp, old), (new_resp, new) = by_version[2], by_version[3]
    if len(old) == len(new):
        both = [merged(*pair) for pair in zip(new, old)]
        if old_resp == new_resp or all_match(both, old, Rules(2, unordered)):
            return texts(both).split("\n")
    doubles = set(doubles_in(Reply("array", new)))
    old = with_doubles(Reply("array", old), doubles).value
    return ["resp2:"] + texts(old).split("\n") + ["resp3:"] + texts(new).split("\n")


def doubles_in(reply):
    if reply.kind == "double":
        yield reply.value
    for item in reply.value if reply.kind in AGGREGATES else ():
        for part in item if isinstance(item, tuple) else (item,):
            yield from doubles_in(part)


def with_doubles(reply, doubles):
    """The RESP2 reply, with the strings marked that are doubles in RESP3: an older judge prints them otherwise."""
    if reply.kind == "string" and reply.value in doubles:
        return Reply("double", reply.value)
    if reply.kind == "array":
        return Reply("array", [with_doubles(item, doubles) for item in reply.value])
    return reply


def merged(new, old):
    """The RESP3 reply, with RESP2's distinction between the two kinds of null."""
    if new.kind == "nil" and old.kind == "nil array":
        return old
    if new.kind not in AGGREGATES or old.kind != "array":
        return new
    if new.kind == "map":
        if len(old.value) != 2 * len(new.value):
            return new
        pairs = zip(old.value[::2], old.value[1::2])
        return Reply("map", [(merged(key, k), merged(value, v)) for (key, value), (k, v) in zip(new.value, pairs)])
    if len(new.value) != len(old.value):
        return new
    return Reply(new.kind, [merged(*pair) for pair in zip(new.value, old.value)])
