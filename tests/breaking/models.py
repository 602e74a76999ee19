# SPDX-License-Identifier: Apache-2.0
#
# What a key may hold, as its only client knows it. A write that was neither acknowledged nor surely refused is in doubt:
# it has been executed or not, or will be yet, where an upstream that stood still goes on with what lay in its socket.
# After DOUBT seconds it can no longer come to pass.

import time

from breaking.world import Wrong

DOUBT = 15.0


class Register:
    """A key that is only ever SET, to a new value each time."""

    def __init__(self, key):
        self.key = key
        self.value = None
        self.doubtful = []  # (value, until)

    def acknowledged(self, value):
        self.value = value

    def in_doubt(self, value):
        self.doubtful.append((value, time.monotonic() + DOUBT))

    def read(self, value):
        now = time.monotonic()
        self.doubtful = [each for each in self.doubtful if each[1] > now]
        if value == self.value:
            return
        if value not in [each for each, _ in self.doubtful]:
            raise Wrong(f"{self.key} holds {short(value)}, not {short(self.value)}; "
                        f"in doubt are {[short(each) for each, _ in self.doubtful]}")
        self.value = value
        self.doubtful = [each for each in self.doubtful if each[0] != value]


class Counter:
    """A key that is only ever counted up by one."""

    def __init__(self, key):
        self.key = key
        self.count = 0
        self.doubtful = []  # until when each may come to pass

    def in_doubt(self):
        self.doubtful.append(time.monotonic() + DOUBT)

    def counted(self, count):
        """INCR gave this."""
        self.read(count - 1)
        self.count = count

    def read(self, count):
        now = time.monotonic()
        self.doubtful = [until for until in self.doubtful if until > now]
        extra = count - self.count
        if not 0 <= extra <= len(self.doubtful):
            raise Wrong(f"{self.key} was {self.count} with {len(self.doubtful)} in doubt, and is now {count}")
        del self.doubtful[:extra]
        self.count = count


def short(value):
    return "nothing" if value is None else repr(value[:40]) + (f" ({len(value)} bytes)" if len(value) > 40 else "")
