# SPDX-License-Identifier: Apache-2.0
#
# Makes a failing history short: first only what has to do with the keys concerned, then halves, quarters … are left out
# as long as the rest still fails (delta debugging), within a time limit.

import time


def related(history, start):
    """The steps that share a word with the words of the last one, directly or through others; and those on databases."""
    words = set(start)
    kept = []
    for step in reversed(history):
        for command, _ in step:
            keys = set(command[1:])
            if command[0].upper() in (b"SELECT", b"SWAPDB", b"FLUSHDB"):
                kept.append(step)
                break
            if words & keys:
                kept.append(step)
                words |= {word for word in keys if is_key(word)}
                break
    return kept[::-1]


def without_transactions(history):
    """The commands of MULTI blocks one by one, but for those that would wait then."""
    single = []
    for step in history:
        waits = any(command[0][:2].upper() in (b"BL", b"BR", b"BZ") for command, _ in step)
        single += [step] if waits else [[command] for command in step]
    return single


def is_key(word):
    return len(word) == 2 and word[:1].isalpha() and word[1:].isdigit()


def shrink(history, fails, seconds=20):
    """A shorter history for which fails(history) still holds."""
    deadline = time.monotonic() + seconds
    keys = [word for command, _ in history[-1] for word in command[1:] if is_key(word)]
    for candidate in (related(history, keys), without_transactions(history)):
        if candidate and len(candidate) != len(history) and fails(candidate):
            history = candidate
    size = len(history) // 2
    while size > 0 and time.monotonic() < deadline:
        at, before = 0, len(history)
        while at < len(history) and time.monotonic() < deadline:
            shorter = history[:at] + history[at + size:]
            if shorter and fails(shorter):
                history = shorter
            else:
                at += size
        if len(history) == before or size > 1:
            size //= 2
    return history
